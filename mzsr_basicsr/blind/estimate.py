"""From an LR image to its kernel: KernelNet's answers for the image's liveliest patches, weighted by confidence."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mzsr_basicsr.blind import spread
from mzsr_basicsr.blind.kernel_net import COVARIANCE, FAMILIES, FAMILY, FREE, GRID, PRECISION, SHAPE
from mzsr_basicsr.blind.patches import lively_patches, luma_of
from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.degradation.shapes import disk_kernel, motion_kernel
from mzsr_basicsr.degradation.spread import Gaussian, as_gaussian, covariance
from mzsr_basicsr.errors import ImageError

SIZES = (15, 41)  # px, smallest and largest side of an estimated kernel
SURE = 0.5  # share of a family's votes beyond which the kernel is of that family
CAREFUL = 0.5  # deviations of the estimate that a blur is told too narrow: too wide a kernel costs more than too narrow


@dataclass(frozen=True)
class Reading:
    """What KernelNet says of an image, all patches together.

    Attributes:
        logarithm: (3,) float64, of the covariance of the whole blur, LR px².
        precision: logarithm of its precision.
        families: probability of each of `kernel_net.FAMILIES`.
        radius: of a disk, LR px.
        length: of a motion, LR px.
        theta: of a motion, radians.
        free: (25, 25) float64, the free kernel, in half LR px.
        apart: deviation of the patches' logarithms from their mean.
    """

    logarithm: Tensor
    precision: float
    families: dict[str, float]
    radius: float
    length: float
    theta: float
    free: Tensor
    apart: float


@dataclass(frozen=True)
class Estimate:
    """An estimated kernel.

    Attributes:
        kernel: (k, k) float64, the blur before the subsampling that was asked for.
        gaussian: λ1, λ2 in HR px² and Θ in radians, of the Gaussian of the same spread.
        confidence: 0 to 1, of the covariance's logarithm: the share of patches' precision beyond a guess.
        residual: 0 to 1, how much of the kernel an isotropic Gaussian of the same total variance leaves unexplained.
        family: "gaussian", "disk", "motion" or "free".
    """

    kernel: Tensor
    gaussian: Gaussian
    confidence: float
    residual: float
    family: str = "gaussian"


def estimate_kernel(
    network: nn.Module, image: Tensor, scale: float, subsampling: str = "direct", free: bool = False
) -> Estimate:
    """Estimate the blur kernel of an LR image.

    Args:
        network: KernelNet, in eval mode.
        image: (n, C, h, w) in [0, 1], RGB or any other bands: one image, or n parts of one.
        scale: HR over LR.
        subsampling: "direct" or "bicubic", how the image is thought to have lost its pixels; bicubic's own blur is
            taken off, since `Degradation.apply` adds it again.
        free: give the free kernel instead of one of a family.

    Returns:
        See `Estimate`.

    Raises:
        ImageError: pixels that are not finite.
    """
    reading = read(network, image)
    blur = blur_of(reading, scale, subsampling)
    family = "free" if free else family_of(reading)
    kernel = kernel_of(reading, family, blur, scale)
    confidence = 1 / (1 + math.exp(-reading.precision))
    return Estimate(kernel, as_gaussian(blur), confidence, isotropic_residual(kernel), family)


def read(network: nn.Module, image: Tensor) -> Reading:
    """Ask KernelNet about an image, (n, C, h, w) in [0, 1]; see `estimate_kernel`.

    Raises:
        ImageError: pixels that are not finite.
    """
    if not bool(torch.isfinite(image).all()):
        raise ImageError("image: holds pixels that are NaN or infinite, so no kernel can be estimated; repair it")
    with torch.no_grad():
        answers = network(lively_patches(luma_of(image))).double().cpu()
    weights = answers[:, PRECISION].clamp(-4, 9).exp()
    weights = weights / weights.sum()
    mean = (weights[:, None] * answers).sum(0)
    logs = answers[:, COVARIANCE]
    radius, length, cosine, sine = mean[SHAPE].tolist()
    return Reading(
        logarithm=mean[COVARIANCE],
        precision=float(mean[PRECISION]),
        families=dict(zip(FAMILIES, mean[FAMILY].softmax(0).tolist(), strict=True)),
        radius=math.exp(radius),
        length=math.exp(length),
        theta=math.atan2(sine, cosine) / 2 % math.pi,
        free=(weights[:, None] * answers[:, FREE].softmax(1)).sum(0).reshape(GRID, GRID),
        apart=float((weights[:, None] * (logs - mean[COVARIANCE]).square()).sum().sqrt()),
    )


def family_of(reading: Reading) -> str:
    """Choose the family: a Gaussian, unless a disk or a motion is sure."""
    return next((name for name in ("disk", "motion") if reading.families[name] > SURE), "gaussian")


def blur_of(reading: Reading, scale: float, subsampling: str, careful: float = CAREFUL) -> Tensor:
    """Give the covariance (3,), HR px², of the blur before the subsampling, by `careful` deviations too narrow."""
    narrower = reading.logarithm.new_tensor([1.0, 1.0, 0.0]) * careful * math.exp(-reading.precision / 2)
    whole = spread.from_log(reading.logarithm - narrower) * scale**2
    return _at_least_nothing(whole - _own_spread(scale, subsampling))


def kernel_of(reading: Reading, family: str, blur: Tensor, scale: float) -> Tensor:
    """Build the kernel of a family: (k, k) float64."""
    if family == "disk":
        return disk_kernel(max(0.5, reading.radius * scale))
    if family == "motion":
        return motion_kernel(max(1.0, reading.length * scale), math.degrees(reading.theta))
    if family == "free":
        return _on_grid(reading.free, scale)
    return spread.gaussian_of(blur, _side(blur))


def isotropic_residual(kernel: Tensor) -> float:
    """Compare a kernel (k, k) with the isotropic Gaussian of its total variance: L1 distance halved, 0 to 1."""
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
