"""From an LR image to its kernel: what KernelNet says, told as carefully as it is sure."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mzsr_basicsr.blind import spread
from mzsr_basicsr.blind.certainty import TRUSTED, confidence_of, features
from mzsr_basicsr.blind.families import Found, judge
from mzsr_basicsr.blind.kernel_net import GRID
from mzsr_basicsr.blind.patches import luma_of
from mzsr_basicsr.blind.reader import Reading, read
from mzsr_basicsr.blind.spectrum import SMALLEST, Spectrum
from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.noise import estimate_noise
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.degradation.spread import Gaussian, as_gaussian, covariance

_LUMA_NOISE = 0.67  # of the noise of each of three colours
SIZES = (15, 41)  # px, smallest and largest side of an estimated kernel
CAREFUL = 0.5  # deviations that a Gaussian is told too narrow: one too wide costs more than one too narrow
DOUBT = 0.125  # LR px²; most photographs are sharp, so beside bicubic subsampling less blur is taken for hardly any
TOLD = {"gaussian": 0.5 / 255, "disk": 1 / 255, "motion": 1.5 / 255, "free": 1 / 255}  # σ, as kernels are not exact


@dataclass(frozen=True)
class Estimate:
    """An estimated kernel.

    Attributes:
        kernel: (k, k) float64, the blur before the subsampling that was asked for.
        gaussian: λ1, λ2 in HR px² and Θ in radians, of the Gaussian of the estimated spread.
        confidence: 0 to 1, see `certainty`.
        residual: 0 to 1, how much of the kernel an isotropic Gaussian of the same total variance leaves unexplained.
        family: "gaussian", "disk", "motion" or "free".
        noise: σ, [0, 1] intensity, that shall be told at least, since the kernel is not exact.
        enlarged: the image seems to have been enlarged by interpolation before.
        features: what the confidence was computed from, see `certainty.features`.

    Example:
        >>> estimate = Estimate(delta_kernel(), Gaussian(0.0, 0.0, 0.0), confidence=0.3, residual=0.0)
        >>> estimate.trusted, estimate.why
        (False, 'its blur cannot be told (confidence 0.30)')
    """

    kernel: Tensor
    gaussian: Gaussian
    confidence: float
    residual: float
    family: str = "gaussian"
    noise: float = 0.0
    enlarged: bool = False
    features: tuple[float, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether an upscaling by it is worth its risk."""
        return self.confidence >= TRUSTED and not self.enlarged

    @property
    def why(self) -> str:
        """Say in half a sentence why it is not trusted."""
        if self.enlarged:
            return "it seems to have been enlarged before"
        return f"its blur cannot be told (confidence {self.confidence:.2f})"


def estimate_kernel(
    network: nn.Module,
    image: Tensor,
    scale: float,
    subsampling: str = "direct",
    free: bool = False,
    spread_by: nn.Module | None = None,
) -> Estimate:
    """Estimate the blur kernel of an LR image.

    Args:
        network: KernelNet, in eval mode.
        image: (n, C, h, w) in [0, 1], RGB or any other bands: one image, or n parts of one.
        scale: HR over LR.
        subsampling: "direct" or "bicubic", how the image is thought to have lost its pixels; bicubic's own blur is
            taken off, since `Degradation.apply` adds it again.
        free: give the free kernel instead of one of a family.
        spread_by: another KernelNet, which is asked for a Gaussian's covariance in the first one's place.

    Returns:
        See `Estimate`.

    Raises:
        ImageError: pixels that are not finite.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> from mzsr_basicsr.weights.kernel_net import load_kernel_net
        >>> blocks = torch.kron(torch.rand(24, 24, generator=torch.Generator().manual_seed(0)), torch.ones(12, 12))
        >>> image = Degradation("gaussian:4,1", scale=2).apply(blocks.expand(1, 3, -1, -1))
        >>> estimate = estimate_kernel(load_kernel_net(), image, scale=2)
        >>> [round(variance) for variance in estimate.gaussian[:2]], estimate.trusted
        ([4, 1], True)
    """
    reading = read(network, image)
    blur = blur_of(reading if spread_by is None else read(spread_by, image), scale, subsampling)
    if free:
        found = Found("free", _on_grid(reading.free, scale), 0.0)
    else:
        found = _judged(reading, blur, image, scale, subsampling)
    if found.family == "gaussian" and subsampling == "bicubic":
        blur = spread.sharpened(blur, DOUBT * scale**2)
        found = found._replace(kernel=_gaussian(blur))
    given = features(reading, found.evidence)
    return Estimate(
        kernel=found.kernel,
        gaussian=as_gaussian(blur),
        confidence=confidence_of(given),
        features=tuple(given),
        residual=isotropic_residual(found.kernel),
        family=found.family,
        noise=TOLD[found.family],
        enlarged=found.enlarged,
    )


def blur_of(reading: Reading, scale: float, subsampling: str, careful: float = CAREFUL) -> Tensor:
    """Give the covariance (3,), HR px², of the blur before the subsampling, by `careful` deviations too narrow.

    Example:
        >>> from mzsr_basicsr.blind.reader import Reading
        >>> logarithm = spread.log_covariance(torch.tensor([2.0, 1.0, 0.0]))
        >>> sure = Reading(logarithm, 40.0, families={}, radius=1.0, length=1.0, theta=0.0, free=torch.zeros(25, 25))
        >>> [round(value, 3) for value in blur_of(sure, 2, "direct")[:2].tolist()]  # 1 LR px² is 4 HR px²
        [8.0, 4.0]
    """
    narrower = reading.logarithm.new_tensor([1.0, 1.0, 0.0]) * careful * math.exp(-reading.precision / 2)
    whole = spread.from_log(reading.logarithm - narrower) * scale**2
    return _at_least_nothing(whole - _own_spread(scale, subsampling))


def _judged(reading: Reading, blur: Tensor, image: Tensor, scale: float, subsampling: str) -> Found:
    """Ask the spectrum for the family, where the image is large enough."""
    if min(image.shape[-2:]) < SMALLEST or not float(scale).is_integer():
        return Found("gaussian", _gaussian(blur), 0.0)
    noise = estimate_noise(image) * (_LUMA_NOISE if image.shape[1] == 3 else 1.0)
    return judge(reading, _gaussian(blur), Spectrum(luma_of(image), noise), int(scale), subsampling)


def _gaussian(blur: Tensor) -> Tensor:
    return spread.gaussian_of(blur, _side(blur))


def isotropic_residual(kernel: Tensor) -> float:
    """Compare a kernel (k, k) with the isotropic Gaussian of its total variance: L1 distance halved, 0 to 1.

    Example:
        >>> from mzsr_basicsr.degradation.kernels import gaussian_kernel
        >>> [round(isotropic_residual(gaussian_kernel(2.0, other, 0.0)), 1) for other in (2.0, 0.2)]
        [0.0, 0.5]
    """
    xx, yy, _ = covariance(kernel).tolist()
    mean = max((xx + yy) / 2, 0.02)
    isotropic = spread.gaussian_of(kernel.new_tensor([mean, mean, 0.0]), kernel.shape[-1], smallest=0.02)
    return float((kernel - isotropic.to(kernel)).abs().sum() / 2)


def _own_spread(scale: float, subsampling: str) -> Tensor:
    """Measure the blur of the subsampling alone: (3,), HR px²; none of direct subsampling and of real scales."""
    if subsampling == "direct" or not float(scale).is_integer():
        return torch.zeros(3, dtype=torch.float64)
    return spread.band_spread(effective_kernel(delta_kernel(), scale), scale)


def _at_least_nothing(covariance: Tensor) -> Tensor:
    """Replace negative variances by zero."""
    return spread.from_log(spread.log_covariance(covariance))


def _side(covariance: Tensor) -> int:
    """Choose the odd side, px, of a kernel that holds a Gaussian up to 3.5 deviations."""
    widest = 2 * math.ceil(3.5 * math.sqrt(as_gaussian(covariance).lambda1)) + 1
    return min(max(widest, SIZES[0]), SIZES[1])


def _on_grid(kernel: Tensor, scale: float) -> Tensor:
    """Bring the free kernel from half an LR px to HR px."""
    if scale != 2:
        side = 2 * int(GRID * scale / 4) + 1
        kernel = imresize(kernel, size=(side, side)).clamp_min(0)
    return kernel / kernel.sum()
