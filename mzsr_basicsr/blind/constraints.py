"""What a plausible blur kernel looks like: penalties for the internal estimator, and the clean-up of its answer.

The penalties follow the published ones of KernelGAN (Bell-Kligler, Shocher, Irani, NeurIPS 2019): a kernel sums to one,
fades at its border, is sparse and has its mass at its centre. All of them are differentiable.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mzsr_basicsr.errors import KernelError

_CENTRED = 1e-3
_MASS_KEPT = 0.9
_SQRT_FLOOR = 1e-6
_PEDESTAL = 0.1


def sum_penalty(kernel: Tensor) -> Tensor:
    """Square how far the weights of a (k, k) kernel are from summing to one; a scalar."""
    return (kernel.sum() - 1.0) ** 2


def border_penalty(kernel: Tensor) -> Tensor:
    """Sum the absolute weights of a (k, k) kernel times `border_mask`; a scalar, 0 for a kernel of the inner half."""
    return (kernel.abs() * border_mask(kernel)).sum()


def border_mask(kernel: Tensor) -> Tensor:
    """Give (k, k) weights: 0 up to half the radius, growing with the square of the distance to 1 at the side's middle.

    The mask is flat inside, for one that grows from the centre on makes every wide kernel too narrow.
    """
    radius = max(kernel.shape[-1] // 2, 1)
    axis = _axis(kernel)
    distance = (axis[:, None] ** 2 + axis[None, :] ** 2).sqrt() / radius
    return ((2.0 * distance - 1.0).clamp_min(0.0)) ** 2


def sparse_penalty(kernel: Tensor) -> Tensor:
    """Average the square root of the absolute weights of a (k, k) kernel; small when few weights carry the mass."""
    return (kernel.abs() + _SQRT_FLOOR).sqrt().mean()


def centre_penalty(kernel: Tensor) -> Tensor:
    """Square the distance, px^2, of the centre of mass of a (k, k) kernel from its middle pixel; a scalar."""
    return (centre_of_mass(kernel) ** 2).sum()


def start_penalty(kernel: Tensor, start: Tensor) -> Tensor:
    """Give the squared relative distance of two (k, k) kernels, up to 11 times dearer where the start is near zero.

    Each square is divided by the start's weight plus a tenth of its peak. With squares all alike the game spreads a
    faint pedestal over the outer pixels, which costs little but doubles the kernel's variance.
    """
    dear = 1.0 / (start + _PEDESTAL * start.max())
    return (dear * (kernel - start) ** 2).sum() / (dear * start**2).sum()


def centre_of_mass(kernel: Tensor) -> Tensor:
    """Give the (row, column) offset, px, of the centre of mass of a (k, k) kernel from its middle pixel."""
    axis = _axis(kernel)
    return torch.stack(((kernel.sum(1) * axis).sum(), (kernel.sum(0) * axis).sum())) / kernel.sum()


def covariance(kernel: Tensor) -> Tensor:
    """Give the (2, 2) covariance, px^2, of a (k, k) kernel about its centre of mass; axes (row, column)."""
    mean = centre_of_mass(kernel)
    rows, columns = _axis(kernel) - mean[0], _axis(kernel) - mean[1]
    mixed = (kernel * rows[:, None] * columns[None, :]).sum()
    down, right = (kernel.sum(1) * rows**2).sum(), (kernel.sum(0) * columns**2).sum()
    return torch.stack((down, mixed, mixed, right)).reshape(2, 2) / kernel.sum()


def resize_support(kernel: Tensor, size: int) -> Tensor:
    """Cut or zero-pad a (k, k) kernel about its middle pixel to (size, size), summing to one; k and `size` odd, px.

    Raises:
        KernelError: If the cut would lose more than a tenth of the mass.
    """
    change = (size - kernel.shape[-1]) // 2
    result = torch.nn.functional.pad(kernel, (change,) * 4)  # a negative padding cuts
    kept = result.sum().item()
    if kept < _MASS_KEPT:
        raise KernelError(
            f"start kernel: {size}x{size} px about its middle hold only {100 * kept:.0f} % of its mass, not 90 %;"
            " choose a larger size or a narrower kernel"
        )
    return result / kept


def tidy_kernel(kernel: Tensor) -> Tensor:
    """Make an estimate a kernel: negative weights become zero, the sum one, the centre of mass the middle pixel.

    The shift is by a cubic spline, which unlike a linear one hardly widens the kernel. Clipping what the spline leaves
    below zero moves the centre again a little, so that both are repeated up to five times, to within 1e-3 px.

    Args:
        kernel: (k, k), k odd, finite, with a positive weight.

    Returns:
        (k, k) float64 on the CPU, non-negative, summing to one.

    Raises:
        KernelError: If the weights are not finite or none is positive.
    """
    result = _normalised(kernel.detach().to("cpu", torch.float64))
    for _ in range(5):
        offset = centre_of_mass(result)
        if offset.abs().max().item() < _CENTRED:
            break
        from scipy import ndimage  # slow to import, and only free kernels need it

        moved = ndimage.shift(result.numpy(), (-offset).tolist(), order=3, mode="constant")
        result = _normalised(torch.from_numpy(moved))
    return result


def hold_near(kernel: Tensor, start: Tensor, reach: float) -> Tensor:
    """Go from one kernel towards another only as far as the total variance changes by a given share.

    Args:
        kernel: (k, k) kernel to go to, its centre of mass in the middle pixel.
        start: (k, k) kernel to go from, likewise.
        reach: Largest change of the total variance, relative to the start's, or to 1 px^2 if that is less.

    Returns:
        (k, k) mixture of the two kernels, so itself a kernel; `kernel` where it lies within the reach.
    """
    before, after = (covariance(one).trace().item() for one in (start, kernel))
    allowed = reach * max(before, 1.0)
    change = abs(after - before)  # linear in the share, since both centres are the same
    return kernel if change <= allowed else start + allowed / change * (kernel - start)


def _normalised(kernel: Tensor) -> Tensor:
    clipped = kernel.clamp_min(0.0)
    total = clipped.sum().item()
    if not (torch.isfinite(clipped).all().item() and total > 0):
        raise KernelError("estimated kernel: its weights are not finite or none is positive; lower the rate")
    return clipped / total


def _axis(kernel: Tensor) -> Tensor:
    side = kernel.shape[-1]
    return torch.arange(side, dtype=kernel.dtype, device=kernel.device) - side // 2
