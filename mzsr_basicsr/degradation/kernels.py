"""Gaussian blur kernels: the closed form, and the law p(k) the tasks are drawn from.

Source: MZSR (arXiv 2002.12213), section 4.1. A kernel is a (k, k) tensor indexed [row, column], k odd, its weights
summing to one; it is applied by correlation about its centre pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.errors import ConfigError, KernelError

NEGATIVE_TOLERANCE = 1e-6
SUM_TOLERANCE = 1e-3


def gaussian_kernel(
    lambda1: float | Tensor,
    lambda2: float | Tensor,
    theta: float | Tensor,
    size: int = 15,
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    """Build normalised Gaussian kernels of covariance R(theta) diag(lambda1, lambda2) R(theta)^T.

    The axes are x = column, to the right, and y = row, downward, with R = [[cos, -sin], [sin, cos]] acting on (x, y):
    lambda1 spreads along (cos theta, sin theta), so a positive theta turns the long axis clockwise on the screen. With
    these axes (4, 1, -0.5) gives the paper's bicubic row of g_ani^d on Set5; +0.5 does not (28.36 dB, not 28.15).

    Args:
        lambda1: Variance along the first axis, px^2, positive; a number or a (B,) tensor.
        lambda2: Variance along the second axis, px^2, positive; a number or a (B,) tensor.
        theta: Angle, radians; a number or a (B,) tensor.
        size: Odd side of the kernel, px.
        dtype: Floating type of the result.

    Returns:
        (size, size) for numbers, (B, size, size) when any parameter is a (B,) tensor; each sums to one.

    Raises:
        KernelError: If a variance is not positive and finite, theta not finite, or the size not odd and positive.

    Example:
        >>> kernel = gaussian_kernel(4.0, 1.0, theta=0.0)  # wider to the right than downward
        >>> round(kernel.sum().item(), 6)
        1.0
        >>> [round((kernel[place] / kernel[7, 7]).log().item(), 6) for place in ((7, 9), (9, 7))]  # 2 px right, 2 down
        [-0.5, -2.0]
    """
    if size < 1 or size % 2 == 0:
        raise KernelError(f"gaussian kernel: size {size} is not an odd positive number of pixels")
    device = next((p.device for p in (lambda1, lambda2, theta) if isinstance(p, Tensor)), None)
    first, second, angle = torch.broadcast_tensors(
        *(torch.as_tensor(p, dtype=dtype, device=device)[..., None, None] for p in (lambda1, lambda2, theta))
    )
    for name, value in (("lambda1", first), ("lambda2", second)):
        if not bool(((value > 0) & torch.isfinite(value)).all()):
            raise KernelError(f"gaussian kernel: {name} must be a positive variance in px^2, got {_numbers(value)}")
    if not bool(torch.isfinite(angle).all()):
        raise KernelError(f"gaussian kernel: theta must be finite radians, got {_numbers(angle)}")
    axis = torch.arange(size, dtype=dtype, device=device) - size // 2
    x, y = axis[None, :], axis[:, None]
    along = torch.cos(angle) * x + torch.sin(angle) * y
    across = torch.cos(angle) * y - torch.sin(angle) * x
    weights = torch.exp(-0.5 * (along**2 / first + across**2 / second))  # (..., size, size)
    return weights / weights.sum(dim=(-2, -1), keepdim=True)


def delta_kernel(size: int = 1) -> Tensor:
    """Build the kernel that blurs nothing: (size, size) float64, one at the centre; `size` odd, px.

    Example:
        >>> delta_kernel(3).tolist()
        [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    if size < 1 or size % 2 == 0:
        raise KernelError(f"delta kernel: size {size} is not an odd positive number of pixels")
    kernel = torch.zeros(size, size, dtype=torch.float64)
    kernel[size // 2, size // 2] = 1.0
    return kernel


@dataclass(frozen=True)
class KernelLaw:
    """The law p(k) of the tasks' Gaussian kernels, its parameters independent but for lambda2's open bound.

    Attributes:
        size: Odd side, px.
        lambda1: (low, high) variance, px^2.
        lambda2: (low, high) variance, px^2; high None means "up to lambda1 of the same draw".
        theta: (low, high), radians.
        log_uniform: Draw the variances uniformly in their logarithm instead of in px^2.

    Example:
        >>> KernelLaw.paper(scale=2)
        KernelLaw(size=15, lambda1=(1.0, 5.0), lambda2=(1.0, None), theta=(0.0, 3.14...), log_uniform=False)
    """

    size: int = 15
    lambda1: tuple[float, float] = (1.0, 5.0)
    lambda2: tuple[float, float | None] = (1.0, None)
    theta: tuple[float, float] = (0.0, math.pi)
    log_uniform: bool = False

    def __post_init__(self) -> None:
        """Refuse a law that cannot be drawn from, naming the field."""
        if self.size < 1 or self.size % 2 == 0:
            raise ConfigError(f"kernel_law.size: {self.size} is not an odd positive number of pixels")
        _check_range("lambda1", self.lambda1[0], self.lambda1[1], positive=True)
        low, high = self.lambda2
        _check_range("lambda2", low, self.lambda1[0] if high is None else high, positive=True)
        _check_range("theta", *self.theta, positive=False)

    @classmethod
    def paper(cls, scale: float) -> KernelLaw:
        """Give the paper's law for one scale: lambda1 ~ U(1, 2.5 scale), lambda2 ~ U(1, lambda1), theta ~ U(0, pi)."""
        return cls(size=15, lambda1=(1.0, 2.5 * scale), lambda2=(1.0, None), theta=(0.0, math.pi))


def sample_kernels(law: KernelLaw, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw kernels from a law, on the generator's device.

    Args:
        law: The law p(k).
        count: How many kernels.
        generator: The only source of randomness; it advances by 3 numbers per kernel.

    Returns:
        Kernels (count, size, size) float64, and their (lambda1 px^2, lambda2 px^2, theta rad) as (count, 3) float64.

    Example:
        >>> kernels, parameters = sample_kernels(KernelLaw.paper(scale=2), 100, torch.Generator().manual_seed(0))
        >>> kernels.shape, bool((parameters[:, 0] >= parameters[:, 1]).all())
        (torch.Size([100, 15, 15]), True)
    """
    uniform = torch.rand(count, 3, dtype=torch.float64, device=generator.device, generator=generator)
    draw = _log_between if law.log_uniform else _between
    lambda1 = draw(uniform[:, 0], *(torch.full_like(uniform[:, 0], bound) for bound in law.lambda1))
    low, high = law.lambda2
    lambda2 = draw(
        uniform[:, 1], torch.full_like(lambda1, low), lambda1 if high is None else torch.full_like(lambda1, high)
    )
    theta = law.theta[0] + (law.theta[1] - law.theta[0]) * uniform[:, 2]
    return gaussian_kernel(lambda1, lambda2, theta, law.size), torch.stack((lambda1, lambda2, theta), dim=1)


def validate_kernel(kernel: Tensor | np.ndarray, where: str) -> Tensor:
    """Check that an array is a blur kernel and return it as float64, its values untouched.

    Weights down to -1e-6 pass, as rounding noise of an estimated kernel, and sums within 1e-3 of one; neither is
    repaired, so that an authors' kernel keeps every bit.

    Args:
        kernel: Any array; a kernel is (k, k), k odd, finite, non-negative, summing to one.
        where: The file or the option it came from, for the message.

    Raises:
        KernelError: If it is not a kernel; one line with `where`, the value and what is allowed.

    Example:
        >>> validate_kernel(np.full((3, 3), 1.0), "mine.npy")
        Traceback (most recent call last):
            ...
        mzsr_basicsr.errors.KernelError: mine.npy: kernel sums to 9; it must sum to 1 within 0.001
    """
    value = torch.as_tensor(kernel).to(torch.float64)
    shape = "x".join(map(str, value.shape)) or "a single number"
    if value.ndim != 2 or value.shape[0] != value.shape[1] or value.shape[0] % 2 == 0:
        raise KernelError(f"{where}: kernel is {shape}; it must be square with an odd side, such as 15x15")
    bad = value[~torch.isfinite(value)]
    if bad.numel():
        raise KernelError(f"{where}: kernel holds {bad.numel()} value(s) that are NaN or infinite; all must be finite")
    if value.min().item() < -NEGATIVE_TOLERANCE:
        raise KernelError(f"{where}: kernel has the negative weight {value.min().item():.6g}; all must be at least 0")
    if abs(value.sum().item() - 1.0) > SUM_TOLERANCE:
        raise KernelError(f"{where}: kernel sums to {value.sum().item():.6g}; it must sum to 1 within {SUM_TOLERANCE}")
    return value


def _between(uniform: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return low + (high - low) * uniform


def _log_between(uniform: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return torch.exp(_between(uniform, low.log(), high.log()))


def _check_range(name: str, low: float, high: float, positive: bool) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low <= high and (low > 0 or not positive)):
        rule = "0 < low <= high" if positive else "low <= high"
        raise ConfigError(f"kernel_law.{name}: the range ({low}, {high}) must be finite with {rule}")


def _numbers(value: Tensor) -> str:
    return ", ".join(f"{number:.6g}" for number in value.flatten()[:4].tolist())
