"""Correlation of images with blur kernels, as one depthwise convolution with mirrored borders."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.errors import ImageError, KernelError

_CPU_PIXELS = 2**18


def correlate(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Correlate and keep pixels [0::stride, 0::stride]: each plane is a group of a depthwise convolution.

    Args:
        image: as `degrade.blur` takes it.
        kernel: as `degrade.blur` takes it.
        stride: px.

    Returns:
        (..., ceil(H / stride), ceil(W / stride)).

    Raises:
        ImageError, KernelError: as `degrade.blur` says.
    """
    check_image(image)
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


def check_image(image: Tensor) -> None:
    """Refuse what is no floating image (..., H, W) of at least one pixel.

    Raises:
        ImageError: naming its type and shape.
    """
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
