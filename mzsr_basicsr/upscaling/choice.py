"""The kernel of a photograph: given by its owner, or estimated."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.blind.estimate import Estimate, estimate_kernel, isotropic_residual
from mzsr_basicsr.blind.internal import InternalSettings, internal_kernel
from mzsr_basicsr.blind.spread import as_gaussian, band_spread
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.errors import KernelError
from mzsr_basicsr.upscaling.settings import ESTIMATED, UpscaleSettings
from mzsr_basicsr.weights.kernel_net import load_kernel_net


@dataclass(frozen=True)
class ChosenKernel:
    """A kernel (k, k) float64, the subsampling after it, and how it was estimated (None if it was given)."""

    kernel: Tensor
    subsampling: str
    estimate: Estimate | None


def choose_kernel(
    settings: UpscaleSettings, scale: int, sample: Callable[[], Tensor], smallest_side: int, name: str
) -> ChosenKernel:
    """Load or estimate the kernel.

    Args:
        settings: the choices.
        scale: of the network.
        sample: gives the parts of the image to estimate from, (n, C, h, w).
        smallest_side: of the image, px.
        name: of the image, for messages.

    Raises:
        KernelError: no such kernel, or one larger than the upscaled image.
    """
    if settings.kernel not in ESTIMATED:
        given = delta_kernel() if settings.kernel == "bicubic" else load_kernel(settings.kernel)
        usual = "bicubic" if settings.kernel == "bicubic" else "direct"
        if given.shape[-1] > smallest_side * scale:
            raise KernelError(
                f"{name}: the {given.shape[-1]} px kernel {settings.kernel} is larger than the image at x{scale} "
                f"({smallest_side * scale} px); give a smaller kernel or a larger image"
            )
        return ChosenKernel(given, usual if settings.subsampling == "auto" else settings.subsampling, None)
    subsampling = settings.estimated_subsampling()
    parts = sample()
    found = estimate_kernel(load_kernel_net(), parts, scale, subsampling, settings.kernel == "auto-free")
    if settings.kernel == "internal":
        found = _internal(found, parts, scale, settings.seed)
    kernel = _fitting(found.kernel, smallest_side * scale)
    return ChosenKernel(kernel, subsampling, replace(found, kernel=kernel, residual=isotropic_residual(kernel)))


def _internal(start: Estimate, parts: Tensor, scale: int, seed: int) -> Estimate:
    """Refine an estimate by the image's own patches."""
    kernel = internal_kernel(parts[:1], start.kernel, scale, InternalSettings(seed=seed, size=start.kernel.shape[-1]))
    return replace(start, kernel=kernel, gaussian=as_gaussian(band_spread(kernel, scale)))


def _fitting(kernel: Tensor, side: int) -> Tensor:
    """Cut a kernel to an image: at most `side` px, odd."""
    cut = max(0, (kernel.shape[-1] - side + 1) // 2)
    inner = F.pad(kernel, (-cut,) * 4)
    return inner / inner.sum()
