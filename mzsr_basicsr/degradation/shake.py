"""Blur kernels of camera shake: the path of a point of light while a hand holds the camera and the shutter is open.

The hand is a mass that random pushes move, that a weak spring pulls back and friction slows, and that jerks now and
then. Equal times give equal light, so the path is brightest where the hand is slow. The model is our own, after what
recorded shakes look like: thin curved paths with bright ends and corners.
"""

import math

import torch
from torch import Tensor

STEPS = 64  # of the path; the shutter is open for all of them
NUMBERS = 6 + 4 * STEPS  # of the generator for one kernel
_BETWEEN = 16  # samples of the light to each step
_SMALLEST = 5.0  # px, extent of the smallest shakes
_JERKS = 1.2  # on the mean, in one path


def shake_kernel(generator: torch.Generator, size: int = 25) -> Tensor:
    """Draw a kernel of camera shake.

    Args:
        generator: advances by `NUMBERS` uniform numbers, whatever it draws.
        size: side in px, odd. The longer side of the path's box is uniform in 5 px to the size, but for paths that,
            centred by their mass, would leave the window: these are made smaller until they fit.

    Returns:
        (size, size) float64, not negative, sums to one; its centre of mass is that of the centre pixel. The line is
        about 1.5 to 2.5 px wide.
    """
    numbers = torch.rand(NUMBERS, dtype=torch.float64, generator=generator)
    extent, friction, spring, softness, start, speed = numbers[:6].tolist()
    nodes = _path(numbers[6:].view(STEPS, 4).tolist(), 0.02 + 0.2 * friction, 0.03 * spring**2, (start, speed))
    points = _samples(torch.tensor(nodes, dtype=torch.float64))
    points = points - points.mean(0)
    room = size // 2 - 1  # px from the centre pixel to the last but one, which leaves one for the softness
    box = float((points.amax(0) - points.amin(0)).max())
    asked = (min(_SMALLEST, size) + extent * max(size - _SMALLEST, 0.0) - 1) / box
    fits = max(room, 0) / float(points.abs().max())
    return _soften(splat(points * min(asked, fits), size), 0.2 * softness)


def seeded_shake(seed: int, size: int = 25) -> Tensor:
    """Draw the kernel of camera shake of a seed: (size, size) float64, the same for the same seed and size."""
    return shake_kernel(torch.Generator().manual_seed(seed), size)


def _path(pushes: list[list[float]], friction: float, spring: float, start: tuple[float, float]) -> list[list[float]]:
    """Move the hand; each push is two accelerations, the chance of a jerk and its angle, all in [0, 1]."""
    angle, speed = 2 * math.pi * start[0], 3 * start[1]
    vx, vy = speed * math.cos(angle), speed * math.sin(angle)
    x = y = 0.0
    nodes = [[x, y]]
    for along, down, jerk, turn in pushes:
        vx += along - 0.5 - friction * vx - spring * x
        vy += down - 0.5 - friction * vy - spring * y
        if jerk < _JERKS / STEPS:
            strength = 1.5 * math.hypot(vx, vy)
            vx += strength * math.cos(2 * math.pi * turn)
            vy += strength * math.sin(2 * math.pi * turn)
        x, y = x + vx, y + vy
        nodes.append([x, y])
    return nodes


def _samples(nodes: Tensor) -> Tensor:
    """Interpolate (n + 1, 2) nodes at equal times: (16 n, 2)."""
    parts = (torch.arange(_BETWEEN, dtype=torch.float64) + 0.5) / _BETWEEN
    return (nodes[:-1, None] + parts[:, None] * nodes.diff(dim=0)[:, None]).flatten(0, 1)


def splat(points: Tensor, size: int) -> Tensor:
    """Share the light of each point, (n, 2) as x and y from the centre pixel, among its four pixels, bilinearly."""
    places = points + size // 2
    corner = places.floor().clamp(0, max(size - 2, 0))
    right, low = (places - corner).unbind(1)
    column, row = corner.long().unbind(1)
    kernel = torch.zeros(size * size, dtype=torch.float64)
    for down, share_y in ((0, 1 - low), (1, low)):
        for across, share_x in ((0, 1 - right), (1, right)):
            index = ((row + down) * size + column + across).clamp(max=size * size - 1)
            kernel += torch.bincount(index, share_x * share_y, size * size)
    return kernel.view(size, size) / len(points)


def _soften(kernel: Tensor, share: float) -> Tensor:
    """Give this share of each pixel's light to either neighbour, along both sides; nothing is at the border."""
    for side in (0, 1):
        kernel = (1 - 2 * share) * kernel + share * (kernel.roll(1, side) + kernel.roll(-1, side))
    return kernel
