"""The fixed operations beside a network's own layers, as convolutions that run on images of any size.

The package computes them by Fourier transforms and by matrices made for one size; a file that takes any size needs the
same numbers from convolutions and gathers alone. All work on each channel by itself.

A large kernel on one channel is slow everywhere. So pixels are folded in blocks into channels, which makes of it a
small kernel on many channels, of few more operations: 3 to 60 times faster, measured on 41 x 41 weights for 4 phases.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.resize import imresize

BLOCK = 4  # LR px, side of the blocks


def mirrored(image: Tensor, before: int, lengths: tuple[int, int]) -> Tensor:
    """Extend (B, C, H, W) by its mirror image, the edge pixel repeated, as often as it takes.

    Args:
        image: any size.
        before: px at the top and at the left.
        lengths: (H', W') of the result.
    """
    for axis, length in zip((-2, -1), lengths, strict=True):
        rows = torch.arange(image.shape[axis], device=image.device)
        period = 2 * rows[-1:] + 2  # a tensor: ONNX has a remainder of tensors only
        place = torch.arange(-before, length - before, device=image.device) % period
        image = image.index_select(axis, torch.minimum(place, period - 1 - place))
    return image


class _Folded(nn.Module):
    """A convolution of each channel by itself, from blocks of pixels to blocks of pixels.

    Args:
        weight: (outputs * out², in², n, n), n odd: output blocks by input blocks.
        sides: (in, out) of the blocks, px; in is a multiple of out.
        mirror: the image goes on as its mirror image; else nothing (zeros) lies beyond its border.
    """

    weight: Tensor

    def __init__(self, weight: Tensor, sides: tuple[int, int], mirror: bool) -> None:
        super().__init__()
        (self.wide, self.narrow), self.mirror = sides, mirror
        self.around = weight.shape[-1] // 2
        self.register_buffer("weight", weight.contiguous())

    def forward(self, image: Tensor) -> Tensor:
        """Give (B, C * outputs, H out / in, W out / in) of (B, C, H, W)."""
        channels, size = image.shape[1], image.shape[-2:]
        planes = image.flatten(0, 1).unsqueeze(1)
        before = self.around * self.wide
        height, width = (self.wide * ((extent + self.wide - 1) // self.wide + 2 * self.around) for extent in size)
        if self.mirror:
            planes = mirrored(planes, before, (height, width))
        else:
            planes = F.pad(planes, (before, width - size[1] - before, before, height - size[0] - before))
        made = F.pixel_shuffle(F.conv2d(F.pixel_unshuffle(planes, self.wide), self.weight), self.narrow)
        step = self.wide // self.narrow
        return made[..., : size[0] // step, : size[1] // step].unflatten(0, (-1, channels)).flatten(1, 2)


class Spread(_Folded):
    """Pass LR pixels through a filter that says what one of them adds to the HR pixels around it: a kernel per phase.

    The HR pixel i px below s times an LR pixel's place takes each s-th weight of the filter, so each of the s² phases
    is a convolution of the LR image, and the result (B, C s², h, w) is the HR image as `pixel_unshuffle` folds it.

    Args:
        filters: (2 R + 1, 2 R + 1), its centre on the HR pixel at the place of the LR pixel.
        scale: s, an integer.
        mirror: see `_Folded`.
    """

    def __init__(self, filters: Tensor, scale: int, mirror: bool) -> None:
        reach = filters.shape[-1] // 2
        around = -(-reach // (scale * BLOCK))
        phase, out, block, within = _axes(scale, BLOCK, 2 * around + 1, BLOCK)
        taps = reach + phase - scale * ((block - around) * BLOCK + within - out)
        chosen = _outer(filters, taps)  # (phase, out, block, within) twice
        weight = chosen.permute(0, 4, 1, 5, 3, 7, 2, 6).flatten(0, 3).flatten(1, 2)
        super().__init__(weight, (BLOCK, BLOCK), mirror)


class Correlate(_Folded):
    """Correlate with a kernel and keep each s-th pixel, from the first: `degrade.blur_and_keep`.

    Args:
        kernel: (k, k), k odd.
        stride: s.
    """

    def __init__(self, kernel: Tensor, stride: int) -> None:
        reach, wide = kernel.shape[-1] // 2, stride * BLOCK
        around = -(-reach // wide)
        _, out, block, within = _axes(1, BLOCK, 2 * around + 1, wide)
        taps = reach + (block - around) * wide + within - stride * out
        weight = _outer(kernel, taps).permute(0, 4, 1, 5, 3, 7, 2, 6).flatten(0, 3).flatten(1, 2)
        super().__init__(weight, (wide, BLOCK), mirror=True)


class Degrade(nn.Module):
    """Make the LR image of an HR image, as `Degradation.apply` does without noise.

    Args:
        degradation: its scale is an integer, its kernel (k, k).
    """

    taps: Tensor

    def __init__(self, degradation: Degradation) -> None:
        super().__init__()
        self.scale, self.bicubic = int(degradation.scale), degradation.subsampling == "bicubic"
        self.blur = Correlate(degradation.kernel.detach(), 1 if self.bicubic else self.scale)
        self.register_buffer("taps", bicubic_taps(self.scale).to(degradation.kernel))

    def forward(self, image: Tensor) -> Tensor:
        """Give (B, C, h, w) of (B, C, s h, s w)."""
        blurred: Tensor = self.blur(image)
        if not self.bicubic:
            return blurred
        channels, outside = image.shape[1], (self.taps.shape[-1] - self.scale) // 2
        lengths = (image.shape[-2] + 2 * outside, image.shape[-1] + 2 * outside)
        planes = mirrored(blurred.flatten(0, 1).unsqueeze(1), outside, lengths)
        rows = F.conv2d(planes, self.taps[None, None, :, None], stride=(self.scale, 1))
        low = F.conv2d(rows, self.taps[None, None, None, :], stride=(1, self.scale))
        return low.unflatten(0, (-1, channels)).flatten(1, 2)


def bicubic_taps(scale: int) -> Tensor:
    """Give the weights of the HR pixels in an LR pixel of bicubic subsampling, float64: its own s and 2 s each side."""
    middle = 6  # an LR pixel whose taps all lie inside
    ramp = torch.eye((2 * middle + 1) * scale, dtype=torch.float64)[:, None, :].expand(-1, scale, -1)
    weights = imresize(ramp, scale=1 / scale)[:, 0, middle]
    return weights[(middle - 2) * scale : (middle + 3) * scale]


def bicubic_filter(scale: int) -> Tensor:
    """Give what one LR pixel adds to the HR pixels around it in bicubic enlargement, float64: (n, n), see `Spread`."""
    middle, reach = 6, 3 * scale
    point = torch.zeros(2 * middle + 1, 2 * middle + 1, dtype=torch.float64)
    point[middle, middle] = 1
    place = slice(middle * scale - reach, middle * scale + reach + 1)
    return upscale(point, scale)[place, place]


def _axes(*lengths: int) -> list[Tensor]:
    """Give a range along each of some axes."""
    return list(torch.meshgrid([torch.arange(length) for length in lengths], indexing="ij"))


def _outer(weights: Tensor, taps: Tensor) -> Tensor:
    """Look up weights (n, n) at taps of the rows and the same of the columns; outside they are zero."""
    inside = ((taps >= 0) & (taps < weights.shape[-1])).to(weights)
    flat, kept = taps.clamp(0, weights.shape[-1] - 1).flatten(), inside.flatten()
    chosen = weights[flat][:, flat] * kept[:, None] * kept
    return chosen.reshape(*taps.shape, *taps.shape)
