"""The fixed operations beside a network's own layers, as convolutions that run on images of any size.

The package computes them by Fourier transforms and by matrices made for one size; a file that takes any size needs the
same numbers from convolutions and gathers alone. All work on each channel by itself.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.resize import imresize


def mirrored(image: Tensor, margin: int) -> Tensor:
    """Extend (B, C, H, W) by its mirror image, the edge pixel repeated, as often as it takes: `margin` px all round."""
    for axis in (-2, -1):
        length = image.shape[axis]
        place = torch.arange(-margin, length + margin, device=image.device)
        last = place[-1:] - margin  # a tensor: ONNX has a remainder of tensors only
        place = place % (2 * last + 2)
        image = image.index_select(axis, torch.minimum(place, 2 * last + 1 - place))
    return image


class Spread(nn.Module):
    """Pass LR pixels through a filter that says what one of them adds to the HR pixels around it: a kernel per phase.

    The HR pixel i px below s times an LR pixel's place takes each s-th weight of the filter, so each of the s² phases
    is a convolution of the LR image, and the result comes folded, as `pixel_unshuffle` would fold the HR image.

    Args:
        filters: (2 R + 1, 2 R + 1), its centre on the HR pixel at the place of the LR pixel.
        scale: s, an integer.
        channels: of the image.
        mirror: the image goes on as its mirror image; else nothing (zeros) lies beyond its border.
    """

    weight: Tensor

    def __init__(self, filters: Tensor, scale: int, channels: int, mirror: bool) -> None:
        super().__init__()
        reach = filters.shape[-1] // 2
        self.margin, self.channels, self.mirror = -(-reach // scale), channels, mirror
        steps = torch.arange(-self.margin, self.margin + 1)
        places = reach + torch.arange(scale)[:, None] - scale * steps + 2 * scale  # (phase, tap); some lie outside
        around = F.pad(filters, (2 * scale,) * 4)
        phases = around[places[:, None, :, None], places[None, :, None, :]]  # (s, s, taps, taps)
        self.register_buffer("weight", phases.reshape(scale**2, 1, *phases.shape[-2:]).repeat(channels, 1, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        """Give (B, C s², h, w) of (B, C, h, w)."""
        if self.mirror:
            return F.conv2d(mirrored(image, self.margin), self.weight, groups=self.channels)
        return F.conv2d(image, self.weight, padding=self.margin, groups=self.channels)


class Degrade(nn.Module):
    """Make the LR image of an HR image, as `Degradation.apply` does without noise.

    Args:
        degradation: its scale is an integer, its kernel (k, k).
        channels: of the image.
    """

    kernel: Tensor
    taps: Tensor

    def __init__(self, degradation: Degradation, channels: int) -> None:
        super().__init__()
        self.scale, self.channels = int(degradation.scale), channels
        self.radius = degradation.kernel.shape[-1] // 2
        self.register_buffer("kernel", degradation.kernel.detach()[None, None].repeat(channels, 1, 1, 1))
        taps = bicubic_taps(self.scale) if degradation.subsampling == "bicubic" else torch.zeros(0)
        self.outside = (len(taps) - self.scale) // 2 if len(taps) else 0
        self.register_buffer("taps", taps.to(degradation.kernel).repeat(channels, 1, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        """Give (B, C, h, w) of (B, C, s h, s w)."""
        around = mirrored(image, self.radius) if self.radius else image
        if self.outside == 0:
            return F.conv2d(around, self.kernel, stride=self.scale, groups=self.channels)
        blurred = mirrored(F.conv2d(around, self.kernel, groups=self.channels), self.outside)
        rows = F.conv2d(blurred, self.taps.mT, stride=(self.scale, 1), groups=self.channels)
        return F.conv2d(rows, self.taps, stride=(1, self.scale), groups=self.channels)


def bicubic_taps(scale: int) -> Tensor:
    """Give the weights of the HR pixels in one LR pixel of bicubic subsampling, float64: from `outside` px before its
    s own pixels to as many after.
    """
    middle = 6  # an LR pixel whose taps all lie inside
    length = (2 * middle + 1) * scale
    ramp = torch.eye(length, dtype=torch.float64)[:, None, :].expand(-1, scale, -1)
    weights = imresize(ramp, scale=1 / scale)[:, 0, middle]
    outside = 2 * scale
    return weights[middle * scale - outside : (middle + 1) * scale + outside]


def bicubic_filter(scale: int) -> Tensor:
    """Give what one LR pixel adds to the HR pixels around it in bicubic enlargement, float64: (n, n), see `Spread`."""
    middle = 6
    point = torch.zeros(2 * middle + 1, 2 * middle + 1, dtype=torch.float64)
    point[middle, middle] = 1
    whole = upscale(point, scale)
    reach = 3 * scale
    place = slice(middle * scale - reach, middle * scale + reach + 1)
    return whole[place, place]
