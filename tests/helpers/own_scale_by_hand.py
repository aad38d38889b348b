"""One lesson at the image's own scale, once more, by NumPy and SciPy; only chance is torch's."""

import math

import numpy as np
import torch
from scipy import ndimage

from helpers.bicubic_by_hand import resized


def chance(seed, update):
    """The source of all chance of an update, counted from 0."""
    return torch.Generator().manual_seed(seed + 1_000_003 * (update + 1))


def copy_of(picture, scale, shrink, crop, generator):
    """A smaller copy of an HR picture (H, W, C): size, place and turn are drawn in this order."""
    least = min(1.0, 8 * scale / min(picture.shape[:2]))
    size = max(shrink[0] + (shrink[1] - shrink[0]) * torch.rand((), generator=generator).item(), least)
    if crop:
        side = math.floor(math.floor(crop * scale) / size)
        for axis in (0, 1):
            length = min(side, picture.shape[axis])
            first = torch.randint(picture.shape[axis] - length + 1, (), generator=generator).item()
            picture = picture.take(range(first, first + length), axis)
    small = resized(picture, size, antialias=False)
    turn = torch.randint(8, (), generator=generator).item()
    small = small[::-1] if turn & 1 else small
    small = small[:, ::-1] if turn & 2 else small
    small = small.transpose(1, 0, 2) if turn & 4 else small
    if scale == int(scale):
        height, width = (extent - extent % int(scale) for extent in small.shape[:2])
        small = small[:height, :width]
    return small.clip(0, 1)


def made_small(copy, kernel, scale, subsampling, sigma, generator, quantize):
    """The LR image of a copy (H, W, C)."""
    blurred = ndimage.correlate(copy, kernel[:, :, None], mode="reflect")
    if subsampling == "bicubic":
        low = resized(blurred, 1 / scale)
    else:
        rows, columns = (
            [min(math.floor(i * scale + 0.5), extent - 1) for i in range(math.ceil(extent / scale))]
            for extent in copy.shape[:2]
        )
        low = blurred[rows][:, columns]
    if sigma:
        noise = torch.randn(1, low.shape[2], *low.shape[:2], generator=generator, dtype=torch.float64)
        low = low + sigma * noise[0].permute(1, 2, 0).numpy()
    return np.rint(low.clip(0, 1) * 255) / 255 if quantize else low
