"""Which family a blur is of, and its extents: KernelNet's guess, refined and judged by the image's power spectrum."""

import math
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from mzsr_basicsr.blind.reader import Reading
from mzsr_basicsr.blind.spectrum import Spectrum
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.shapes import disk_kernel, motion_kernel

WEIGHT = 20.0  # of the spectrum's mean logarithm beside the logarithm of votes; its frequencies are not independent
POSSIBLE = 0.08  # share of the votes below which a disk or a motion is not tried
POSSIBLE_DIRECT = 0.35  # the same of a motion beside direct subsampling, where stripes and noise mislead
SUSPECTED = 0.03  # the same of earlier enlargement
NARROW = -1.2  # mean logarithm of the variances (`spread.log_covariance`) below which no zero of a disk can be seen
CLEARLY = 0.5  # a logarithm, beyond which an image was enlarged before
_FACTORS = (1.3, 1.4, 1.5, 1.6, 1.75, 1.9, 2.0, 2.1, 2.3, 2.5, 2.75, 3.0, 3.25, 3.5)
_RADII = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35)  # times the guess, then times what is best of them
_LENGTHS = (0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25)
_TURNS = (-30, -20, -10, 0, 10, 20, 30)  # degrees from the guess
_FINER = (0.94, 1.0, 1.06)
_SHORTEST, _LONGEST = 1.0, 40.0  # px of a kernel, from end to end


Score = Callable[[Tensor], float]


class Found(NamedTuple):
    """What a blur is.

    Attributes:
        family: "gaussian", "disk", "motion" or "free".
        kernel: (k, k) float64.
        evidence: how much better it is than a Gaussian, a logarithm.
        enlarged: the image seems to have been enlarged by interpolation instead.
    """

    family: str
    kernel: Tensor
    evidence: float
    enlarged: bool = False


def judge(reading: Reading, gaussian: Tensor, spectrum: Spectrum, scale: int, subsampling: str) -> Found:
    """Choose among a Gaussian, a disk and a motion.

    Args:
        reading: what KernelNet says.
        gaussian: (k, k), the kernel if it is a Gaussian.
        spectrum: of the image.
        scale: HR over LR.
        subsampling: how the image is thought to have lost its pixels.
    """
    votes = reading.families

    def score(kernel: Tensor) -> float:
        return WEIGHT * spectrum.likelihood(Degradation(kernel, scale, subsampling))

    plain = score(gaussian) + math.log(votes["gaussian"] + votes["free"] / 2)
    best = Found("gaussian", gaussian, 0.0)
    tried = {"disk": _best_disk, "motion": _best_motion}
    possible = {"disk": POSSIBLE, "motion": POSSIBLE_DIRECT if subsampling == "direct" else POSSIBLE}
    for name, search in tried.items():
        if votes[name] > possible[name] and float(reading.logarithm[:2].mean()) > NARROW:
            kernel = search(reading, scale, score)
            evidence = score(kernel) + math.log(votes[name]) - plain
            best = max(best, Found(name, kernel, evidence), key=lambda found: found.evidence)
    if votes["enlarged"] <= SUSPECTED:
        return best
    ways = [spectrum.enlarged_likelihood(factor, linear) for factor in _FACTORS for linear in (False, True)]
    evidence = WEIGHT * max(ways) - score(best.kernel) + math.log(votes["enlarged"])
    return best._replace(enlarged=evidence > CLEARLY)


def _best_disk(reading: Reading, scale: int, score: Score) -> Tensor:
    kernels = [disk_kernel(_within(reading.radius * scale * factor, 2)) for factor in _RADII]
    return max(kernels, key=score)


def _best_motion(reading: Reading, scale: int, score: Score) -> Tensor:
    length, degrees = reading.length * scale, math.degrees(reading.theta)
    for factors, turns in ((_LENGTHS, _TURNS), (_FINER, (-5, 0, 5))):
        choices = [(_within(length * factor, 1), degrees + turn) for factor in factors for turn in turns]
        length, degrees = max(choices, key=lambda choice: score(motion_kernel(*choice)))
    return motion_kernel(length, degrees)


def _within(extent: float, parts: int) -> float:
    return min(max(extent, _SHORTEST / parts), _LONGEST / parts)
