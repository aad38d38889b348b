"""The one degradation of training, validation and test: I_LR = (I_HR * k) subsampled by s, plus noise.

Source: MZSR (arXiv 2002.12213), equation 1, with the conventions measured on the authors' images: the blur is a
correlation, its border repeats the edge pixel, and direct subsampling keeps the top-left phase.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.errors import ConfigError, ImageError, KernelError
from mzsr_basicsr.resize import imresize, output_length

SUBSAMPLING_METHODS = ("direct", "bicubic")


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
    """
    return _correlate(image, kernel, stride=1)


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
    """
    _check_scale(scale)
    _check_method(method)
    if method == "bicubic":
        return imresize(image, scale=1.0 / scale)
    _check_image(image)
    if float(scale).is_integer():
        return image[..., :: int(scale), :: int(scale)]
    rows, columns = (_kept_pixels(length, scale, image.device) for length in image.shape[-2:])
    return image.index_select(-2, rows).index_select(-1, columns)


def degrade(
    image: Tensor,
    kernel: Tensor,
    scale: float,
    method: str = "direct",
    noise_sigma: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Make the LR image of an HR image (MZSR, equation 1): blur, subsample, add Gaussian noise. Nothing is clipped.

    Args:
        image: (..., H, W) in [0, 1]; (B, ..., H, W) for kernels of their own.
        kernel: (k, k) or (B, k, k), as for `blur`.
        scale: HR over LR, real and at least 1.
        method: 'direct' or 'bicubic', as for `subsample`.
        noise_sigma: Standard deviation of the noise, in units of the [0, 1] intensity.
        generator: Source of the noise, required when noise_sigma is not zero.

    Returns:
        (..., ceil(H / scale), ceil(W / scale)) LR image.

    Raises:
        ConfigError: If scale, method or noise_sigma is not allowed, or the noise lacks a generator.
        ImageError: If the image is not a floating tensor with at least one pixel.
        KernelError: If the kernel does not fit.
    """
    _check_scale(scale)
    _check_method(method)
    if not (math.isfinite(noise_sigma) and noise_sigma >= 0):
        raise ConfigError(f"degradation.noise_sigma: {noise_sigma} must be finite and at least 0, in [0, 1] intensity")
    if method == "direct" and float(scale).is_integer():
        low = _correlate(image, kernel, stride=int(scale))  # only the pixels that are kept are computed
    else:
        low = subsample(blur(image, kernel), scale, method)
    return low if noise_sigma == 0 else add_noise(low, noise_sigma, generator)


def add_noise(image: Tensor, sigma: float, generator: torch.Generator | None) -> Tensor:
    """Add white Gaussian noise of standard deviation `sigma` (in [0, 1] intensity) to an image of any shape.

    Raises:
        ConfigError: If the generator is missing: noise must be repeatable.
    """
    return image + sigma * _standard_noise(image, generator)


def upscale(image: Tensor, scale: float, size: tuple[int, int] | None = None) -> Tensor:
    """Enlarge an LR image to the network's input with MATLAB's bicubic, centre-aligned.

    Args:
        image: (..., H, W), floating.
        scale: HR over LR, real and at least 1.
        size: (H, W) of the HR image, px, where it is not a multiple of the scale; default ceil(scale * LR size).

    Returns:
        (..., H', W'), not clipped.
    """
    _check_scale(scale)
    return imresize(image, scale=float(scale), size=size)


def _correlate(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Correlate and keep pixels [0::stride, 0::stride]: each plane is a group of one depthwise convolution."""
    _check_image(image)
    _check_kernel(image, kernel)
    side = kernel.shape[-1]
    padded = _pad_symmetric(image, side // 2)
    planes = padded.reshape(1, -1, *padded.shape[-2:])  # (1, planes, H + 2r, W + 2r)
    count = planes.shape[1]
    own = kernel.to(image).reshape(-1, 1, side, side)
    weight = own.repeat_interleave(count // own.shape[0], dim=0)  # (planes, 1, k, k)
    result = F.conv2d(planes, weight, stride=stride, groups=count)
    return result.reshape(*image.shape[:-2], *result.shape[-2:])


def _pad_symmetric(image: Tensor, radius: int) -> Tensor:
    """Extend the last two axes by `radius` px, mirrored with the edge pixel repeated, as often as it takes."""
    for axis in (-2, -1):
        length = image.shape[axis]
        index = torch.arange(-radius, length + radius, device=image.device) % (2 * length)
        image = image.index_select(axis, torch.minimum(index, 2 * length - 1 - index))
    return image


def _kept_pixels(length: int, scale: float, device: torch.device) -> Tensor:
    count = output_length(length, 1.0 / scale)
    kept = torch.floor(torch.arange(count, dtype=torch.float64) * scale + 0.5)
    return kept.long().clamp(max=length - 1).to(device)


def _standard_noise(like: Tensor, generator: torch.Generator | None) -> Tensor:
    if generator is None:
        raise ConfigError("degradation.noise_sigma: noise needs a torch.Generator, so that it can be repeated")
    noise = torch.randn(like.shape, generator=generator, device=generator.device, dtype=like.dtype)
    return noise.to(like.device)


def _check_scale(scale: float) -> None:
    if not (math.isfinite(scale) and scale >= 1):
        raise ConfigError(f"degradation.scale: {scale} must be finite and at least 1")


def _check_method(method: str) -> None:
    if method not in SUBSAMPLING_METHODS:
        raise ConfigError(f"degradation.method: unknown '{method}'; allowed: {', '.join(SUBSAMPLING_METHODS)}")


def _check_image(image: Tensor) -> None:
    if image.ndim < 2 or not image.is_floating_point() or 0 in image.shape:
        raise ImageError(f"degradation: needs a floating (..., H, W) image, got {image.dtype} {tuple(image.shape)}")


def _check_kernel(image: Tensor, kernel: Tensor) -> None:
    shape = tuple(kernel.shape)
    if kernel.ndim not in (2, 3) or shape[-1] != shape[-2] or shape[-1] % 2 == 0:
        raise KernelError(f"degradation: kernel of {shape} must be (k, k) or (B, k, k) with k odd")
    if kernel.ndim == 3 and (image.ndim < 3 or image.shape[0] != shape[0]):
        raise KernelError(f"degradation: {shape[0]} kernels for an image of {tuple(image.shape)}; B must be its first axis")
