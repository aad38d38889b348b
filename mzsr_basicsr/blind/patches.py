"""What KernelNet is shown of an image: the luma of its liveliest patches."""

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.adaptation.lively import slope
from mzsr_basicsr.blind.kernel_net import FINE, PATCH

PATCHES = 16  # at most, of one image; more do not help
STRIDE = PATCH // 3  # LR px between the places where a patch may lie
_LUMA = (0.299, 0.587, 0.114)


def luma_of(image: Tensor) -> Tensor:
    """Give the luma of (n, 3, h, w) RGB, or the mean of other bands: (n, 1, h, w) float32."""
    bands = image.shape[1]
    weights = image.new_tensor(_LUMA if bands == 3 else [1 / bands] * bands)
    return torch.einsum("bchw,c->bhw", image, weights)[:, None].float()


def lively_patches(luma: Tensor) -> Tensor:
    """Cut the patches of the largest mean gradient out of (n, 1, h, w): (patches, 1, 96, 96), or smaller images whole.

    Of each image as many are taken, `PATCHES` together. Images below 32 px are continued by their mirror image.
    """
    for axis in (-2, -1):
        while luma.shape[axis] < FINE:
            count = min(FINE - luma.shape[axis], luma.shape[axis])
            luma = torch.cat([luma, luma.flip(axis).narrow(axis, 0, count)], dim=axis)
    rows, columns = (min(PATCH, extent) for extent in luma.shape[-2:])
    energy = F.avg_pool2d(slope(luma), (rows, columns), STRIDE)[:, 0]
    each = max(1, PATCHES // len(luma))
    patches = []
    for image, own in zip(luma, energy, strict=True):
        for place in own.flatten().argsort(descending=True, stable=True)[:each].tolist():
            top, left = STRIDE * (place // own.shape[1]), STRIDE * (place % own.shape[1])
            patches.append(image[None, :, top : top + rows, left : left + columns])
    return torch.cat(patches)
