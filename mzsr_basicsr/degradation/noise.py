"""White noise of an LR image: how much there is, and how much its son lacks."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.degradation.graphics import has_palette, repeats

BLOCK = 16  # px, side of the blocks whose noise is measured one by one
CLIPPED = 0.02  # blocks with a mean so near to black or white, or a larger share of such pixels, are left out
QUIET = 0.1  # share of the blocks, the quietest, that are taken to hold noise alone
_TO_SIGMA = 1 / 0.6745  # a median of absolute values of Gaussian noise to its σ
_CORRECTION = 1.13  # the quietest tenth of blocks of pure noise reads so much too low; measured on random numbers


def noise_lost(sigma: float, told: Tensor) -> float:
    """Give the σ of the noise that an image's son lacks, because degradation averages the image's noise away.

    Args:
        sigma: of the image's white noise, [0, 1] intensity.
        told: (k, k), the blur before direct subsampling.

    Returns:
        The σ to add, so that the son's total is `sigma` again.

    Example:
        >>> mean_of_nine = torch.full((3, 3), 1 / 9)
        >>> round(noise_lost(9.0, mean_of_nine) ** 2, 3)  # of the variance 81 a mean of nine pixels keeps 9
        72.0
    """
    return sigma * math.sqrt(max(0.0, 1 - float(told.square().sum())))


def jpeg_noise(quantization: float) -> float:
    """Give the σ of white noise that a JPEG file's artefacts are best told as.

    Fitted to the best PSNR of `mzsr_x2` on degraded photographs saved at quality 95, 90, 75 and 50: 4, 4.8, 7.2 and 9.6
    levels. It is more than the artefacts' own σ, as they are not white.

    Args:
        quantization: mean step of the file's luma table, levels of 0 to 255; 0 for none.

    Returns:
        σ in [0, 1] intensity.

    Example:
        >>> jpeg_noise(0.0), round(255 * jpeg_noise(quantization=20.0), 1)
        (0.0, 6.4)
    """
    return 1.76 * quantization**0.43 / 255 if quantization > 0 else 0.0


def estimate_noise(image: Tensor) -> float:
    """Estimate σ from the quietest blocks of an image, where hardly anything but noise is left.

    Neighbouring pixels' mixed second difference (Haar's diagonal detail) cancels smooth content; its median absolute
    value is taken in each block of 16x16 px, and of all blocks the lowest tenth. Graphics hold no noise: an image of
    few colours gives 0, and a block that repeats itself counts as 0.

    Args:
        image: (..., C, H, W), [0, 1] intensity, at least 2x2 px.

    Returns:
        σ in [0, 1] intensity; rounding to 8 bits reads 0 to 0.001.

    Example:
        >>> noise = torch.randn(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
        >>> 9 < 255 * estimate_noise(0.5 + 10 / 255 * noise) < 11
        True
    """
    if has_palette(image):
        return 0.0
    planes = image.reshape(-1, 1, *image.shape[-2:])
    detail = F.conv2d(planes, planes.new_tensor([[[[0.5, -0.5], [-0.5, 0.5]]]])).abs()
    side = min(BLOCK, *detail.shape[-2:])
    levels = _blocks(detail, side).median(dim=-1).values * _TO_SIGMA
    pixels = _blocks(planes[..., 1:, 1:], side)
    mean = pixels.mean(dim=-1)
    clipped = ((pixels <= 0) | (pixels >= 1)).float().mean(dim=-1)
    usable = (mean > CLIPPED) & (mean < 1 - CLIPPED) & (clipped <= CLIPPED)  # clipping hides noise
    if bool(usable.any()):
        levels, pixels = levels[usable], pixels[usable]
    quietest = levels.argsort()[: max(1, round(QUIET * len(levels)))]
    repeated = repeats(pixels[quietest].unflatten(-1, (side, side)))
    return float(torch.where(repeated, 0.0, levels[quietest]).mean()) * _CORRECTION


def _blocks(planes: Tensor, side: int) -> Tensor:
    """Cut planes (n, 1, h, w) into blocks: (blocks, side²)."""
    rows, columns = planes.shape[-2] // side, planes.shape[-1] // side
    cut = planes[:, 0, : rows * side, : columns * side].unflatten(-1, (columns, side)).unflatten(-3, (rows, side))
    return cut.transpose(-2, -3).reshape(-1, side * side)
