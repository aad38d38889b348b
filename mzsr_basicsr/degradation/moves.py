"""Kernels moved on their grid: turned, as kernels of a convolution are, and brought back to their centre."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.degradation.spread import centre


def turned(kernel: Tensor) -> Tensor:
    """Turn kernels (..., k, k) by 180 degrees: correlation with the one is convolution with the other.

    Example:
        >>> import torch
        >>> turned(torch.arange(9).reshape(3, 3)).tolist()
        [[8, 7, 6], [5, 4, 3], [2, 1, 0]]
    """
    return kernel.flip((-2, -1))


def recentred(kernel: Tensor) -> Tensor:
    """Shift a kernel by whole px so that its centre of mass lies within half a px of its centre pixel in x and in y.

    An image blurred by the result is the same image, moved by those px: no weight is changed or lost. The side grows
    as far as it must, and rings of zeros are cut.

    Args:
        kernel: (k, k) of weights that are not negative, k odd.

    Returns:
        (k', k') of the same weights, k' odd.

    Example:
        >>> import torch
        >>> recentred(torch.tensor([[1.0, 0, 0], [0, 0, 0], [0, 0, 0]])).tolist()  # all its weight was at the top left
        [[1.0]]
    """
    right, down = (round(float(offset)) for offset in centre(kernel))
    room = max(abs(right), abs(down))
    moved = F.pad(kernel, (room - right, room + right, room - down, room + down))
    half = moved.shape[-1] // 2
    reach = int((moved.nonzero() - half).abs().max())
    return F.pad(moved, (reach - half,) * 4)
