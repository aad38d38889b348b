"""Blur with subsampling, and filters that enlarge, phase by phase: every Fourier transform is one of the LR size.

An image of s h x s w px folded by its s² phases (`pixel_unshuffle`) is s² images of h x w px. With the phases of a
kernel k, k_i(d) = k(s d + i), direct subsampling of a correlation is y = Σ_i k_i ⋆ x_i, and a filter that enlarges is
x_i = k_i * y. Their cost does not depend on the size of the kernel: s² transforms of each plane.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.degradation.fast_length import fast_length


def phases_of(kernel: Tensor, scale: int) -> Tensor:
    """Fold a kernel (..., n, n), n odd: (..., s², m, m), m odd; the phase of row i and column j is number s i + j."""
    reach = kernel.shape[-1] // 2
    low = -(-reach // scale)
    before, after = scale * low - reach, scale * low + scale - 1 - reach
    return F.pixel_unshuffle(F.pad(kernel, (before, after, before, after))[..., None, :, :], scale)


def reach_of_phases(kernel: Tensor, scale: int) -> int:
    """Give how far the phases of a kernel reach, LR px."""
    return -(-(kernel.shape[-1] // 2) // scale)


def fold_down(folded: Tensor, kernel: Tensor, scale: int) -> Tensor:
    """Correlate an HR image with a kernel and keep its top-left phase, as `degrade.blur_and_keep` does.

    Args:
        folded: (B, C s², h, w), the HR image by its phases; its border repeats the edge pixel.
        kernel: (n, n) or (B, n, n).
        scale: an integer.

    Returns:
        (B, C, h, w).
    """
    height, width = folded.shape[-2:]
    reach = reach_of_phases(kernel, scale)
    wide = _mirrored(folded.unflatten(1, (-1, scale, scale)), reach)
    size = _size(height + 2 * reach, width + 2 * reach)
    spectrum = torch.fft.rfft2(wide.flatten(2, 3), s=size)
    transfer = _transfer(kernel, scale, size).conj()
    kept = torch.fft.irfft2(_summed(spectrum * transfer), s=size)
    return kept[..., reach : reach + height, reach : reach + width]


def filter_up(image: Tensor, filters: Tensor, scale: int) -> Tensor:
    """Pass LR pixels through a filter, with nothing (zeros) beyond the border.

    Args:
        image: (B, C, h, w).
        filters: (n, n) or (B, n, n): what an LR pixel adds to the HR pixels around it.
        scale: an integer.

    Returns:
        (B, C s², h, w), the HR image by its phases.
    """
    height, width = image.shape[-2:]
    reach = reach_of_phases(filters, scale)
    size = _size(max(height, reach + 1) + reach, max(width, reach + 1) + reach)  # the filter itself fits in
    return _passed(image, filters, scale, size)[..., :height, :width].flatten(1, 2)


def filter_up_mirrored(image: Tensor, filters: Tensor, scale: int) -> Tensor:
    """Do as `filter_up`, with the image's mirror image beyond the border."""
    height, width = image.shape[-2:]
    reach = reach_of_phases(filters, scale)
    padded = mirrored(mirrored(image, -2, reach), -1, reach)
    passed = _passed(padded, filters, scale, (padded.shape[-2], padded.shape[-1]))
    return passed[..., reach : reach + height, reach : reach + width].flatten(1, 2)


def mirrored(image: Tensor, axis: int, margin: int) -> Tensor:
    """Extend an axis by its mirror image: `margin` px before, and after it as many or a few more, for a fast length."""
    length = image.shape[axis]
    total = fast_length(length + 2 * margin)
    place = torch.arange(-margin, total - margin, device=image.device) % (2 * length)
    return image.index_select(axis, torch.minimum(place, 2 * length - 1 - place))


def _passed(image: Tensor, filters: Tensor, scale: int, size: tuple[int, int]) -> Tensor:
    """Filter a periodic image: (B, C, s², *size)."""
    spectrum = torch.fft.rfft2(image, s=size)[:, :, None]
    return torch.fft.irfft2(spectrum * _transfer(filters, scale, size), s=size)


def _transfer(kernel: Tensor, scale: int, size: tuple[int, int]) -> Tensor:
    """Give the spectra of a kernel's phases, to be multiplied with those of (B, C, s², *size)."""
    phases = phases_of(kernel, scale)
    reach, side = phases.shape[-1] // 2, phases.shape[-1]
    around = F.pad(phases, (0, size[1] - side, 0, size[0] - side))
    spectra = torch.fft.rfft2(around.roll((-reach, -reach), (-2, -1)))
    return spectra if kernel.ndim == 2 else spectra[:, None]


def _summed(spectrum: Tensor) -> Tensor:
    """Add the phases up: (B, C, s², ...) to (B, C, ...)."""
    return spectrum.sum(2)


def _size(height: int, width: int) -> tuple[int, int]:
    return fast_length(height), fast_length(width)


def _mirrored(phases: Tensor, reach: int) -> Tensor:
    """Extend (B, C, s, s, h, w) by `reach` px on all sides, as the HR image's mirror image, its edge pixel repeated."""
    for phase, axis in ((2, 4), (3, 5)):
        missing = reach
        while missing > 0:
            length = phases.shape[axis]
            step = min(missing, length)  # a full mirror image extends the pattern, so repeating is exact
            head = phases.narrow(axis, 0, step).flip(phase, axis)
            tail = phases.narrow(axis, length - step, step).flip(phase, axis)
            phases = torch.cat((head, phases, tail), dim=axis)
            missing -= step
    return phases
