"""The blur kernel of a path that somebody draws: a point of light that moves along it at an even speed."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mzsr_basicsr.degradation.shake import splat
from mzsr_basicsr.errors import KernelError

LARGEST = 20.0  # px, farthest corner from the place where drawing began
_SAMPLES = 16  # of the light, for each px
_SMALLEST_SIDE = 5  # px


def path_kernel(points: Sequence[tuple[float, float]]) -> Tensor:
    """Make the kernel of a path.

    Args:
        points: its corners, (x, y) in px to the right and down, each at most `LARGEST` from 0. A path of no length
            blurs nothing.

    Returns:
        (k, k) float64, k odd, not negative, sums to one; its centre of mass is the middle of its centre pixel, and
        nothing is at its border.

    Raises:
        KernelError: no corner, or one too far away.
    """
    if not points or not all(math.isfinite(c) and abs(c) <= LARGEST for point in points for c in point):
        raise KernelError(f"path: give corners of at most {LARGEST:g} px to each side; draw the path anew")
    corners = torch.tensor(points, dtype=torch.float64)
    light = _even(corners)
    light = light - light.mean(0)
    half = max(_SMALLEST_SIDE // 2, math.ceil(float(light.abs().max())) + 1)
    return splat(light, 2 * half + 1)


def _even(corners: Tensor) -> Tensor:
    """Give points at even steps along the line through the corners, (n, 2)."""
    moves = corners.diff(dim=0)
    lengths = moves.norm(dim=1)
    moves, lengths, starts = moves[lengths > 0], lengths[lengths > 0], corners[:-1][lengths > 0]
    if not len(lengths):
        return corners[:1]
    ends = lengths.cumsum(0)
    count = max(2, math.ceil(float(ends[-1]) * _SAMPLES))
    at = (torch.arange(count, dtype=torch.float64) + 0.5) / count * ends[-1]
    part = torch.searchsorted(ends, at).clamp(max=len(lengths) - 1)
    share = (at - (ends - lengths)[part]) / lengths[part]
    return starts[part] + share[:, None] * moves[part]
