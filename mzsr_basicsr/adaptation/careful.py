"""Careful adaptation: a part of the image is held out, and decides which parameters are kept.

What adaptation learns on the rest of the image must hold for the part it has not seen. If every update makes that
part worse, as can happen with noise, JPEG artefacts or a wrong kernel, the network stays as it was.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.adaptation.beginning import Beginning, choose_beginning, with_gains_of
from mzsr_basicsr.adaptation.clock import seconds_now
from mzsr_basicsr.adaptation.decision import least_promise, promised
from mzsr_basicsr.adaptation.descent import begin, begun_in_words, follow, scene_of
from mzsr_basicsr.adaptation.exam import Exam
from mzsr_basicsr.adaptation.limits import ALL_MADE, Limits
from mzsr_basicsr.adaptation.lively import slope
from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.sound import diverged
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.modulation import folded
from mzsr_basicsr.meta.task import Params
from mzsr_basicsr.signals import Scene, lessons_of

BUDGET = 2**17  # LR px that one update looks at, at most
CROP = 192  # LR px, side of the parts that stand for a larger image
SMALLEST = 24  # LR px; below it a son is too small to learn from
DIVERGED = "diverged"  # why no more updates were made
GRID = 3  # the held-out part of a whole image is one cell of a 3x3 grid


@dataclass(frozen=True)
class Adapted:
    """Adapted parameters, and how adaptation went.

    Attributes:
        params: name -> tensor.
        losses: the signal's loss before each update and after the last, on what was learned from; it ends where a loss
            is not finite any more.
        held_out: the same on what was held out.
        kept: after how many updates the parameters were taken; 0 if adaptation was rolled back.
        diverged: the last losses are not finite, or far above the first.
        stopped: why no more updates were made, in words; empty where none was wanted or possible.
        began: where it started and what moved, in words; empty where that is all of the network's own.
        beginning: the parameters there, a memory's maybe; None where no update was wanted or possible.

    `predicted` is the gain that the held-out part promises, dB.
    """

    params: Params
    losses: list[float]
    held_out: list[float]
    kept: int
    diverged: bool = False
    stopped: str = ""
    began: str = ""
    beginning: Beginning | None = None

    @property
    def predicted(self) -> float:
        """Give the promised gain, dB; 0 where nothing was held out or nothing improved."""
        return promised(self.held_out if self.beginning is None else self.beginning.marks(self.held_out))

    @property
    def recalled(self) -> bool:
        """Whether what was taken came from a memory."""
        return self.beginning is not None and self.beginning.recalled(self.kept)


def adapt_carefully(
    network: nn.Module,
    images: Tensor,
    degradation: Degradation,
    settings: Settings,
    parts: int = 1,
    limits: Limits | None = None,
    strategy: Tensor | None = None,
) -> Adapted:
    """Adapt to an image or to parts of it, and keep what the held-out part speaks for; see `careful_steps`.

    Args:
        network: left as it was found.
        images: (parts * bands, C, h, w) in [0, 1], all bands of the first part, then of the next.
        degradation: how the images are thought to have been made.
        settings: see `Settings`; the largest of `updates` is made, `early_stop` is not used.
        parts: how many parts of the image are given. Of several the third is held out (of two, the second), of one a
            cell of a 3x3 grid.
        limits: what ends it before the last update; None for nothing.
        strategy: see `careful_steps`; with one, the held-out part is asked without updates too.
    """
    scene = scene_of(network, images, degradation, settings, degradation)
    if min(images.shape[-2:]) < SMALLEST or (max(settings.updates) == 0 and strategy is None):
        begun = begin(scene, settings)
        return Adapted(folded(begun), [], [], 0, began=begun_in_words(scene, settings, begun))
    losses: list[float] = []
    began = ""
    limits, since = limits or Limits(), seconds_now(images.device)
    for step in careful_steps(scene, settings, parts, strategy):
        began = began or begun_in_words(scene, settings, step.beginning.own)
        if not math.isfinite(step.loss + step.marks[-1]):
            marks, losses = step.marks[: len(losses)], losses or [step.loss]
            return Adapted(step.best, losses, marks, step.kept, True, DIVERGED, began, step.beginning)
        losses.append(step.loss)
        last = len(losses) > max(settings.updates)
        stopped = ALL_MADE if last else limits.reason(step.marks, seconds_now(images.device) - since)
        if stopped:
            break
    far, why = diverged(losses[-1], losses[0], images), (stopped or "") if max(settings.updates) else ""
    return Adapted(step.best, losses, step.marks, step.kept, far, why, began, step.beginning)


@dataclass(frozen=True)
class Step:
    """Where careful adaptation stands after some updates.

    Attributes:
        best: the parameters to keep so far.
        kept: after how many updates they were.
        loss: the signal's, at the present parameters.
        marks: the held-out loss before each update and after the last.
        beginning: where it began.
    """

    best: Params
    kept: int
    loss: float
    marks: list[float]
    beginning: Beginning


def careful_steps(scene: Scene, settings: Settings, parts: int = 1, strategy: Tensor | None = None) -> Iterator[Step]:
    """Adapt to what is not held out, and yield what to keep after 0, 1, 2, … updates.

    Of the son, whose loss hardly wavers, that is what serves the held-out part best. Of other signals it is the last,
    as soon as the best mark promises enough; see `decision`. A memory's strategy is followed first where the held-out
    part is served better so; updates must then serve it better still, and the promise is over the network without it.

    Args:
        scene: without a mask.
        settings: see `Settings`; the largest of `updates` is made, `early_stop` is not used.
        parts: see `adapt_carefully`.
        strategy: (width,), see `meta.store`; None for none.
    """
    begun, by_promise = begin(scene, settings), settings.manner.signal.wavers
    own = folded(begun)
    least = least_promise(scene.degradation) if by_promise else 0.0
    held_out = _held_out(scene.lq, parts)
    lessons = lessons_of(replace(scene, learned=~held_out), settings.manner.signal)
    exam = Exam(replace(scene, learned=held_out), settings.manner.signal, own)
    chosen = choose_beginning(exam, own, strategy, least)
    start = begun if chosen.start is own else with_gains_of(chosen.start, begun)
    best: Params = chosen.safe
    kept, first = 0, math.inf
    for update, (params, loss) in enumerate(follow(lessons, start, replace(settings, early_stop=0))):
        first = loss if update == 0 else first
        better = exam.sit(params) < exam.marks[kept]  # never true of NaN
        if by_promise and update:
            sound = math.isfinite(exam.marks[-1]) and not diverged(loss, first, scene.lq)
            served = chosen.start is own or promised(exam.marks) > 0
            better = sound and served and promised(chosen.marks(exam.marks)) >= least
            best, kept = chosen.safe, 0
        if better:
            best, kept = params, update
        yield Step(best, kept, loss, list(exam.marks), chosen)


def _held_out(images: Tensor, parts: int) -> Tensor:
    """Choose the pixels that are held out: (n, 1, h, w), True there."""
    count, _, height, width = images.shape
    mask = torch.zeros(count, 1, height, width, dtype=torch.bool, device=images.device)
    if parts > 1:
        mask.unflatten(0, (parts, -1))[min(2, parts - 1)] = True
        return mask
    energy = F.adaptive_avg_pool2d(slope(images).mean(0, keepdim=True), GRID).flatten()
    cell = int(energy.argsort()[len(energy) // 2])  # neither the dullest nor the liveliest part
    top, left = height * (cell // GRID) // GRID, width * (cell % GRID) // GRID
    mask[..., top : top + height // GRID, left : left + width // GRID] = True
    return mask
