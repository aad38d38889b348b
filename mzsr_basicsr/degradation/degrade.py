"""The steps of the one degradation of training, validation and test: I_LR = (I_HR * k) subsampled by s, plus noise.

Source: MZSR (arXiv 2002.12213), equation 1, with the conventions measured on the authors' images: the blur is a
correlation, its border repeats the edge pixel, and direct subsampling keeps the top-left phase.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mzsr_basicsr.degradation.correlate import check_image, correlate
from mzsr_basicsr.degradation.names import SUBSAMPLING_METHODS
from mzsr_basicsr.degradation.resize import imresize, output_length
from mzsr_basicsr.errors import ConfigError


def blur(image: Tensor, kernel: Tensor) -> Tensor:
    """Correlate every channel with a kernel; the border is d c b a | a b c d (SciPy's 'reflect'), folded as needed.

    Args:
        image: (..., H, W) or, for kernels of their own, (B, ..., H, W); floating, any range, of any size.
        kernel: (k, k) for all, or (B, k, k), one for each entry of the first axis; k odd. Cast to the image's
            device and dtype.

    Returns:
        Blurred image of the same shape, dtype and device.

    Raises:
        ImageError: If the image is not a floating tensor with at least one pixel.
        KernelError: If the kernel is not square and odd, or B is not the image's first axis.

    Example:
        >>> from mzsr_basicsr.degradation.kernels import delta_kernel
        >>> from mzsr_basicsr.degradation.shapes import box_kernel
        >>> point = delta_kernel(5)  # an image with one bright pixel
        >>> blur(point, box_kernel(2.0))[2].tolist()
        [0.0, 0.125, 0.25, 0.125, 0.0]
    """
    return correlate(image, kernel, stride=1)


def blur_and_keep(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Blur as `blur` does, and compute only the pixels [0::stride, 0::stride] that direct subsampling keeps.

    Example:
        >>> from mzsr_basicsr.degradation.kernels import gaussian_kernel
        >>> image, kernel = torch.eye(8), gaussian_kernel(2.0, 1.0, 0.5)
        >>> torch.allclose(blur_and_keep(image, kernel, stride=2), blur(image, kernel)[::2, ::2])
        True
    """
    return correlate(image, kernel, stride)


def subsample(image: Tensor, scale: float, method: str = "direct") -> Tensor:
    """Keep one pixel in `scale` along each axis, without any blur beyond what the method implies.

    Args:
        image: (..., H, W), floating.
        scale: HR over LR, real and at least 1.
        method: 'direct' keeps pixels floor(i * scale + 0.5), i = 0 … ceil(H / scale) - 1, clipped to the image: the
            top-left phase [0::s, 0::s] for an integer. 'bicubic' is `imresize` by 1 / scale, antialiased.

    Returns:
        (..., ceil(H / scale), ceil(W / scale)).

    Raises:
        ConfigError: If the scale or the method is not allowed.

    Example:
        >>> subsample(torch.arange(16.0).reshape(4, 4), scale=2).tolist()
        [[0.0, 2.0], [8.0, 10.0]]
    """
    check_subsampling(scale, method)
    if method == "bicubic":
        return imresize(image, scale=1.0 / scale)
    check_image(image)
    if float(scale).is_integer():
        return image[..., :: int(scale), :: int(scale)]
    rows, columns = (_kept_pixels(length, scale, image.device) for length in image.shape[-2:])
    return image.index_select(-2, rows).index_select(-1, columns)


def add_noise(image: Tensor, sigma: float, generator: torch.Generator | None) -> Tensor:
    """Add white noise of standard deviation `sigma` ([0, 1] intensity) to any shape; it needs a generator.

    Example:
        >>> noisy = add_noise(torch.full((1, 3, 64, 64), 0.5), 10 / 255, torch.Generator().manual_seed(0))
        >>> round(255 * noisy.std().item())
        10
    """
    return image + sigma * _standard_noise(image, generator)


def round_to_8_bits(image: Tensor) -> Tensor:
    """Clip to [0, 1] and round to the 256 levels of an image file; any shape.

    Example:
        >>> round_to_8_bits(torch.tensor([-0.1, 0.001, 1.2])).tolist()
        [0.0, 0.0, 1.0]
    """
    return torch.round(image.clamp(0, 1) * 255) / 255


def upscale(image: Tensor, scale: float, size: tuple[int, int] | None = None) -> Tensor:
    """Enlarge an LR image to the network's input with MATLAB's bicubic, centre-aligned.

    Args:
        image: (..., H, W), floating.
        scale: HR over LR, real and at least 1.
        size: (H, W) of the HR image, px, where it is not a multiple of the scale; default ceil(scale * LR size).

    Returns:
        (..., H', W'), not clipped.

    Example:
        >>> large = upscale(torch.full((1, 3, 16, 12), 0.5), scale=2.5)
        >>> large.shape, round(large.min().item(), 4), round(large.max().item(), 4)
        (torch.Size([1, 3, 40, 30]), 0.5, 0.5)
    """
    check_subsampling(scale, "bicubic")
    return imresize(image, scale=float(scale), size=size)


def _kept_pixels(length: int, scale: float, device: torch.device) -> Tensor:
    count = output_length(length, 1.0 / scale)
    kept = torch.floor(torch.arange(count, dtype=torch.float64) * scale + 0.5)
    return kept.long().clamp(max=length - 1).to(device)


def _standard_noise(like: Tensor, generator: torch.Generator | None) -> Tensor:
    if generator is None:
        raise ConfigError("degradation.noise: it needs a torch.Generator, so that it can be repeated")
    noise = torch.randn(like.shape, generator=generator, device=generator.device, dtype=like.dtype)
    return noise.to(like.device)


def check_subsampling(scale: float, method: str) -> None:
    """Refuse a scale below 1 and an unknown method.

    Raises:
        ConfigError: naming it.

    Example:
        >>> check_subsampling(2, "nearest")
        Traceback (most recent call last):
            ...
        mzsr_basicsr.errors.ConfigError: degradation.method: unknown 'nearest'; allowed: direct, bicubic
    """
    if not (math.isfinite(scale) and scale >= 1):
        raise ConfigError(f"degradation.scale: {scale} must be finite and at least 1")
    if method not in SUBSAMPLING_METHODS:
        raise ConfigError(f"degradation.method: unknown '{method}'; allowed: {', '.join(SUBSAMPLING_METHODS)}")
