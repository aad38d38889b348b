"""The part of an image that is held out examines a network: the same questions after every update."""

from dataclasses import replace

import torch

from mzsr_basicsr.meta.task import Params
from mzsr_basicsr.signals import Scene, SignalSettings, lessons_of
from mzsr_basicsr.signals.view import focused

DRAWS = 2  # lessons of a signal that draws them
CROP = 64  # LR px, side of what one of them looks at, at most
FIRST = 1_000_000  # their number, far from those that are learned from


class Exam:
    """Lessons on what is held out; they and the estimate they are made from stay those of the start.

    Args:
        scene: its mask leaves what is held out.
        signal: what is learned from, elsewhere.
        start: the parameters before any update.
    """

    def __init__(self, scene: Scene, signal: SignalSettings, start: Params) -> None:
        draws = DRAWS if signal.wavers else 1
        scene = focused(scene) if signal.wavers else scene  # the rest of the image would cost much
        lessons = lessons_of(scene, replace(signal, refresh=0, crop=CROP))
        self._questions = [lessons(FIRST + draw, start) for draw in range(draws)]
        self.marks: list[float] = []

    def sit(self, params: Params) -> float:
        """Add the mean loss of some parameters to the marks: the lower, the better."""
        self.marks.append(self.mark(params))
        return self.marks[-1]

    def mark(self, params: Params) -> float:
        """Give the mean loss of some parameters."""
        with torch.no_grad():
            return sum(float(loss(params)) for loss in self._questions) / len(self._questions)
