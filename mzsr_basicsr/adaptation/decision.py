"""Is an adaptation worth keeping? What the exam promises must be more than what it may be wrong by.

The bounds were set by `benchmarks/safety.py` on photographs and graphics, see docs/results.md: where the kernel lets
much alias, the picture that the exam's questions are made of lacks what is to be learned, and small promises are
often wrong.
"""

import math

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.signals.copies import aliasing

SOFT = 0.05  # dB, least promise for a kernel that leaves nothing to alias
HARD = 0.7  # dB, for one that hardly blurs


def promised(marks: list[float]) -> float:
    """Give the gain that the best mark so far promises, dB: 20 log10 of the first mark over it; 0 where none is."""
    sound = [mark for mark in marks if math.isfinite(mark)]
    if not sound or not math.isfinite(marks[0]) or min(sound) >= marks[0]:
        return 0.0
    return 20 * math.log10(marks[0] / max(min(sound), 1e-9))


def least_promise(degradation: Degradation) -> float:
    """Give the promise, dB, from which an adaptation is kept."""
    return SOFT + aliasing(degradation) * (HARD - SOFT)
