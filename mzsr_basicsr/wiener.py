"""Wiener upscaling: the best linear estimate of the HR image from its LR image and blur kernel.

For Y(f) = s⁻² Σ_j K(f_j) X(f_j) + N(f), where f_j are the s² frequencies that subsampling folds onto f, the estimate of
least mean squared error among all linear ones is (Wiener 1949; with folding: Zhao et al., "Fast single image
super-resolution", IEEE TIP 2016)

    X̂(f_i) = S(f_i) K*(f_i) Y(f) / (s⁻² Σ_j S(f_j) |K(f_j)|² + σ²).

S is the power spectrum of photographs, a power of the frequency; its two numbers were fitted to 480 training
photographs (BSDS500's train and test parts and Sun-Hays 80). σ² is the power of rounding to 8 bits.
"""

import math

import torch
import torch.nn.functional as F
from scipy.fft import next_fast_len
from torch import Tensor

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.resize import imresize

AMPLITUDE, EXPONENT = 1.6e-4, 2.7  # S(f) = AMPLITUDE * f^-EXPONENT, intensity² for f in cycles/px
LOWEST = 1e-2  # cycles/px; below it S is flat, as the photographs' mean is finite
ROUNDING_POWER = 1 / (12 * 255**2)
MARGIN = 24  # HR px, at least, of mirror image around the LR image: they keep the transform's wrap-around outside


def wiener_upscale(image: Tensor, kernel: Tensor, scale: int) -> Tensor:
    """Enlarge an LR image by Wiener's estimate.

    Args:
        image: (B, C, h, w) LR image in [0, 1].
        kernel: (k, k) for all or (B, k, k), k odd: the blur before direct subsampling by `scale`; of any other
            subsampling, its `effective_kernel`.
        scale: magnification, an integer from 1.

    Returns:
        (B, C, scale * h, scale * w), not clipped, of the image's dtype; aligned with the HR image.
    """
    height, width = image.shape[-2:]
    margin = -(-_reach(kernel) // scale)  # LR px
    padded = _mirror(_mirror(image, -2, margin), -1, margin)
    rows, columns = padded.shape[-2:]
    transfer = wiener_transfer(kernel.to(image), scale, (rows, columns))
    kept = torch.arange(transfer.shape[-1], device=image.device) % columns
    spectrum = torch.fft.fft2(padded)[..., kept].repeat(1, 1, scale, 1)  # periodic in the HR frequencies
    product = spectrum * (transfer if kernel.ndim == 2 else transfer[:, None])
    estimate = torch.fft.irfft2(product, s=(rows * scale, columns * scale))
    top = margin * scale
    return estimate[..., top : top + height * scale, top : top + width * scale]


def effective_kernel(kernel: Tensor, scale: float, subsampling: str) -> Tensor:
    """Express a blur and its subsampling as one blur followed by direct subsampling.

    Bicubic subsampling weighs the pixels around (i + 1/2) s - 1/2, so its effective kernel is wider and, for an even
    scale, centred between two pixels. Only at the image's border do the two differ.

    Args:
        kernel: (k, k) or (B, k, k).
        scale: HR over LR.
        subsampling: "direct" or "bicubic".

    Returns:
        The kernel itself for "direct"; otherwise (..., k + 2m, k + 2m) with m = `bicubic_reach(scale)`.

    Raises:
        ConfigError: bicubic subsampling by a real scale, whose weights differ from pixel to pixel.
    """
    if subsampling == "direct":
        return kernel
    if not float(scale).is_integer():
        raise ConfigError(f"scale: {scale:g}; a network that is told the kernel needs an integer for bicubic")
    reach, step = bicubic_reach(scale), int(scale)
    middle = -(-reach // step)  # an LR pixel whose taps all lie inside
    length = 2 * middle * step + step
    ramp = torch.eye(length, dtype=kernel.dtype, device=kernel.device)[:, None, :].expand(-1, step, -1)
    taps = imresize(ramp, scale=1 / step)[:, 0, middle]  # weight of each HR pixel in that LR pixel
    taps = F.pad(taps, (reach, reach))[middle * step : middle * step + 2 * reach + 1]
    planes = F.pad(kernel, (2 * reach,) * 4).reshape(-1, 1, *(side + 4 * reach for side in kernel.shape[-2:]))
    spread = F.conv2d(planes, torch.outer(taps, taps).flip(0, 1)[None, None])  # a convolution
    return spread.reshape(*kernel.shape[:-2], *spread.shape[-2:])


def told_kernel(kernel: Tensor, scale: float, subsampling: str) -> Tensor:
    """Give a kernel as networks are told it: the effective one; for real scales, which have none, the blur alone."""
    return effective_kernel(kernel, scale, subsampling) if float(scale).is_integer() else kernel


def bicubic_reach(scale: float) -> int:
    """Give the largest offset, px, from pixel i s at which bicubic subsampling still weighs an HR pixel."""
    return math.floor(2.5 * scale - 0.5)


def wiener_transfer(kernel: Tensor, scale: int, size: tuple[int, int]) -> Tensor:
    """Compute the factor that turns the LR spectrum into the estimate's, for periodic images.

    Args:
        kernel: (..., k, k), applied by correlation about its centre.
        scale: subsampling, an integer.
        size: (h, w) of the LR image, px.

    Returns:
        (..., scale * h, scale * w // 2 + 1) complex, in the order of `torch.fft.rfft2`.
    """
    height, width = size[0] * scale, size[1] * scale
    options = {"dtype": kernel.dtype, "device": kernel.device}
    down, across = torch.fft.fftfreq(height, **options), torch.fft.rfftfreq(width, **options)
    response = _frequency_response(kernel, down, across)
    squared = (down[:, None] ** 2 + across[None, :] ** 2).clamp_min(LOWEST**2)
    prior = AMPLITUDE * squared ** (-EXPONENT / 2)
    seen = _whole(prior * (response.real**2 + response.imag**2), width)
    folded = seen.unflatten(-1, (scale, -1)).unflatten(-3, (scale, -1)).mean((-4, -2))  # s⁻² Σ_j, (..., h, w)
    folded = folded.repeat(*(1,) * (kernel.ndim - 2), scale, scale)[..., : response.shape[-1]]
    return response.conj() * (prior / (folded + ROUNDING_POWER))


def _whole(half: Tensor, width: int) -> Tensor:
    """Complete a power spectrum, equal at f and -f, from the columns that `rfft2` keeps: (..., H, width)."""
    opposite = half[..., 1 : (width + 1) // 2].flip(-1, -2).roll(1, -2)  # row r of -f is row -r
    return torch.cat([half, opposite], dim=-1)


def _frequency_response(kernel: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Evaluate Σ_d k(d) exp(2πi f·d) at all pairs of frequencies: correlation's response, (..., H, W)."""
    offsets = torch.arange(kernel.shape[-1], dtype=kernel.dtype, device=kernel.device) - kernel.shape[-1] // 2
    vertical, horizontal = (torch.exp(2j * math.pi * f[:, None] * offsets) for f in (down, across))
    return vertical @ kernel.to(vertical.dtype) @ horizontal.T


def _reach(kernel: Tensor) -> int:
    """Give the width of the mirror image, px: the filter of a wide kernel rings further, 16 of its deviations or so."""
    offsets = torch.arange(kernel.shape[-1], dtype=kernel.dtype, device=kernel.device) - kernel.shape[-1] // 2
    variances = torch.stack([(kernel.sum(axis) * offsets**2).sum(-1) for axis in (-2, -1)])
    return max(MARGIN, math.ceil(16 * math.sqrt(max(0.0, float(variances.max())))))


def _mirror(image: Tensor, axis: int, margin: int) -> Tensor:
    """Extend an axis by its mirror image: `margin` px before, and after it as many or a few more, for a fast length."""
    length = image.shape[axis]
    total = next_fast_len(length + 2 * margin)
    place = torch.arange(-margin, total - margin, device=image.device) % (2 * length)
    return image.index_select(axis, torch.minimum(place, 2 * length - 1 - place))
