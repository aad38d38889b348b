"""A blur and bicubic subsampling as one blur before direct subsampling."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.errors import ConfigError


def effective_kernel(kernel: Tensor, scale: float) -> Tensor:
    """Express a blur and bicubic subsampling as one blur followed by direct subsampling.

    Bicubic subsampling weighs the pixels around (i + 1/2) s - 1/2, so its effective kernel is wider and, for an even
    scale, centred between two pixels. Only at the image's border do the two differ.

    Args:
        kernel: (k, k) or (B, k, k).
        scale: HR over LR.

    Returns:
        (..., k + 2m, k + 2m) with m = `bicubic_reach(scale)`.

    Raises:
        ConfigError: a real scale, whose weights differ from pixel to pixel.

    Example:
        >>> from mzsr_basicsr.degradation.kernels import delta_kernel
        >>> from mzsr_basicsr.degradation.spread import centre
        >>> bicubic = effective_kernel(delta_kernel(), scale=2)
        >>> bicubic.shape, [round(value, 6) for value in centre(bicubic).tolist()]  # between two pixels
        (torch.Size([9, 9]), [0.5, 0.5])
    """
    if not float(scale).is_integer():
        raise ConfigError(f"scale: {scale:g}; a network that is told the kernel needs an integer for bicubic")
    reach, step = bicubic_reach(scale), int(scale)
    middle = -(-reach // step)  # an LR pixel whose taps all lie inside
    length = 2 * middle * step + step
    ramp = torch.eye(length, dtype=kernel.dtype, device=kernel.device)[:, None, :].expand(-1, step, -1)
    taps = imresize(ramp, scale=1 / step)[:, 0, middle]  # weight of each HR pixel in that LR pixel
    taps = F.pad(taps, (reach, reach))[middle * step : middle * step + 2 * reach + 1]
    planes = F.pad(kernel, (2 * reach,) * 4).reshape(-1, 1, *(side + 4 * reach for side in kernel.shape[-2:]))
    spread = F.conv2d(planes, torch.outer(taps, taps).flip(0, 1)[None, None])  # a convolution
    return spread.reshape(*kernel.shape[:-2], *spread.shape[-2:])


def bicubic_reach(scale: float) -> int:
    """Give the largest offset, px, from pixel i s at which bicubic subsampling still weighs an HR pixel.

    Example:
        >>> [bicubic_reach(scale) for scale in (2, 3, 4)]
        [4, 7, 9]
    """
    return math.floor(2.5 * scale - 0.5)
