"""Other kernels than Gaussians for training, by name: `SHAPES` draws one of a shape; add your own to it.

A drawn kernel is (size, size) float64, not negative, sums to one, and lies in the window: extents are uniform up to
what it holds. `shapes.sample_shape` draws narrower ones, of four of the shapes at once.
"""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.shake import shake_kernel
from mzsr_basicsr.degradation.shapes import box_kernel, disk_kernel, motion_kernel, pair_kernel, sample_shape
from mzsr_basicsr.errors import ConfigError

Draw = Callable[[int, torch.Generator], Tensor]  # (odd side in px, generator) -> kernel

_RADIUS, _LENGTH, _REACH = 6.0, 15.0, 8.0  # px, the largest disks, motions and free kernels
_PARTS = 4  # Gaussians that a free kernel is the sum of


def draw_disk(size: int, generator: torch.Generator) -> Tensor:
    """Draw a disk of radius 0.5 to 6 px; the generator advances by 1 number."""
    return disk_kernel(_between(_uniform(1, generator)[0], 0.5, min(_RADIUS, size / 2 - 1)), size)


def draw_box(size: int, generator: torch.Generator) -> Tensor:
    """Draw a box of side 1 to 12 px; the generator advances by 1 number."""
    return box_kernel(_between(_uniform(1, generator)[0], 1, min(2 * _RADIUS, size - 2)), size)


def draw_motion(size: int, generator: torch.Generator) -> Tensor:
    """Draw a straight motion of 1 to 15 px at any angle; the generator advances by 2 numbers."""
    length, turn = _uniform(2, generator)
    return motion_kernel(_between(length, 1, min(_LENGTH, size - 2)), 180 * turn, size)


def draw_pair(size: int, generator: torch.Generator) -> Tensor:
    """Draw two Gaussians of variance 0.2 to 2 px², 1 to 5 px apart; the generator advances by 3 numbers."""
    variance, distance, turn = _uniform(3, generator)
    return pair_kernel(0.2 + 1.8 * variance, _between(distance, 1, min(5, size / 2)), 180 * turn, size)


def draw_shake(size: int, generator: torch.Generator) -> Tensor:
    """Draw a camera shake of 5 px to the size; the generator advances by `shake.NUMBERS`."""
    return shake_kernel(generator, size)


def draw_delta(size: int, generator: torch.Generator) -> Tensor:
    """Give the kernel that blurs nothing; the generator stays."""
    return delta_kernel(size)


def draw_free(size: int, generator: torch.Generator) -> Tensor:
    """Draw a smooth blob: four Gaussians of different size, form, weight and place, centred by their mass.

    Most of it lies within a reach of 1.5 to 8 px of the centre pixel; the generator advances by 25 numbers.
    """
    numbers = torch.rand(1 + 6 * _PARTS, dtype=torch.float64, generator=generator)
    reach = _between(float(numbers[0]), 1.5, min(_REACH, size / 2 - 1))
    x, y, wide, thin, turn, weight = numbers[1:].view(6, _PARTS)
    weight = weight / weight.sum()
    x, y = (0.8 * reach * (place - (weight * place).sum()) for place in (x, y))
    axis = torch.arange(size, dtype=torch.float64) - size // 2
    right, down = axis[None, None, :] - x[:, None, None], axis[None, :, None] - y[:, None, None]
    c, s = (value[:, None, None] for value in (torch.cos(math.pi * turn), torch.sin(math.pi * turn)))
    sd1, sd2 = ((0.35 * reach * 0.3**n).clamp_min(0.5)[:, None, None] for n in (wide, thin))
    blobs = torch.exp(-0.5 * (((c * right + s * down) / sd1) ** 2 + ((c * down - s * right) / sd2) ** 2)) / (sd1 * sd2)
    kernel = (weight[:, None, None] * blobs).sum(0)
    return kernel / kernel.sum()


SHAPES: dict[str, Draw] = {
    "disk": draw_disk,
    "box": draw_box,
    "motion": draw_motion,
    "pair": draw_pair,
    "shake": draw_shake,
    "delta": draw_delta,
    "free": draw_free,
}


def shape_draws(shapes: float | Mapping[str, float], where: str) -> list[tuple[Draw, float]]:
    """Read `kernel_law.shapes`.

    Args:
        shapes: the share of all of `shapes.sample_shape`, or a share for each name of `SHAPES`.
        where: the option, for messages.

    Returns:
        Drawing functions with the shares of the kernels that are theirs; none that are 0.

    Raises:
        ConfigError: an unknown name, or more than there is to share.
    """
    if not isinstance(shapes, Mapping):
        return [(sample_shape, shapes)] if shapes else []
    for name in shapes:
        if name not in SHAPES:
            raise ConfigError(f"{where}.{name}: unknown shape; allowed: {', '.join(SHAPES)}")
    if sum(shapes.values()) > 1 + 1e-9:
        raise ConfigError(f"{where}: the shares sum to {sum(shapes.values()):g}; they must sum to at most 1")
    return [(SHAPES[name], share) for name, share in shapes.items() if share]


def _uniform(count: int, generator: torch.Generator) -> list[float]:
    numbers: list[float] = torch.rand(count, dtype=torch.float64, generator=generator).tolist()
    return numbers


def _between(share: float, low: float, high: float) -> float:
    return low + share * max(high - low, 0.0)
