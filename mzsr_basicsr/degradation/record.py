"""Degradation: what happened to an image, as one record that every part of this package hands on."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.degradation.degrade import add_noise, blur, blur_and_keep, check_subsampling, subsample
from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.kernels import SUM_TOLERANCE, validate_kernel
from mzsr_basicsr.degradation.moves import turned
from mzsr_basicsr.degradation.noise import noise_lost
from mzsr_basicsr.degradation.spread import centre, in_words
from mzsr_basicsr.errors import ConfigError, KernelError

KernelLike = Tensor | np.ndarray | str | os.PathLike[str]


@dataclass(frozen=True, init=False, eq=False)
class Degradation:
    """How an HR image became an LR image: I_LR = (I_HR * k) subsampled by s, plus noise (MZSR, equation 1).

    A kernel that somebody is told wrongly is a second record.

    Attributes:
        kernel: (k, k) or, one for each image, (B, k, k), k odd, its weights summing to one; the blur is a correlation.
        scale: HR over LR, real and at least 1.
        subsampling: "direct" or "bicubic", see `degrade.subsample`.
        noise: σ of white noise on the LR image, [0, 1] intensity; a number, or (B,).

    Example:
        >>> print(Degradation("gaussian:2,1", scale=2))
        15x15 px kernel, λ 2.00 and 1.00 px² at 0.00 rad; x2 direct
    """

    kernel: Tensor
    scale: float
    subsampling: str = "direct"
    noise: float | Tensor = 0.0

    def __init__(
        self, kernel: KernelLike, scale: float, subsampling: str = "direct", noise: float | Tensor = 0.0
    ) -> None:
        """Check the parts.

        Args:
            kernel: a text or a file as `kernel_files.load_kernel` reads them, an array, or a tensor. Tensors may hold
                negative weights, as the effective kernel of bicubic subsampling does.
            scale: see the attributes.
            subsampling: see the attributes.
            noise: see the attributes.

        Raises:
            KernelError: no kernel.
            ConfigError: a scale, subsampling or noise that is not allowed.
        """
        check_subsampling(scale, subsampling)
        if not isinstance(noise, Tensor) and not (math.isfinite(noise) and noise >= 0):
            raise ConfigError(f"degradation.noise: {noise} must be finite and at least 0, in [0, 1] intensity")
        parts = {"kernel": _as_kernel(kernel), "scale": scale, "subsampling": subsampling, "noise": noise}
        for name, value in parts.items():
            object.__setattr__(self, name, value)

    @cached_property
    def told(self) -> Tensor:
        """The kernel as networks are told it: the blur before direct subsampling; at real scales the blur alone."""
        if self.subsampling == "direct" or not float(self.scale).is_integer():
            return self.kernel
        return effective_kernel(self.kernel, self.scale)

    @property
    def offset(self) -> tuple[float, float]:
        """(x, y) in HR px, to the right and down: how far the HR image lies off the LR image enlarged about its centre.

        Direct subsampling keeps the top-left of s x s px, which puts it (s - 1) / 2 px to the left and up; a kernel,
        being correlated, puts it off by its centre of mass.
        """
        phase = 0.0 if self.subsampling == "bicubic" else (1 - float(self.scale)) / 2
        x, y = (float(mean) + phase for mean in centre(self.kernel.detach().double()))
        return x, y

    def apply(self, image: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Make the LR image of an HR image. Nothing is clipped.

        Args:
            image: (..., H, W) in [0, 1]; (B, ..., H, W) for kernels (B, k, k).
            generator: source of the noise, required where there is any.

        Returns:
            (..., ceil(H / scale), ceil(W / scale)) LR image.

        Raises:
            ConfigError: the noise lacks a generator, or is not one number for all images.
            ImageError: the image is not a floating tensor with at least one pixel.
            KernelError: as many kernels as images are needed, or one.

        Example:
            >>> Degradation("gaussian:2,2", scale=2).apply(torch.ones(1, 3, 64, 48)).shape
            torch.Size([1, 3, 32, 24])
        """
        return self._apply(image, self.noise, generator)

    def son(self, lq: Tensor, generator: torch.Generator | None = None, more_noise: float = 0.0) -> Tensor:
        """Degrade an LR image once more, so that its son has as much noise as it has (MZSR, section 3.4).

        Args:
            lq: (..., h, w).
            generator: as for `apply`.
            more_noise: σ of further noise, [0, 1] intensity.

        Example:
            >>> Degradation("gaussian:2,2", scale=2).son(torch.ones(1, 3, 32, 24)).shape
            torch.Size([1, 3, 16, 12])
        """
        return self._apply(lq, math.hypot(more_noise, noise_lost(_number(self.noise), self.told)), generator)

    def to(self, like: Tensor) -> Degradation:
        """Move the kernel to the device and the dtype of a tensor.

        Example:
            >>> Degradation("gaussian:2,2", scale=2).to(torch.ones(1, dtype=torch.float32)).kernel.dtype
            torch.float32
        """
        fits = self.kernel.device == like.device and self.kernel.dtype == like.dtype
        return self if fits else self._with(kernel=self.kernel.to(like))

    def with_noise(self, noise: float | Tensor) -> Degradation:
        """Give the same degradation with another noise.

        Example:
            >>> print(Degradation("delta", scale=2).with_noise(10 / 255))
            no blur; x2 direct, noise σ 10 of 255
        """
        return self._with(noise=noise)

    def turned(self) -> Degradation:
        """Give the same degradation with its kernel turned by 180 degrees: a blur by convolution.

        Example:
            >>> crooked = Degradation(np.array([[1, 0, 0], [0, 0, 0], [0, 0, 0.0]]), scale=2)
            >>> crooked.turned().kernel[2, 2].item()
            1.0
        """
        return self._with(kernel=turned(self.kernel))

    def _with(self, **changes: Tensor | float) -> Degradation:
        parts = {"kernel": self.kernel, "scale": self.scale, "subsampling": self.subsampling, "noise": self.noise}
        return Degradation(**{**parts, **changes})  # type: ignore[arg-type]

    def _apply(self, image: Tensor, noise: float | Tensor, generator: torch.Generator | None) -> Tensor:
        if self.subsampling == "direct" and float(self.scale).is_integer():
            low = blur_and_keep(image, self.kernel, int(self.scale))
        else:
            low = subsample(blur(image, self.kernel), self.scale, self.subsampling)
        sigma = _number(noise)
        return low if sigma == 0 else add_noise(low, sigma, generator)

    def __str__(self) -> str:
        """Describe it in a line for people."""
        noisy = "" if isinstance(self.noise, float) and self.noise == 0 else f", noise σ {_levels(self.noise)} of 255"
        return f"{in_words(self.kernel)}; x{self.scale:g} {self.subsampling}{noisy}"


def _as_kernel(given: KernelLike) -> Tensor:
    if isinstance(given, (str, os.PathLike)):
        return load_kernel(os.fspath(given))
    if isinstance(given, np.ndarray):
        return validate_kernel(given, "kernel")
    if not isinstance(given, Tensor):
        raise KernelError(f"kernel: a {type(given).__name__}; give a text, a file, an array or a tensor")
    shape = tuple(given.shape)
    if given.ndim not in (2, 3) or shape[-1] != shape[-2] or shape[-1] % 2 == 0 or not given.is_floating_point():
        raise KernelError(f"kernel: {given.dtype} {shape} must be floating (k, k) or (B, k, k) with k odd")
    off = (given.detach().sum((-2, -1)) - 1).abs()  # NaN where a weight is not finite
    if not bool((off <= SUM_TOLERANCE).all()):
        raise KernelError(f"kernel: its weights must be finite and sum to 1 within {SUM_TOLERANCE}")
    return given


def _number(noise: float | Tensor) -> float:
    if isinstance(noise, Tensor) and noise.numel() != 1:
        raise ConfigError(f"degradation.noise: {tuple(noise.shape)}; to degrade images, give one number for all")
    return float(noise)


def _levels(noise: float | Tensor) -> str:
    return ", ".join(f"{255 * value:.3g}" for value in torch.as_tensor(noise).flatten().tolist())
