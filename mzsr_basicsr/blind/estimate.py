"""From an LR image to its kernel: KernelNet's answers for the image's liveliest patches, weighted by confidence."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.adaptation.lively import slope
from mzsr_basicsr.blind import spread
from mzsr_basicsr.blind.kernel_net import GRID, NUMBERS, PATCH, WINDOW
from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.degradation.spread import Gaussian, as_gaussian, covariance
from mzsr_basicsr.errors import ImageError

PATCHES = 12  # at most, of one image; more do not help
STRIDE = PATCH // 2  # LR px between the places where a patch may lie
SIZES = (15, 41)  # px, smallest and largest side of an estimated kernel
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Estimate:
    """An estimated kernel.

    Attributes:
        kernel: (k, k) float64, the blur before the subsampling that was asked for.
        gaussian: λ1, λ2 in HR px² and Θ in radians, of the Gaussian of the same spread.
        confidence: 0 to 1, of the covariance's logarithm: the share of patches' precision beyond a guess.
        residual: 0 to 1, how much of the kernel an isotropic Gaussian of the same total variance leaves unexplained.
    """

    kernel: Tensor
    gaussian: Gaussian
    confidence: float
    residual: float


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
        free: give the free 15x15 kernel instead of the Gaussian.

    Returns:
        See `Estimate`.

    Raises:
        ImageError: pixels that are not finite.
    """
    if not bool(torch.isfinite(image).all()):
        raise ImageError("image: holds pixels that are NaN or infinite, so no kernel can be estimated; repair it")
    with torch.no_grad():
        answers = network(_lively_patches(_luma(image)))
    weights = answers[:, NUMBERS].clamp(-4, 9).exp()
    weights = weights / weights.sum()
    whole = spread.from_log((weights[:, None] * answers[:, :NUMBERS]).sum(0)).double().cpu() * scale**2
    blur = _at_least_nothing(whole - _own_spread(scale, subsampling))
    gaussian = spread.gaussian_of(blur, _side(blur))
    kernel = _free_kernel(answers, weights, scale) if free else gaussian
    confidence = float((weights * answers[:, NUMBERS]).sum().sigmoid())
    return Estimate(kernel, as_gaussian(blur), confidence, isotropic_residual(kernel))


def isotropic_residual(kernel: Tensor) -> float:
    """Compare a kernel (k, k) with the isotropic Gaussian of its total variance: L1 distance halved, 0 to 1."""
    xx, yy, _ = covariance(kernel).tolist()
    mean = max((xx + yy) / 2, 0.02)
    isotropic = spread.gaussian_of(kernel.new_tensor([mean, mean, 0.0]), kernel.shape[-1], smallest=0.02)
    return float((kernel - isotropic.to(kernel)).abs().sum() / 2)


def _luma(image: Tensor) -> Tensor:
    bands = image.shape[1]
    weights = image.new_tensor(_LUMA if bands == 3 else [1 / bands] * bands)
    return torch.einsum("bchw,c->bhw", image, weights)[:, None].float()


def _lively_patches(luma: Tensor) -> Tensor:
    """Cut the patches of the largest mean gradient out of (n, 1, h, w): (patches, 1, 96, 96), or smaller images whole.

    Of each image as many are taken, `PATCHES` together. Images below 16 px are continued by their mirror image.
    """
    for axis in (-2, -1):
        while luma.shape[axis] < WINDOW:
            count = min(WINDOW - luma.shape[axis], luma.shape[axis])
            luma = torch.cat([luma, luma.flip(axis).narrow(axis, 0, count)], dim=axis)
    rows, columns = (min(PATCH, extent) for extent in luma.shape[-2:])
    energy = F.avg_pool2d(slope(luma), (rows, columns), STRIDE)[:, 0]
    each = max(1, PATCHES // len(luma))
    patches = []
    for image, own in zip(luma, energy, strict=True):
        for place in own.flatten().argsort(descending=True, stable=True)[:each].tolist():
            top, left = STRIDE * (place // own.shape[1]), STRIDE * (place % own.shape[1])
            patches.append(image[None, :, top : top + rows, left : left + columns])
    return torch.cat(patches)


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


def _free_kernel(answers: Tensor, weights: Tensor, scale: float) -> Tensor:
    """Average the free kernels and bring them from half an LR px to HR px."""
    kernels = answers[:, NUMBERS + 1 :].softmax(dim=1)
    kernel = (weights[:, None] * kernels).sum(0).double().cpu().reshape(GRID, GRID)
    if scale != 2:
        side = 2 * int(GRID * scale / 4) + 1
        kernel = imresize(kernel, size=(side, side)).clamp_min(0)
    return kernel / kernel.sum()
