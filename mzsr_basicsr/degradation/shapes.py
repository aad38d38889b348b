"""Blur kernels that are not Gaussian: disk (defocus), box (pixel binning), straight motion, and a pair of Gaussians.

Each is a (size, size) float64 tensor, [row, column], size odd, that sums to one. Outlines are averaged over
each pixel's area, by 8 x 8 samples. Angles turn clockwise on the screen, as in `kernels.gaussian_kernel`.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from mzsr_basicsr.degradation.kernel_text import check_extents
from mzsr_basicsr.degradation.kernels import gaussian_kernel

_SAMPLES = 8


def disk_kernel(radius: float, size: int | None = None) -> Tensor:
    """Build a uniform disk; radius in px.

    Example:
        >>> round(1 / disk_kernel(radius=4.0).max().item())  # its area, π 4², in px
        50
    """
    check_extents("disk", radius)
    return _filled(lambda x, y: x**2 + y**2 <= radius**2, radius, size)


def box_kernel(side: float, size: int | None = None) -> Tensor:
    """Build a uniform square; side in px.

    Example:
        >>> box_kernel(side=2.0).tolist()
        [[0.0625, 0.125, 0.0625], [0.125, 0.25, 0.125], [0.0625, 0.125, 0.0625]]
    """
    check_extents("box", side)
    return _filled(lambda x, y: (x.abs() <= side / 2) & (y.abs() <= side / 2), side / 2, size)


def motion_kernel(length: float, degrees: float = 0.0, size: int | None = None) -> Tensor:
    """Build a straight line one px wide; length in px, from end to end.

    Example:
        >>> motion_kernel(length=4.0)[2].tolist()  # the middle row; half of each end pixel is covered
        [0.125, 0.25, 0.25, 0.25, 0.125]
    """
    check_extents("motion", length)
    c, s = _direction(degrees)
    return _filled(
        lambda x, y: ((c * x + s * y).abs() <= length / 2) & ((c * y - s * x).abs() <= 0.5), length / 2 + 0.5, size
    )


def pair_kernel(variance: float, distance: float, degrees: float = 0.0, size: int | None = None) -> Tensor:
    """Build two equal Gaussians side by side: variance of each in px², distance of their centres in px.

    Example:
        >>> from mzsr_basicsr.degradation.spread import covariance
        >>> kernel = pair_kernel(variance=1.0, distance=4.0)
        >>> [round(value, 2) for value in covariance(kernel)[:2].tolist()]  # 1 + (4 / 2)² to the right, 1 downward
        [5.0, 1.0]
    """
    check_extents("pair", variance, distance)
    side = size or _side(distance / 2 + 4 * math.sqrt(variance))
    c, s = _direction(degrees)
    axis = torch.arange(side, dtype=torch.float64) - side // 2
    x, y = axis[None, :], axis[:, None]
    squares = [(x - sign * c * distance / 2) ** 2 + (y - sign * s * distance / 2) ** 2 for sign in (-1, 1)]
    weights = torch.exp(-0.5 * squares[0] / variance) + torch.exp(-0.5 * squares[1] / variance)
    return weights / weights.sum()


def sample_shape(size: int, generator: torch.Generator) -> Tensor:
    """Draw one shape and its parameters: (size, size) float64.

    Disks of radius 0.5 to 3 px, boxes of 1 to 6 px, motion of 1 to 9 px, pairs of variance 0.2 to 2 px² and
    distance 1 to 5 px, at any angle, each shape as often as the others. The generator advances by 4 numbers.

    Example:
        >>> kernel = sample_shape(15, torch.Generator().manual_seed(0))
        >>> kernel.shape, round(kernel.sum().item(), 6)
        (torch.Size([15, 15]), 1.0)
    """
    choice, first, second, turn = torch.rand(4, dtype=torch.float64, generator=generator).tolist()
    degrees = 180 * turn
    if choice < 0.25:
        return disk_kernel(0.5 + 2.5 * first, size)
    if choice < 0.5:
        return box_kernel(1 + 5 * first, size)
    if choice < 0.75:
        return motion_kernel(1 + 8 * first, degrees, size)
    return pair_kernel(0.2 + 1.8 * first, 1 + 4 * second, degrees, size)


def same_spread(kernel: Tensor) -> Tensor:
    """Build the Gaussian of a kernel's own covariance, which is what one would guess who knows no more of it.

    Args:
        kernel: (k, k).

    Returns:
        (k, k), centred.

    Example:
        >>> from mzsr_basicsr.degradation.spread import covariance
        >>> disk = disk_kernel(radius=4.0, size=21)
        >>> [round(covariance(kernel)[0].item(), 1) for kernel in (disk, same_spread(disk))]  # px²
        [4.1, 4.1]
    """
    axis = torch.arange(kernel.shape[-1], dtype=torch.float64) - kernel.shape[-1] // 2
    weights = kernel.double()
    x, y = axis[None, :], axis[:, None]
    mean_x, mean_y = (weights * x).sum(), (weights * y).sum()
    xx = (weights * (x - mean_x) ** 2).sum()
    yy = (weights * (y - mean_y) ** 2).sum()
    xy = (weights * (x - mean_x) * (y - mean_y)).sum()
    values, vectors = torch.linalg.eigh(torch.stack([torch.stack([xx, xy]), torch.stack([xy, yy])]))
    lambda2, lambda1 = values.clamp_min(0.05).tolist()
    return gaussian_kernel(lambda1, lambda2, math.atan2(float(vectors[1, 1]), float(vectors[0, 1])), kernel.shape[-1])


def _filled(inside: Callable[[Tensor, Tensor], Tensor], reach: float, size: int | None) -> Tensor:
    side = size or _side(reach)
    axis = (torch.arange(side * _SAMPLES, dtype=torch.float64) + 0.5) / _SAMPLES - side / 2
    covered = inside(axis[None, :], axis[:, None]).double()
    weights = covered.unflatten(0, (side, _SAMPLES)).unflatten(2, (side, _SAMPLES)).mean((1, 3))
    return weights / weights.sum()


def _side(reach: float) -> int:
    """Smallest odd side that holds everything within `reach` px of the centre."""
    return 2 * math.ceil(reach - 0.5) + 1


def _direction(degrees: float) -> tuple[float, float]:
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
