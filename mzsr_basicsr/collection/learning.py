"""The weights' way: small steps, their moving average, and the best of it so far by the held-out pictures."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from mzsr_basicsr.collection.lessons import Judge, Teacher, gain, loss_and_slope, none_worse
from mzsr_basicsr.collection.survey import Member
from mzsr_basicsr.meta.rules import orthogonal
from mzsr_basicsr.meta.task import Params

RATE = 1e-3  # of orthogonal steps; a fourth of what one image is adapted by
KEEP = 0.98  # of the moving average, a step; its weights are what is judged and kept
EVERY = 25  # steps between judgements
LEAST = 0.2  # dB; what promises less is not kept: over fifteen pictures its worst cost 0.4 dB, and its best gained 0.01
PATIENCE = 20  # judgements in a row without better ones, after which nothing more is expected
STALLED, DIVERGED = "held-out loss stopped falling", "the loss is not finite any more"


@dataclass(frozen=True, eq=False)
class Way:
    """Where the learning stands; nothing in it is changed.

    Attributes:
        step: made so far.
        params: by the steps.
        average: of them.
        rule: what the rule remembers.
        best: the average that serves the held-out pictures best, by `LEAST` and none of them worse than at first.
        kept: after how many steps that was; 0 for the start.
        history: (step, held-out loss of each picture) of all judgements.
        ended: why no more steps are worth making; empty while some are.
    """

    step: int
    params: Params
    average: Params
    rule: dict[str, Any]
    best: Params
    kept: int = 0
    history: tuple[tuple[int, tuple[float, ...]], ...] = ()
    ended: str = ""

    @property
    def gains(self) -> list[float]:
        """What each judgement promises over the first, dB."""
        return [gain(marks, self.history[0][1]) for _, marks in self.history]

    @property
    def promised(self) -> float:
        """What the best promises, dB."""
        return next((g for (step, _), g in zip(self.history, self.gains, strict=True) if step == self.kept), 0.0)


def first_of(start: Params, judge: Judge) -> Way:
    """Begin, with the judgement of the start."""
    return Way(0, start, start, {}, start, history=((0, judge.marks(start)),))


def learned(way: Way, teacher: Teacher, members: Sequence[Member], judge: Judge) -> Iterator[Way]:
    """Go on from where it stands, and yield where it stands after each step, until nothing more is expected."""
    while not way.ended:
        way = _stepped(way, teacher, members)
        if way.step % EVERY == 0 and not way.ended:
            way = _judged(way, judge)
        yield way


def _stepped(way: Way, teacher: Teacher, members: Sequence[Member]) -> Way:
    loss, slope = loss_and_slope(teacher.lesson(way.step, members), way.params)
    if not math.isfinite(loss) or not all(bool(part.isfinite().all()) for part in slope):
        return replace(way, ended=DIVERGED)
    rule = dict(way.rule)
    moves = dict(zip(way.params, orthogonal(slope, rule), strict=True))
    params = {name: value - RATE * moves[name] for name, value in way.params.items()}
    average = {name: value.lerp(params[name], 1 - KEEP) for name, value in way.average.items()}
    return replace(way, step=way.step + 1, params=params, average=average, rule=rule)


def _judged(way: Way, judge: Judge) -> Way:
    marks, first = judge.marks(way.average), way.history[0][1]
    history = (*way.history, (way.step, marks))
    promise = gain(marks, first)
    if none_worse(marks, first) and promise > way.promised and promise >= LEAST:  # never true of NaN
        return replace(way, best=_detached(way.average), kept=way.step, history=history)
    ended = STALLED if way.step - way.kept >= PATIENCE * EVERY else ""
    return replace(way, history=history, ended=ended)


def _detached(params: Params) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in params.items()}
