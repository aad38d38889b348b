"""The steps of the one degradation of training, validation and test: I_LR = (I_HR * k) subsampled by s, plus noise.

Source: MZSR (arXiv 2002.12213), equation 1, with the conventions measured on the authors' images: the blur is a
correlation, its border repeats the edge pixel, and direct subsampling keeps the top-left phase.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.degradation.names import SUBSAMPLING_METHODS
from mzsr_basicsr.degradation.resize import imresize, output_length
from mzsr_basicsr.errors import ConfigError, ImageError, KernelError

_CPU_PIXELS = 2**18


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


def blur_and_keep(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Blur as `blur` does, and compute only the pixels [0::stride, 0::stride] that direct subsampling keeps."""
    return _correlate(image, kernel, stride)


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
    check_subsampling(scale, method)
    if method == "bicubic":
        return imresize(image, scale=1.0 / scale)
    _check_image(image)
    if float(scale).is_integer():
        return image[..., :: int(scale), :: int(scale)]
    rows, columns = (_kept_pixels(length, scale, image.device) for length in image.shape[-2:])
    return image.index_select(-2, rows).index_select(-1, columns)


def add_noise(image: Tensor, sigma: float, generator: torch.Generator | None) -> Tensor:
    """Add white noise of standard deviation `sigma` ([0, 1] intensity) to any shape; it needs a generator."""
    return image + sigma * _standard_noise(image, generator)


def round_to_8_bits(image: Tensor) -> Tensor:
    """Clip to [0, 1] and round to the 256 levels of an image file; any shape."""
    return torch.round(image.clamp(0, 1) * 255) / 255


def upscale(image: Tensor, scale: float, size: tuple[int, int] | None = None) -> Tensor:
    """Enlarge an LR image to the network's input with MATLAB's bicubic, centre-aligned.

    Args:
        image: (..., H, W), floating.
        scale: HR over LR, real and at least 1.
        size: (H, W) of the HR image, px, where it is not a multiple of the scale; default ceil(scale * LR size).

    Returns:
        (..., H', W'), not clipped.
    """
    check_subsampling(scale, "bicubic")
    return imresize(image, scale=float(scale), size=size)


def _correlate(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Correlate and keep pixels [0::stride, 0::stride]: each plane is a group of a depthwise convolution."""
    _check_image(image)
    _check_kernel(image, kernel)
    side = kernel.shape[-1]
    planes = image.reshape(-1, *image.shape[-2:])
    own = kernel.to(image).reshape(-1, 1, side, side)
    weights = own.repeat_interleave(planes.shape[0] // own.shape[0], dim=0)  # (planes, 1, k, k)
    count = _planes_at_once(planes)
    parts = [
        F.conv2d(_pad_symmetric(some, side // 2)[None], weight, stride=stride, groups=some.shape[0])[0]
        for some, weight in zip(planes.split(count), weights.split(count), strict=True)
    ]
    result = torch.cat(parts)
    return result.reshape(*image.shape[:-2], *result.shape[-2:])


def _planes_at_once(planes: Tensor) -> int:
    """Choose how many planes one convolution takes: on a CPU, buffers of some 2 MB that the allocator keeps.

    Larger ones go back to the system after each call, and faulting their pages in again took twice the arithmetic's
    time. Below 16 planes a depthwise convolution loses its own speed, so large images are taken whole.
    """
    if planes.device.type != "cpu":
        return planes.shape[0]
    return max(16, _CPU_PIXELS // (planes.shape[-2] * planes.shape[-1]))


def _pad_symmetric(image: Tensor, radius: int) -> Tensor:
    """Extend the last two axes by `radius` px, mirrored with the edge pixel repeated, as often as it takes."""
    for axis in (-2, -1):
        missing = radius
        while missing > 0:
            step = min(missing, image.shape[axis])  # a full mirror image extends the pattern, so repeating is exact
            head = image.narrow(axis, 0, step).flip(axis)
            tail = image.narrow(axis, image.shape[axis] - step, step).flip(axis)
            image = torch.cat((head, image, tail), dim=axis)
            missing -= step
    return image


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
    """
    if not (math.isfinite(scale) and scale >= 1):
        raise ConfigError(f"degradation.scale: {scale} must be finite and at least 1")
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
        raise KernelError(
            f"degradation: {shape[0]} kernels for an image of {tuple(image.shape)}; B must be its first axis"
        )
