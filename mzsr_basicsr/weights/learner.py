"""A meta-learner in a weights file: what it is built again from under `about`, its tensors under `meta`."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct
from torch import Tensor, nn

from mzsr_basicsr.errors import ConfigError, WeightsError
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.meta.lstm import LSTMRule
from mzsr_basicsr.meta.scopes import SCOPES
from mzsr_basicsr.meta.starts import STARTS

_MOST = 10_000  # of any size that a file may ask for


class _Plain(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`about.learner`."""

    start: str = "shared"
    start_arguments: dict[str, int] = {}
    embedding: dict[str, int] | None = None
    scope: str | list[str] = "all"
    rule: Literal["", "lstm"] = ""
    hidden: int = 8


def learner_as_plain(learner: MetaLearner) -> dict[str, Any] | None:
    """Give what a file can hold that loads with `weights_only=True`; None where every network would do the same."""
    start, rule = learner.start, learner.rule
    if learner.plain and not learner.own():
        return None
    name = next(name for name, kind in STARTS.items() if type(start) is kind)
    return {
        "start": name,
        "start_arguments": start.arguments(),
        "embedding": None if start.embedding is None else dict(start.embedding.arguments),
        "scope": learner.scope if isinstance(learner.scope, str) else list(learner.scope),
        **({"rule": "lstm", "hidden": rule.hidden} if isinstance(rule, LSTMRule) else {}),
    }


def learner_of(content: Mapping[str, Any], network: nn.Module, path: str) -> MetaLearner | None:
    """Build the meta-learner of a weights file again; None for files that have none of their own.

    Args:
        content: of the file.
        network: whose it is.
        path: of the file, for messages.

    Raises:
        WeightsError: it is damaged, of another network, or one that is not registered.
    """
    about = content.get("about")
    plain = about.get("learner") if isinstance(about, Mapping) else None
    if plain is None:
        return None
    try:
        record = msgspec.convert(plain, _Plain)
        if record.start not in STARTS or (isinstance(record.scope, str) and record.scope not in SCOPES):
            unknown = record.start if record.start not in STARTS else record.scope
            raise WeightsError(
                f"{path}: its meta-learner {unknown!r} is not registered; import the module that registers it"
            )
        learner = _built(record, network)
        learner.load_state_dict(_state(content), strict=True)
    except WeightsError:
        raise
    except (msgspec.ValidationError, ConfigError, RuntimeError, TypeError, ValueError) as error:
        line = str(error).strip().splitlines()[0]
        raise WeightsError(f"{path}: its meta-learner does not fit its network ({line}); replace the file") from None
    return learner.eval()


def _built(record: _Plain, network: nn.Module) -> MetaLearner:
    sizes = [record.hidden, *record.start_arguments.values(), *(record.embedding or {}).values()]
    if not all(0 < size <= _MOST for size in sizes):
        raise ValueError(f"a size of {max(sizes)} or below 1")
    embedding = None if record.embedding is None else TaskEmbedding(**record.embedding)
    start = STARTS[record.start](network, embedding, **record.start_arguments)
    rule = LSTMRule(record.hidden) if record.rule == "lstm" else "gradient"
    first = next(network.parameters())
    return MetaLearner(network, start, record.scope, rule).to(first)


def _state(content: Mapping[str, Any]) -> dict[str, Tensor]:
    state = content.get("meta")
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError("`meta` is missing")
    return dict(state)
