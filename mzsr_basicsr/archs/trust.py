"""How far a network is trusted for kernels that Wiener's filter does not serve: they are unlike its training's."""

from collections.abc import Callable

import torch
from torch import Tensor

from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.linear import filter_serves, linear_upscale
from mzsr_basicsr.degradation.record import Degradation

SMALLEST = 48  # LR px; from a smaller image's son nothing is told of the correction


def in_doubt(lq: Tensor, degradation: Degradation) -> bool:
    """Tell whether the share of the correction is to be found: an odd kernel, and an image large enough for it."""
    return degradation.kernel.ndim == 2 and min(lq.shape[-2:]) >= SMALLEST and not filter_serves(degradation)


def trusted_share(lq: Tensor, degradation: Degradation, enlarge: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Find the share of the correction that brings the linear estimate nearest to the truth, on the image's son.

    There the truth is the image itself, and the share of least mean squared error has a closed form; it is kept
    between 0 and 1. So the result is no worse than the linear estimate, as far as the son tells.

    Args:
        lq: (B, C, h, w) LR image in [0, 1].
        degradation: of the image.
        enlarge: (son, its linear estimate) -> what the network makes of it, of the estimate's size.

    Returns:
        A number.
    """
    made = degradation.with_noise(0.0)
    with torch.no_grad():
        son = round_to_8_bits(made.apply(lq))
        base = linear_upscale(son, made)
        linear, whole = (x[..., : lq.shape[-2], : lq.shape[-1]].clamp(0, 1) for x in (base, enlarge(son, base)))
        step = whole - linear
        share = ((lq - linear) * step).sum() / step.square().sum().clamp_min(1e-12)
        return share.clamp(0, 1)
