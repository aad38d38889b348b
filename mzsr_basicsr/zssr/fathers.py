"""The training pairs of ZSSR (its paper, section 3.1): HR fathers made of the test image, and their LR sons."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.meta import Pairs
from mzsr_basicsr.signals.copies import cut_at_random, flipped
from mzsr_basicsr.zssr.settings import ZSSRSettings


@dataclass(frozen=True)
class Father:
    """An HR example (1, C, h, w), and its size relative to the test image's."""

    image: Tensor
    ratio: float


def make_fathers(image: Tensor, ratios: tuple[float, ...], of: float = 1.0) -> list[Father]:
    """Make smaller versions of an image (1, C, h, w) by MATLAB's bicubic; `of` is its own size to the test image's."""
    return [Father(image if ratio == 1 else imresize(image, scale=ratio).clamp(0, 1), ratio * of) for ratio in ratios]


def draw_pair(
    fathers: list[Father], degradation: Degradation, settings: ZSSRSettings, generator: torch.Generator
) -> Pairs:
    """Draw one pair: a father by its size, a crop of it, one of eight flips and transposes, and then its son.

    The son is degraded after the father was turned, so that every pair has the test image's own kernel and phase.

    Args:
        fathers: (1, C, h, w) each, RGB in [0, 1].
        degradation: how a father becomes a son.
        settings: crop, and noise and rounding of the son.
        generator: on the CPU.

    Returns:
        lq (1, C, ceil(h / s), ceil(w / s)) and gt (1, C, h, w), h and w at most the crop.
    """
    nearness = torch.tensor([min(father.ratio, 1 / father.ratio) for father in fathers])
    father = fathers[int(torch.multinomial(nearness, 1, generator=generator))].image
    part = cut_at_random(father, settings.crop, generator)
    gt = flipped(part, int(torch.randint(8, (), generator=generator)))
    son = degradation.with_noise(settings.son_noise).apply(gt, generator)
    return Pairs(round_to_8_bits(son) if settings.quantize_son else son, gt)
