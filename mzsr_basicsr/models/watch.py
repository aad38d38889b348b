"""Divergence, said before it is NaN: a loss far above where it began, an adaptation that makes things worse."""

import math
from collections import OrderedDict, deque
from typing import Any

from torch import Tensor

from mzsr_basicsr.meta import StepReport

_ONCE, _ON_AVERAGE = 10.0, 3.0  # how many times the reference is too much
_FIRST, _RECENT = 10, 20  # iterations that make the reference, and the average


class Watch:
    """Compare a training's losses with where they began, and its adaptations with where each of them began.

    It warns of each at most once for every doubling.
    """

    def __init__(self) -> None:
        self._began: list[float] = []
        self._warned = {"loss": 0.0, "adaptation": 0.0}
        self._recent: dict[str, deque[float]] = {name: deque(maxlen=_RECENT) for name in self._warned}

    def note(self, losses: dict[str, float], lower: str, lower_inner: str) -> list[str]:
        """Take the losses of one iteration, and say what has gone wrong.

        Args:
            losses: `l_meta`, `l_query`, and where there are inner steps `l_support_first`, `l_support_last`.
            lower: the options to lower where the outer loop diverges.
            lower_inner: where the inner loop does.

        Returns:
            Lines for the log, mostly none.
        """
        lines = []
        if "l_support_first" in losses:
            before, after = losses["l_support_first"], max(losses["l_support_last"], losses["l_query"])
            if self._far("adaptation", after, before):
                lines.append(
                    f"adaptation raises the loss of a task from {before:.1e} to {after:.1e}; lower {lower_inner}"
                )
        began = sum(self._began) / len(self._began) if self._began else losses["l_meta"]
        if self._far("loss", losses["l_meta"], began):
            lines.append(f"the loss is {losses['l_meta']:.1e}, at the start it was {began:.1e}; lower {lower}")
        if len(self._began) < _FIRST and math.isfinite(losses["l_meta"]):
            self._began.append(losses["l_meta"])
        return lines

    def _far(self, name: str, now: float, reference: float) -> bool:
        """Note how many times its reference a value is; tell whether that is new and too much."""
        ratio = now / reference if reference > 0 else 1.0
        recent = self._recent[name]
        recent.append(ratio)
        average = sum(recent) / len(recent) if len(recent) == _RECENT else 0.0
        level = max(ratio if ratio > _ONCE else 0.0, average if average > _ON_AVERAGE else 0.0)
        if level <= 2 * self._warned[name]:
            return False
        self._warned[name] = level
        return True

    def state(self) -> dict[str, Any]:
        """Give what a resumed training must know."""
        recent = {name: list(values) for name, values in self._recent.items()}
        return {"began": list(self._began), "warned": dict(self._warned), "recent": recent}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._began, self._warned = list(state["began"]), dict(state["warned"])
        for name, values in state["recent"].items():
            self._recent[name].extend(values)


def named_losses(report: StepReport) -> "OrderedDict[str, Tensor]":
    """Name the losses of a meta-batch for the log: `l_*` goes to tensorboard's losses/."""
    losses = OrderedDict(l_meta=report.meta.mean(), l_query=report.query.mean())
    if report.support.shape[1]:
        losses["l_support_first"] = report.support[:, 0].mean()
        losses["l_support_last"] = report.support[:, -1].mean()
    return losses


def fell(scores: dict[str, float], dearest: float = 1.0) -> tuple[str, float, str, float] | None:
    """Find a PSNR that adaptation has brought far below its start.

    Args:
        scores: PSNR in dB by number of updates, and maybe of others.
        dearest: the loss in dB that is still no reason to warn.

    Returns:
        The updates of the start and its PSNR, then those of the worst result, or None.
    """
    found = {int(name): value for name, value in scores.items() if name.isdigit()}
    if len(found) < 2:
        return None
    first, worst = min(found), min(found, key=lambda updates: found[updates])
    if not found[worst] < found[first] - dearest:
        return None
    return str(first), found[first], str(worst), found[worst]
