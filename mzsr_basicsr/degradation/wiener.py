"""Wiener upscaling: the best linear estimate of the HR image from its LR image and blur kernel.

For Y(f) = s⁻² Σ_j K(f_j) X(f_j) + N(f), where f_j are the s² frequencies that subsampling folds onto f, the estimate of
least mean squared error among all linear ones is (Wiener 1949; with folding: Zhao et al., "Fast single image
super-resolution", IEEE TIP 2016)

    `X̂(f_i) = S(f_i) K*(f_i) Y(f) / (s⁻² Σ_j S(f_j) |K(f_j)|² + σ²)`.

S is the power spectrum of photographs, a power of the frequency; its two numbers were fitted to 480 training
photographs (BSDS500's train and test parts and Sun-Hays 80). σ² is the power of rounding to 8 bits and of
the noise.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.degradation.known import computed_once
from mzsr_basicsr.degradation.phases import filter_up_mirrored
from mzsr_basicsr.degradation.record import Degradation

AMPLITUDE, EXPONENT = 1.6e-4, 2.7  # S(f) = AMPLITUDE * f^-EXPONENT, intensity² for f in cycles/px
LOWEST = 1e-2  # cycles/px; below it S is flat, as the photographs' mean is finite
ROUNDING_POWER = 1 / (12 * 255**2)
LONGEST = 96  # HR px, the largest reach of the filter
TAIL = 2e-3  # what the filter's impulse response may lose when it is cut, in root of the sum of squares
_TAPER = 8  # HR px over which the cut filter falls to zero
_GRID = 256  # HR px, at least, on which the filter is computed: it holds the longest and some room for its tails


def wiener_upscale(image: Tensor, degradation: Degradation) -> Tensor:
    """Enlarge an LR image by Wiener's estimate.

    A pixel of the result depends on LR pixels up to `LONGEST` HR px away and on nothing else, so a part of an image,
    with that much around it, gives what the whole image gives there.

    Args:
        image: (B, C, h, w) LR image in [0, 1].
        degradation: of the image; its scale is an integer, its kernel and noise one for all or one for each image.

    Returns:
        (B, C, scale * h, scale * w), not clipped, of the image's dtype; aligned with the HR image.

    Example:
        >>> degradation = Degradation("gaussian:1,1", scale=2)
        >>> hq = torch.zeros(1, 1, 64, 64)
        >>> hq[..., 16:48, 16:48] = 1
        >>> lq = degradation.apply(hq)
        >>> estimate = wiener_upscale(lq, degradation)
        >>> estimate.shape, bool(((degradation.apply(estimate) - lq).abs() < 1 / 255).all())  # it explains the LR image
        (torch.Size([1, 1, 64, 64]), True)
    """
    scale = int(degradation.scale)
    return F.pixel_shuffle(filter_up_mirrored(image, wiener_filter(degradation.to(image)), scale), scale)


def wiener_filter(degradation: Degradation, longest: int = LONGEST) -> Tensor:
    """Compute the estimate's impulse response: what one LR pixel adds to the HR pixels around it.

    It is cut where less than `TAIL` of its length (root of the sum of squares) remains outside, at `longest` at last,
    with a margin that falls smoothly to zero.

    Args:
        degradation: its scale is an integer.
        longest: HR px, up to `LONGEST`.

    Returns:
        (..., 2 R + 1, 2 R + 1), its centre on the HR pixel at the place of the LR pixel.

    Example:
        >>> response = wiener_filter(Degradation("gaussian:1,1", scale=2))
        >>> response.shape, round(response.sum().item(), 1)  # an LR pixel is worth 2 x 2 HR pixels
        (torch.Size([63, 63]), 4.0)
    """
    if degradation.kernel.ndim == 3:
        few, counts = distinct(degradation)
        if len(counts) < len(degradation.kernel):
            return wiener_filter(few, longest).repeat_interleave(counts, dim=0)
    return _filter(degradation, longest)


@computed_once(kept=32)
def _filter(degradation: Degradation, longest: int) -> Tensor:
    side = -(-_GRID * longest // (LONGEST * int(degradation.scale)))  # LR px
    transfer = wiener_transfer(degradation, (side, side))
    response = torch.fft.irfft2(transfer, s=(transfer.shape[-2], transfer.shape[-2]))
    response = response.roll((longest, longest), (-2, -1))[..., : 2 * longest + 1, : 2 * longest + 1]
    reaches = _reaches(response)
    reach = int(reaches.max())
    offsets = (torch.arange(2 * reach + 1, device=response.device) - reach).abs()
    ends = (offsets - reaches[..., None]).to(response) / _TAPER + 1  # 0 where the taper begins, 1 where it ends
    taper = torch.cos(0.5 * math.pi * ends.clamp(0, 1)).square()
    return F.pad(response, (reach - longest,) * 4) * taper[..., :, None] * taper[..., None, :]


def distinct(degradation: Degradation) -> tuple[Degradation, Tensor]:
    """Keep one of neighbours that are alike: kernels (n, k, k) with their noise, and how many each stands for, (n,).

    Args:
        degradation: its kernels are (B, k, k).

    Example:
        >>> from mzsr_basicsr.degradation.kernels import gaussian_kernel
        >>> kernels = gaussian_kernel(torch.tensor([1.0, 1.0, 4.0]), 1.0, 0.0)
        >>> few, counts = distinct(Degradation(kernels, scale=2))
        >>> few.kernel.shape, counts.tolist()
        (torch.Size([2, 15, 15]), [2, 1])
    """
    kernels = degradation.kernel
    noise = torch.as_tensor(degradation.noise, dtype=kernels.dtype, device=kernels.device).expand(len(kernels))
    changed = (kernels[1:] != kernels[:-1]).flatten(1).any(1) | (noise[1:] != noise[:-1])
    first = torch.cat([changed.new_ones(1), changed])
    starts = torch.nonzero(first).flatten()
    counts = torch.diff(starts, append=starts.new_tensor([len(kernels)]))
    return Degradation(kernels[first], degradation.scale, degradation.subsampling, noise[first]), counts


def wiener_transfer(degradation: Degradation, size: tuple[int, int]) -> Tensor:
    """Compute the factor that turns the LR spectrum into the estimate's, for periodic images.

    Args:
        degradation: its scale is an integer.
        size: (h, w) of the LR image, px.

    Returns:
        (..., scale * h, scale * w // 2 + 1) complex, in the order of `torch.fft.rfft2`.

    Example:
        >>> transfer = wiener_transfer(Degradation("gaussian:1,1", scale=2), (8, 8))
        >>> transfer.shape, round(transfer[0, 0].real.item(), 2)  # the mean of an image stays, over 2 x 2 pixels
        (torch.Size([16, 9]), 4.0)
    """
    kernel, scale = degradation.told, int(degradation.scale)
    joint, seen = wiener_spectra(degradation, size)
    folded = seen.repeat(*(1,) * (kernel.ndim - 2), scale, scale)[..., : joint.shape[-1]]
    sigma = torch.as_tensor(degradation.noise, dtype=kernel.dtype, device=kernel.device)[..., None, None]
    return joint / (folded + (sigma**2 + ROUNDING_POWER))


def wiener_spectra(degradation: Degradation, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Compute S K*, what LR pixels say of HR pixels, and `s⁻² Σ_j S |K|²`, the power of the LR image without noise.

    Args:
        degradation: its scale is an integer.
        size: (h, w) of the LR image, px.

    Returns:
        (..., scale * h, scale * w // 2 + 1) complex, in the order of `rfft2`, and (..., h, w), in that of `fft2`.

    Example:
        >>> joint, power = wiener_spectra(Degradation("delta", scale=1), (8, 8))
        >>> joint.shape, power.shape, torch.allclose(joint.real, power[:, :5])  # neither blurred nor folded: S is both
        (torch.Size([8, 5]), torch.Size([8, 8]), True)
    """
    kernel, scale = degradation.told, int(degradation.scale)
    height, width = size[0] * scale, size[1] * scale
    options = {"dtype": kernel.dtype, "device": kernel.device}
    down, across = torch.fft.fftfreq(height, **options), torch.fft.rfftfreq(width, **options)
    response = _frequency_response(kernel, down, across)
    squared = (down[:, None] ** 2 + across[None, :] ** 2).clamp_min(LOWEST**2)
    prior = AMPLITUDE * squared ** (-EXPONENT / 2)
    seen = _whole(prior * (response.real**2 + response.imag**2), width)
    return response.conj() * prior, seen.unflatten(-1, (scale, -1)).unflatten(-3, (scale, -1)).mean((-4, -2))


def _whole(half: Tensor, width: int) -> Tensor:
    """Complete a power spectrum, equal at f and -f, from the columns that `rfft2` keeps: (..., H, width)."""
    opposite = half[..., 1 : (width + 1) // 2].flip(-1, -2).roll(1, -2)  # row r of -f is row -r
    return torch.cat([half, opposite], dim=-1)


def _frequency_response(kernel: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Evaluate Σ_d k(d) exp(2πi f·d) at all pairs of frequencies: correlation's response, (..., H, W)."""
    offsets = torch.arange(kernel.shape[-1], dtype=kernel.dtype, device=kernel.device) - kernel.shape[-1] // 2
    vertical, horizontal = (torch.exp(2j * math.pi * f[:, None] * offsets) for f in (down, across))
    return vertical @ kernel.to(vertical.dtype) @ horizontal.T


def _reaches(response: Tensor) -> Tensor:
    """Find, for each response (..., n, n), the smallest R so that less than `TAIL` lies outside of (2 R + 1)²."""
    longest = response.shape[-1] // 2
    offsets = (torch.arange(response.shape[-1], device=response.device) - longest).abs()
    ring = torch.maximum(offsets[:, None], offsets[None, :]).flatten()
    squares = response.square().flatten(-2)
    rings = squares.new_zeros(*squares.shape[:-1], longest + 1).index_add(-1, ring, squares)
    outside = rings.flip(-1).cumsum(-1).flip(-1)  # entry r: the energy from ring r on
    return ((outside > TAIL**2).sum(-1) + _TAPER).clamp(max=longest)
