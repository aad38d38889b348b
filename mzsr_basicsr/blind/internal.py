"""The internal estimator: correct a blur kernel by the patches of the LR image alone, which recur across its scales.

After KernelGAN (Bell-Kligler, Shocher, Irani, NeurIPS 2019), written anew from its description: the right kernel is the
one whose sons, `Degradation.son`, have patches like the image's own. It starts from another estimator's
kernel and stays near it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mzsr_basicsr.blind.constraints import hold_near, resize_support, tidy_kernel
from mzsr_basicsr.blind.internal_crops import edge_energy
from mzsr_basicsr.blind.internal_game import InternalSettings, play
from mzsr_basicsr.blind.players import PATCH
from mzsr_basicsr.blind.scales import check_scale
from mzsr_basicsr.degradation.kernels import validate_kernel
from mzsr_basicsr.errors import ConfigError, ImageError

__all__ = ["DEFAULTS", "InternalSettings", "internal_kernel", "least_side"]

_FEWEST_PATCHES = 7
_FLAT = 1e-6
DEFAULTS = InternalSettings()


def internal_kernel(
    image: Tensor,
    start: Tensor,
    scale: int,
    settings: InternalSettings = DEFAULTS,
    on_progress: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Correct a kernel by the recurrence of the image's patches; all of it runs on the CPU.

    The answer is the mean of the generator's kernels over the last half of its moves, tidied (`tidy_kernel`): negative
    weights cut, sum one, centre of mass in the middle pixel. A start off its centre is therefore centred too.
    Where its total variance has left the start's by more than the reach, the answer is a mixture with the start.

    Args:
        image: (1, C, h, w) LR image in [0, 1], RGB or grey; the mean of its channels is used.
        start: (k, k) kernel to begin with, k odd; cut or zero-padded to the settings' size.
        scale: HR over LR, at least 2; subsampling is direct, [0::s, 0::s].
        settings: How the game is played.
        on_progress: Called with (rounds done, rounds in all) after each round.

    Returns:
        (size, size) float64 kernel on the CPU, [row, column], applied by correlation.

    Raises:
        ImageError: If the image is not such a tensor, holds NaN or infinite values, is too small or entirely flat.
        KernelError: If the start is no kernel or does not fit the size.
        ConfigError: If the scale is below 2 or the crop too small for the kernel.
    """
    with torch.inference_mode(False), torch.enable_grad():
        luma = _luma(image, least_side(scale, settings))
        first = validate_kernel(start, "start kernel").detach().cpu().clone()
        first = resize_support(first, settings.size)
        answer = tidy_kernel(play(luma, first, scale, settings, on_progress))
        return hold_near(answer, tidy_kernel(first), settings.reach)


def least_side(scale: int, settings: InternalSettings) -> int:
    """Give the smallest allowed side of an LR image, px: its son must hold 7x7 patches of 7x7 px.

    Raises:
        ConfigError: If the scale is below 2 or the settings' crop is smaller than that.
    """
    check_scale(scale)
    side = settings.size + scale * (PATCH + _FEWEST_PATCHES - 2)
    if settings.crop < side:
        raise ConfigError(
            f"internal.crop: {settings.crop} must be at least {side} px at scale {scale}"
            f" with a kernel of {settings.size} px"
        )
    return side


def _luma(image: Tensor, least: int) -> Tensor:
    """Check the image and give its (1, 1, h, w) mean over the channels, in units of the mean size of its edges."""
    if image.ndim != 4 or image.shape[0] != 1 or not image.is_floating_point():
        raise ImageError(
            f"internal estimate: needs one floating (1, C, h, w) image, got {image.dtype} {tuple(image.shape)}"
        )
    height, width = image.shape[-2:]
    if min(height, width) < least:
        raise ImageError(f"internal estimate: image is {height}x{width} px; each side needs at least {least} px")
    luma = image.detach().to("cpu", torch.float32, copy=True).mean(dim=1, keepdim=True)
    if not torch.isfinite(luma).all().item():
        raise ImageError("internal estimate: the image holds NaN or infinite values; all must be finite")
    contrast = edge_energy(luma).mean().sqrt().item()
    if contrast < _FLAT:
        raise ImageError("internal estimate: the image is flat; it needs edges or texture to judge a kernel by")
    return luma / contrast
