"""Blur with subsampling, and filters that enlarge, phase by phase: every Fourier transform is one of the LR size.

An image of s h x s w px folded by its s² phases (`pixel_unshuffle`) is s² images of h x w px. With the phases of a
kernel k, k_i(d) = k(s d + i), direct subsampling of a correlation is y = Σ_i k_i ⋆ x_i, and a filter that enlarges is
x_i = k_i * y. Their cost does not depend on the size of the kernel: s² transforms of each plane.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.degradation.fast_length import fast_length
from mzsr_basicsr.degradation.known import computed_once

Filter = Callable[[Tensor], Tensor]
REMEMBERED = 2**18  # px of a filter's spectra, 4 bytes each: those of an update are remembered, not those of a tile


def phases_of(kernel: Tensor, scale: int) -> Tensor:
    """Fold a kernel (..., n, n), n odd: (..., s², m, m), m odd; the phase of row i and column j is number s i + j."""
    reach = kernel.shape[-1] // 2
    low = -(-reach // scale)
    before, after = scale * low - reach, scale * low + scale - 1 - reach
    return F.pixel_unshuffle(F.pad(kernel, (before, after, before, after))[..., None, :, :], scale)


def reach_of_phases(kernel: Tensor, scale: int) -> int:
    """Give how far the phases of a kernel reach, LR px."""
    return -(-(kernel.shape[-1] // 2) // scale)


def downscaling(kernel: Tensor, scale: int, size: tuple[int, int]) -> Filter:
    """Correlate an HR image with a kernel and keep its top-left phase, as `degrade.blur_and_keep` does.

    Args:
        kernel: (n, n) or (B, n, n).
        scale: an integer.
        size: (h, w) of the LR image, px.

    Returns:
        The function of (B, C s², h, w), the HR image by its phases, whose border repeats the edge pixel, that gives
        (B, C, h, w).
    """
    (height, width), reach = size, reach_of_phases(kernel, scale)
    grid = fast_length(height + 2 * reach), fast_length(width + 2 * reach)
    transfer = _transfer(kernel, scale, grid).conj()

    def apply(folded: Tensor) -> Tensor:
        wide = _mirrored(folded.unflatten(1, (-1, scale, scale)), reach, grid)
        spectrum = (torch.fft.rfft2(wide.flatten(2, 3)) * transfer).sum(2)
        return torch.fft.irfft2(spectrum, s=grid)[..., reach : reach + height, reach : reach + width]

    return apply


def upscaling(filters: Tensor, scale: int, size: tuple[int, int]) -> Filter:
    """Pass LR pixels through a filter, with nothing (zeros) beyond the border.

    Args:
        filters: (n, n) or (B, n, n): what an LR pixel adds to the HR pixels around it.
        scale: an integer.
        size: (h, w) of the LR image, px.

    Returns:
        The function of (B, C, h, w) that gives (B, C s², h, w), the HR image by its phases.
    """
    (height, width), reach = size, reach_of_phases(filters, scale)
    most = max(height, reach + 1), max(width, reach + 1)  # the filter itself fits in
    grid = fast_length(most[0] + reach), fast_length(most[1] + reach)
    transfer = _transfer(filters, scale, grid)
    return lambda image: _passed(image, transfer, grid)[..., :height, :width].flatten(1, 2)


def filter_up_mirrored(image: Tensor, filters: Tensor, scale: int) -> Tensor:
    """Do as `upscaling`, with the mirror image of (B, C, h, w) beyond its border: (B, C s², h, w)."""
    height, width = image.shape[-2:]
    reach = reach_of_phases(filters, scale)
    padded = mirrored(mirrored(image, -2, reach), -1, reach)
    grid = padded.shape[-2], padded.shape[-1]
    passed = _passed(padded, _transfer(filters, scale, grid), grid)
    return passed[..., reach : reach + height, reach : reach + width].flatten(1, 2)


def mirrored(image: Tensor, axis: int, margin: int) -> Tensor:
    """Extend an axis by its mirror image: `margin` px before, and after it as many or a few more, for a fast length."""
    length = image.shape[axis]
    total = fast_length(length + 2 * margin)
    place = torch.arange(-margin, total - margin, device=image.device) % (2 * length)
    return image.index_select(axis, torch.minimum(place, 2 * length - 1 - place))


def _passed(image: Tensor, transfer: Tensor, grid: tuple[int, int]) -> Tensor:
    """Filter a periodic image: (B, C, s², *grid)."""
    return torch.fft.irfft2(torch.fft.rfft2(image, s=grid)[:, :, None] * transfer, s=grid)


def _transfer(kernel: Tensor, scale: int, size: tuple[int, int]) -> Tensor:
    """Give the spectra of a kernel's phases, to be multiplied with those of (B, C, s², *size)."""
    of_a_part = scale**2 * size[0] * size[1] <= REMEMBERED
    return _spectra(kernel, scale, size) if of_a_part else _computed_spectra(kernel, scale, size)


def _computed_spectra(kernel: Tensor, scale: int, size: tuple[int, int]) -> Tensor:
    phases = phases_of(kernel, scale)
    reach, side = phases.shape[-1] // 2, phases.shape[-1]
    around = F.pad(phases, (0, size[1] - side, 0, size[0] - side))
    spectra = torch.fft.rfft2(around.roll((-reach, -reach), (-2, -1)))
    return spectra if kernel.ndim == 2 else spectra[:, None]


_spectra = computed_once(kept=24)(_computed_spectra)


def _mirrored(phases: Tensor, reach: int, grid: tuple[int, int]) -> Tensor:
    """Put (B, C, s, s, h, w) on a grid, `reach` px from its corner, with the HR image's mirror image around it."""
    height, width = phases.shape[-2:]
    wide = phases.new_zeros(*phases.shape[:-2], *grid)
    wide[..., reach : reach + height, reach : reach + width] = phases
    for phase, axis, length in ((2, 4, height), (3, 5, width)):
        first, last, missing = reach, reach + length, reach
        while missing > 0:
            step = min(missing, last - first)  # a full mirror image extends the pattern, so repeating is exact
            head = wide.narrow(axis, first, step).flip(phase, axis)
            tail = wide.narrow(axis, last - step, step).flip(phase, axis)
            wide.narrow(axis, first - step, step).copy_(head)
            wide.narrow(axis, last, step).copy_(tail)
            first, last, missing = first - step, last + step, missing - step
    return wide
