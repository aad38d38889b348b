"""ZSSR's learning rate (its paper, section 3.2): lowered where a line through the reconstruction error stays level."""

import math
from collections.abc import Sequence

import numpy as np


class RateRule:
    """The rate of an image's training: divided by ten where the reconstruction error stands still.

    Args:
        rate: to start from.
        window: updates a line is fitted over, and at least between two changes.
        steadiness: the rate is lowered where the standard error of the line's slope is above so many times its fall.
    """

    def __init__(self, rate: float, window: int, steadiness: float) -> None:
        self.rate = rate
        self._window = window
        self._steadiness = steadiness
        self._errors: list[tuple[int, float]] = []  # (update, error)
        self._changed = 0

    def note(self, update: int, error: float) -> None:
        """Take the reconstruction error (mean squared) after an update."""
        self._errors.append((update, error))

    def lower(self, update: int) -> bool:
        """Divide the rate by ten if it is time to; tell whether it was."""
        recent = [(u, e) for u, e in self._errors if u > update - self._window]
        if update - self._changed < self._window or not stands_still(recent, self._steadiness):
            return False
        self.rate /= 10
        self._changed = update
        return True


def stands_still(errors: Sequence[tuple[float, float]], steadiness: float) -> bool:
    """Tell whether a least-squares line through (update, error) falls by less than its slope is sure of.

    Args:
        errors: at least three points; with fewer nothing is told.
        steadiness: factor on the fall, see `RateRule`.
    """
    if len(errors) < 3:
        return False
    x, y = np.array(errors, dtype=np.float64).T
    x = x - x.mean()
    slope = float(x @ y / (x @ x))
    rest = y - y.mean() - slope * x
    deviation = math.sqrt(float(rest @ rest) / (len(x) - 2) / float(x @ x))
    return deviation >= -steadiness * slope
