"""The best linear estimate of many small patches at once, as the training of a network needs it at every iteration.

A patch is smaller than the reach of Wiener's filter, so its mirror image is continued without end: with a period of
twice the patch, one Fourier transform of that size applies the whole filter, and none has to be cut.
"""

import torch
from torch import Tensor

from mzsr_basicsr.degradation.linear import MISSED, solve
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import distinct, wiener_transfer


def upscale_patches(image: Tensor, degradation: Degradation) -> Tensor:
    """Enlarge patches by Wiener's estimate; where that does not give the patch again, by the exact one (`linear.py`).

    Args:
        image: (B, C, h, w) LR patches in [0, 1].
        degradation: of the patches, its kernels (B, k, k), its scale an integer.

    Returns:
        (B, C, scale * h, scale * w), not clipped, of the patches' dtype; aligned with the HR patches.
    """
    told = Degradation(degradation.told.to(image), degradation.scale, noise=degradation.noise)
    few, counts = distinct(told)
    base = _mirrored_upscale(image, few, counts)
    made = Degradation(told.kernel, told.scale).apply(base)
    noise = torch.as_tensor(few.noise).to(image).expand(len(counts)).repeat_interleave(counts)
    missed = (made - image).square().mean((-3, -2, -1))
    wrong = missed > (MISSED / 255) ** 2 + (2 * noise) ** 2
    number = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)  # of each patch's kernel
    unserved = torch.zeros_like(counts).index_add(0, number, wrong.to(counts))[number] > 0  # as one, or none
    if bool(unserved.any()):
        base[unserved] = solve(image[unserved], Degradation(told.kernel[unserved], told.scale, noise=noise[unserved]))
    return base


def _mirrored_upscale(image: Tensor, few: Degradation, counts: Tensor) -> Tensor:
    """Apply the whole filter to the patches and their mirror images; `few` has one kernel for `counts` patches each."""
    scale, (height, width) = int(few.scale), image.shape[-2:]
    transfer = wiener_transfer(few, (2 * height, 2 * width)).repeat_interleave(counts, dim=0)
    mirrored = torch.cat([image, image.flip(-2)], dim=-2)
    mirrored = torch.cat([mirrored, mirrored.flip(-1)], dim=-1)
    kept = torch.arange(transfer.shape[-1], device=image.device) % (2 * width)
    spectrum = torch.fft.fft2(mirrored)[..., kept].repeat(1, 1, scale, 1)  # periodic in the HR frequencies
    whole = torch.fft.irfft2(spectrum * transfer[:, None], s=(2 * scale * height, 2 * scale * width))
    return whole[..., : scale * height, : scale * width].contiguous()
