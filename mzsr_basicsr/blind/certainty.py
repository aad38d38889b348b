"""How sure an estimated kernel is: a calibrated share, from what KernelNet says of itself.

KernelNet's stated precision is of the covariance's logarithm, which no user can judge. What counts is the result: the
confidence is the share of images, among those for which KernelNet says the like, whose result by the estimate is no
more than `BOUND` dB below the one by bicubic subsampling alone. benchmarks/blind_reliability.py fits and draws it.
"""

import math

from mzsr_basicsr.blind.reader import Reading

BOUND = 0.05  # dB
TRUSTED = 0.7  # below it an image is taken for plainly reduced, unless one says that it was not
CONSTANTS = (1.073, -0.109, 0.713, 0.575, 0.687)  # of a logistic regression: constant, a factor for each of `features`


def confidence_of(given: list[float]) -> float:
    """Give the confidence, 0 to 1, of what `features` gives."""
    constant, *factors = CONSTANTS
    return 1 / (1 + math.exp(-constant - sum(f * x for f, x in zip(factors, given, strict=True))))


def features(reading: Reading, evidence: float) -> list[float]:
    """Give what the confidence depends on.

    Args:
        reading: what KernelNet says.
        evidence: of a disk or a motion over a Gaussian, see `families.Found`.

    Returns:
        The precision, how many of the votes are for plain families, how wide the blur is, and the evidence.
    """
    plain = reading.families["gaussian"] + reading.families["disk"] + reading.families["motion"]
    wide = float(reading.logarithm[:2].mean())
    return [reading.precision, math.log(plain / (1 - plain + 1e-6)), wide, min(evidence, 5.0)]
