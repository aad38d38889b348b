"""Smaller copies of a picture: how small, of which part, and which way round, all by chance."""

import cmath
import math

import torch
from torch import Tensor

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.signals.scene import SMALLEST

SOFT = (0.6, 0.95)  # copies for a kernel that leaves nothing to alias
HARD = (0.5, 0.95)  # for one that hardly blurs: a smaller copy is as full of detail as what aliased
LEFT = (0.15, 0.5)  # of the amplitude at the LR image's highest frequency; from the one to the other, range by range


def shrink_range(degradation: Degradation) -> tuple[float, float]:
    """Give the smallest and the largest size of a copy that suit a kernel.

    What the kernel leaves of the highest frequency that the LR image can hold says how much aliases. A picture
    estimated from it lacks the frequencies beyond; the more alias, the smaller a copy must be, so that its own band is
    full again.
    """
    share = aliasing(degradation)
    low, high = (soft + share * (hard - soft) for soft, hard in zip(SOFT, HARD, strict=True))
    return low, high


def aliasing(degradation: Degradation) -> float:
    """Rate how much a kernel lets alias: 0 for one that blurs all of it away, 1 for one that hardly blurs."""
    left = kept_at_nyquist(degradation)
    return min(max((left - LEFT[0]) / (LEFT[1] - LEFT[0]), 0.0), 1.0)


def kept_at_nyquist(degradation: Degradation) -> float:
    """Measure the kernel's amplitude at the LR image's highest frequency, the larger of rows and columns."""
    weights = degradation.told.detach().double().cpu()
    weights = weights.mean(0) if weights.ndim == 3 else weights
    offsets = torch.arange(weights.shape[-1]) - weights.shape[-1] // 2
    wave = [cmath.exp(-1j * math.pi * int(offset) / degradation.scale) for offset in offsets]
    sums = [weights.sum(axis).tolist() for axis in (0, 1)]
    return max(abs(sum(w * e for w, e in zip(line, wave, strict=True))) for line in sums)


def draw_copy(
    picture: Tensor, scale: float, shrink: tuple[float, float], crop: int, generator: torch.Generator
) -> Tensor:
    """Draw a smaller copy.

    It is made without antialiasing: bicubic interpolation alone keeps the band full, as that of a photograph is.

    Args:
        picture: (n, C, H, W) in [0, 1].
        scale: HR over LR; an integer one makes the copy's sides multiples of it.
        shrink: range of the copy's size over the picture's.
        crop: side of its LR image, px, at most; 0 for no limit.
        generator: on the CPU.

    Returns:
        (n, C, h, w), beyond [0, 1] by what the interpolation overshoots.
    """
    smallest = min(1.0, SMALLEST * scale / min(picture.shape[-2:]))
    size = max(shrink[0] + (shrink[1] - shrink[0]) * float(torch.rand((), generator=generator)), smallest)
    if crop:
        picture = cut_at_random(picture, int(int(crop * scale) / size), generator)
    small = flipped(imresize(picture, size, antialias=False), int(torch.randint(8, (), generator=generator)))
    if float(scale).is_integer():
        height, width = (int(extent // scale * scale) for extent in small.shape[-2:])
        small = small[..., :height, :width]
    return small.contiguous()


def cut_at_random(picture: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Cut a part of a picture (…, H, W), of at most `side` px along each axis."""
    for axis in (-2, -1):
        length = min(side, picture.shape[axis])
        first = int(torch.randint(picture.shape[axis] - length + 1, (), generator=generator))
        picture = picture.narrow(axis, first, length)
    return picture


def flipped(picture: Tensor, number: int) -> Tensor:
    """Flip rows, flip columns and transpose, by the bits of a number below 8."""
    picture = picture.flip([axis for axis, bit in ((-2, 1), (-1, 2)) if number & bit])
    return picture.transpose(-1, -2) if number & 4 else picture
