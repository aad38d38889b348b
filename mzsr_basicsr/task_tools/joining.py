"""Networks of two domains in one weights file: the second takes the place of the first where an image is of its own."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.meta.starts import Domains, View
from mzsr_basicsr.task_tools.clustering import centres_of
from mzsr_basicsr.weights.average import Source
from mzsr_basicsr.weights.judging import ValidationTask
from mzsr_basicsr.weights.learner import learner_as_plain
from mzsr_basicsr.weights.pretrained import load_pretrained

TESTED = 4  # of so many tasks one tests the centres that are found among the others
JOINED = "joined"  # key of `about`: names and checksums of both files


class Choice(NamedTuple):
    """How it is chosen: centres of either domain, what an image's commonest levels must fill, and k-means' seed."""

    centres: int = 8
    least: float = 0.15
    seed: int = 0


class Joined(NamedTuple):
    """The content of the file that was made, and the shares of either domain's tasks that are taken for the other's."""

    content: dict[str, Any]
    wrong: tuple[float, float]


def check_pair(base: Source, other: Source) -> None:
    """Refuse files that cannot be joined.

    Raises:
        WeightsError: they are not of one network and scale, or have meta-learners of their own. Another domain that the
            first was joined with before is left out.
    """
    mine, theirs = (source.content["about"] for source in (base, other))
    if (mine["network_g"], mine["scale"]) != (theirs["network_g"], theirs["scale"]):
        raise WeightsError(f"{other.path}: of another network or scale than {base.path}; join files of one network")
    for source in (base, other):
        learner = source.content["about"].get("learner")
        if learner is not None and (source is other or learner.get("start") != "domains"):
            raise WeightsError(f"{source.path}: has a meta-learner of its own; join files without one")


def join(
    pair: tuple[Source, Source],
    examples: tuple[Sequence[ValidationTask], Sequence[ValidationTask]],
    embedding: TaskEmbedding,
    choice: Choice,
) -> Joined:
    """Join two weights files; what the first says of itself, and how it is adapted, holds for both.

    Args:
        pair: files that `check_pair` has passed; the first is for the domain that most images are of.
        examples: tasks of the one domain, and of the other.
        embedding: tells tasks apart.
        choice: see `Choice`.
    """
    base = pair[0]
    network, theirs = (load_pretrained(source.path).network for source in pair)
    start = Domains(network, embedding, 1, 2 * choice.centres)
    _find_centres(start, examples, choice)
    own, others = (dict(one.named_parameters()) for one in (network, theirs))
    for name, part in zip(start.names, start.added, strict=True):
        part.data.copy_((others[name] - own[name]).detach()[None])
    learner = MetaLearner(network, start)
    origin = [{"file": source.path.replace("\\", "/").rpartition("/")[2], "sha256": source.sha256} for source in pair]
    about = {**base.content["about"], "learner": learner_as_plain(learner), JOINED: origin}
    meta = {name: value.detach().clone() for name, value in learner.state_dict().items()}
    wrong = [_wrong(start, some[::TESTED], domain) for domain, some in enumerate(examples)]
    return Joined({**base.content, "meta": meta, "about": about}, (wrong[0], wrong[1]))


def _find_centres(start: Domains, examples: Sequence[Sequence[ValidationTask]], choice: Choice) -> None:
    found = []
    for tasks in examples:
        learned = [start.code(_view(task)) for number, task in enumerate(tasks) if number % TESTED]
        found.append(centres_of(torch.stack(learned), choice.centres, choice.seed))
    start.centres.copy_(torch.cat(found))
    start.owners[choice.centres :] = 1
    start.least.fill_(choice.least)


def _view(task: ValidationTask) -> View:
    return View(task.lq, task.degradation)


def _wrong(start: Domains, tasks: Sequence[ValidationTask], domain: int) -> float:
    """Give the share of tasks that are not taken for their own domain."""
    return sum(start.chosen(_view(task)) != domain for task in tasks) / len(tasks)
