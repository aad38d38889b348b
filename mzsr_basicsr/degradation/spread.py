"""The spread of a kernel: its centre, its covariance, and the Gaussian of that covariance.

A symmetric 2x2 matrix is written as three numbers (xx, yy, xy), x = column, to the right, and y = row, downward.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

_ROUNDING = 1e-6  # of λ1: by how much the variances of a round kernel may differ


class Gaussian(NamedTuple):
    """Variances λ1 >= λ2 in px², and the angle Θ of λ1's axis in radians, in [0, π); 0 where they are equal.

    Example:
        >>> Gaussian(lambda1=4.0, lambda2=1.0, theta=0.0).lambda1 ** 0.5  # the deviation along the long axis, px
        2.0
    """

    lambda1: float
    lambda2: float
    theta: float


def covariance(kernel: Tensor) -> Tensor:
    """Measure kernels (..., k, k) about their centre of mass: (..., 3) in px².

    Example:
        >>> covariance(torch.tensor([[0, 0, 0], [0.5, 0, 0.5], [0, 0, 0]])).tolist()
        [1.0, 0.0, 0.0]
    """
    x, y = offsets(kernel)
    total = kernel.sum((-2, -1), keepdim=True).clamp_min(1e-12)
    weights = kernel / total
    x = x - (weights * x).sum((-2, -1), keepdim=True)
    y = y - (weights * y).sum((-2, -1), keepdim=True)
    return torch.stack([(weights * product).sum((-2, -1)) for product in (x * x, y * y, x * y)], dim=-1)


def centre(kernel: Tensor) -> Tensor:
    """Measure the centre of mass of kernels (..., k, k): (..., 2) as (x, y) offsets in px from the centre pixel.

    Example:
        >>> centre(torch.tensor([[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])).tolist()  # 1 px right, half a px up
        [1.0, -0.5]
    """
    x, y = offsets(kernel)
    return torch.stack([(kernel * axis).sum((-2, -1)) for axis in (x, y)], dim=-1)


def as_gaussian(spread: Tensor) -> Gaussian:
    """Name a covariance (3,) by its two variances and its angle.

    Example:
        >>> [round(value, 2) for value in as_gaussian(torch.tensor([1.0, 4.0, 0.0]))]  # its long axis is vertical
        [4.0, 1.0, 1.57]
    """
    values, axes = torch.linalg.eigh(matrix(spread.double()))
    smaller, larger = (float(value) for value in values)
    theta = math.atan2(float(axes[1, 1]), float(axes[0, 1])) % math.pi
    if larger - smaller <= _ROUNDING * larger:  # any axis is as good: no chance shall choose one
        theta = 0.0
    return Gaussian(larger, max(smaller, 0.0), theta)


def in_words(kernel: Tensor) -> str:
    """Describe a kernel (k, k), or how many there are, (B, k, k), for people.

    Example:
        >>> from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
        >>> in_words(gaussian_kernel(4.0, 1.0, 0.5, size=21)), in_words(delta_kernel(3))
        ('21x21 px kernel, λ 4.00 and 1.00 px² at 0.50 rad', 'no blur')
    """
    side = kernel.shape[-1]
    if kernel.ndim == 3:
        return f"{len(kernel)} kernels of {side}x{side} px"
    lambda1, lambda2, theta = as_gaussian(covariance(kernel.detach().cpu().double()))
    if lambda1 == 0 and not any(centre(kernel)):
        return "no blur"
    return f"{side}x{side} px kernel, λ {lambda1:.2f} and {lambda2:.2f} px² at {theta:.2f} rad"


def offsets(kernel: Tensor) -> tuple[Tensor, Tensor]:
    """Give each weight's place (x, y) about the centre pixel, px: two (k, k).

    Example:
        >>> x, y = offsets(torch.zeros(3, 3))
        >>> x[0].tolist(), y[0].tolist()  # of the top row
        ([-1.0, 0.0, 1.0], [-1.0, -1.0, -1.0])
    """
    side = kernel.shape[-1]
    axis = torch.arange(side, dtype=kernel.dtype, device=kernel.device) - side // 2
    return axis[None, :].expand(side, side), axis[:, None].expand(side, side)


def matrix(numbers: Tensor) -> Tensor:
    """Write (..., 3) as symmetric matrices (..., 2, 2).

    Example:
        >>> matrix(torch.tensor([4.0, 1.0, 0.5])).tolist()
        [[4.0, 0.5], [0.5, 1.0]]
    """
    xx, yy, xy = numbers.unbind(-1)
    return torch.stack([torch.stack([xx, xy], -1), torch.stack([xy, yy], -1)], -2)
