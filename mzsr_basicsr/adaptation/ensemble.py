"""Geometric self-ensemble that knows about kernels and phases.

A flipped LR image is the LR image of the flipped HR image under the flipped kernel. So only those of the eight flips
and transposes are used that leave the kernel as it is (all for an isotropic Gaussian, the half turn for any Gaussian).
Under direct subsampling a flip also moves the sampling phase from the top-left to another corner, by s - 1 px.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mzsr_basicsr.degradation.record import Degradation

Transform = tuple[bool, bool, bool]  # flip rows, flip columns, then transpose
_TOLERANCE = 1e-3  # largest change of the kernel, relative to its largest entry


def super_resolve_ensemble(run: Callable[[Tensor], Tensor], lq: Tensor, degradation: Degradation) -> Tensor:
    """Average the results for all transforms that leave the kernel as it is.

    Args:
        run: the network, (1, C, h, w) -> (1, C, H, W).
        lq: (1, C, h, w).
        degradation: its kernel is (k, k); for a real scale with direct subsampling no flip keeps the grid, so none is
            used.

    Returns:
        (1, C, H, W); the few border pixels that a shifted result does not reach are averaged over the others.
    """
    total, count = torch.zeros(()), torch.zeros(())
    for result, valid in aligned_results(run, lq, degradation):
        total, count = total + result, count + valid
    return total / count


def aligned_results(
    run: Callable[[Tensor], Tensor], lq: Tensor, degradation: Degradation
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the result for each transform, turned back, and 1 where it is valid or else 0; the identity comes first.

    The arguments are those of `super_resolve_ensemble`.
    """
    result = run(lq)
    yield result, torch.ones_like(result)
    for transform in _kept(degradation):
        shift = int(degradation.scale) - 1 if degradation.subsampling == "direct" else 0
        result = _shift(run(_apply(lq, transform)), transform, shift)
        valid = _shift(torch.ones_like(result), transform, shift)
        yield _undo(result, transform), _undo(valid, transform)


def _kept(degradation: Degradation) -> Iterator[Transform]:
    """List the transforms but the identity that leave the kernel as it is."""
    kernel, real = degradation.kernel, not float(degradation.scale).is_integer()
    for number in range(1, 8):
        rows, columns, transpose = bool(number & 1), bool(number & 2), bool(number & 4)
        off_grid = degradation.subsampling == "direct" and real and (rows or columns)
        same = (_apply(kernel, (rows, columns, transpose)) - kernel).abs().max() <= _TOLERANCE * kernel.abs().max()
        if same and not off_grid:
            yield rows, columns, transpose


def _apply(image: Tensor, transform: Transform) -> Tensor:
    rows, columns, transpose = transform
    axes = [axis for axis, flipped in ((-2, rows), (-1, columns)) if flipped]
    image = image.flip(axes)
    return image.transpose(-1, -2) if transpose else image


def _undo(image: Tensor, transform: Transform) -> Tensor:
    rows, columns, transpose = transform
    image = image.transpose(-1, -2) if transpose else image
    axes = [axis for axis, flipped in ((-2, rows), (-1, columns)) if flipped]
    return image.flip(axes)


def _shift(image: Tensor, transform: Transform, pixels: int) -> Tensor:
    """Move a result of a flipped image by the phase difference; zeros enter from outside."""
    rows, columns, transpose = transform
    for axis, flipped in ((-1 if transpose else -2, rows), (-2 if transpose else -1, columns)):
        if flipped and pixels:
            image = torch.roll(image, pixels, dims=axis)
            image = image.clone()
            image.narrow(axis, 0, pixels).zero_()
    return image
