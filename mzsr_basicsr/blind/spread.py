"""The spread of an LR image's blur as a network regresses it, written as in `degradation.spread`.

Covariances of LR images are in LR px², so that one number means the same blur at every scale.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.spread import as_gaussian, matrix, offsets
from mzsr_basicsr.errors import KernelError

_FAINT = 1e-3  # a response below it is as good as none
PIXEL = 1 / 12  # px², variance of a pixel's own square: below it blur is not seen, and the logarithm stays finite


def band_spread(kernel: Tensor, scale: float) -> Tensor:
    """Fit a Gaussian to what a kernel does to the frequencies that its LR image can hold.

    Second moments will not do: that of bicubic subsampling is zero, though it blurs. A Gaussian's response is
    exp(-2π² fᵀΣf), so Σ is fitted to the logarithm of |K(f)| by least squares, weighted by |K(f)|, for f up to the LR
    image's Nyquist frequency; a Gaussian gives its own Σ.

    Args:
        kernel: (k, k), the blur before direct subsampling.
        scale: of the subsampling.

    Returns:
        (3,) float64, HR px²; the fit of a sharpening kernel may be negative.
    """
    kernel = kernel.double().cpu()
    frequency = torch.linspace(-0.5, 0.5, 17, dtype=torch.float64) / scale
    x, _ = offsets(kernel)
    waves = torch.exp(-2j * math.pi * frequency[:, None] * x[0])  # (17, k)
    response = (waves @ kernel.to(waves.dtype) @ waves.T).abs().clamp_min(_FAINT)  # rows: y, columns: x
    across, down = frequency[None, :].expand(17, 17), frequency[:, None].expand(17, 17)
    design = -2 * math.pi**2 * torch.stack([across**2, down**2, 2 * across * down], dim=-1).reshape(-1, 3)
    weight = response.flatten()[:, None]
    return torch.linalg.lstsq(design * weight, response.log().flatten()[:, None] * weight).solution[:, 0]


def log_covariance(spread: Tensor) -> Tensor:
    """Take the matrix logarithm of covariances plus `PIXEL`: (..., 3) px² -> (..., 3)."""
    return _map(spread, lambda value: torch.log(value.clamp_min(0) + PIXEL))


def from_log(logarithm: Tensor) -> Tensor:
    """Undo `log_covariance`; variances below 0 become 0."""
    return _map(logarithm, lambda value: (torch.exp(value) - PIXEL).clamp_min(0))


def sharpened(spread: Tensor, doubt: float) -> Tensor:
    """Shrink variances v of (..., 3) px² to v³ / (v² + doubt²): those below the doubt nearly to none, others hardly."""
    return _map(spread, lambda value: value.clamp_min(0) ** 3 / (value.square() + doubt**2))


def gaussian_of(spread: Tensor, size: int, smallest: float = 0.05) -> Tensor:
    """Build the (size, size) float64 Gaussian of a covariance (3,) in px²; `smallest` bounds its variances below.

    Raises:
        KernelError: the covariance is not finite.
    """
    if not bool(torch.isfinite(spread).all()):
        raise KernelError("estimated kernel: its covariance is not finite; give the kernel yourself")
    lambda1, lambda2, theta = as_gaussian(spread)
    return gaussian_kernel(max(lambda1, smallest), max(lambda2, smallest), theta, size)


def _map(numbers: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    values, axes = torch.linalg.eigh(matrix(numbers))
    result = (axes * function(values)[..., None, :]) @ axes.transpose(-1, -2)
    return torch.stack([result[..., 0, 0], result[..., 1, 1], result[..., 0, 1]], dim=-1)
