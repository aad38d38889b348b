"""`mzsr_basicsr.upscale`: one image in, the enlarged image out, with what was found on the way."""

import os
import warnings
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.degradation.kernels import validate_kernel
from mzsr_basicsr.degradation.record import Degradation, KernelLike
from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Plan, Upscaler

_GIVEN = "array"  # stands for a kernel's text where its weights are given


@dataclass(frozen=True, eq=False)
class Result:
    """An enlarged image, and how it came about.

    Attributes:
        image: as the input: the same kind of array, layout and type.
        degradation: what is thought to have happened to the input, at the weights' own scale; its kernel is float64,
            and its `offset` says how far `image` lies off the input enlarged about its centre, px of that scale.
        signal: what the updates learned from: "son", "scale", "mixed" or another registered name.
        losses: the signal's loss before each update and after the last.
        held_out: the same on the part of the image that was held out.
        kept: how many of the updates were kept; 0 if adaptation was rolled back.
        stopped: why no more updates were made, in words; empty where none was wanted or possible.
        confidence: of an estimated kernel, 0 to 1; None for a given one.
        residual: of an estimated kernel, what an isotropic Gaussian leaves unexplained, 0 to 1; None for a given one.
        seconds: for the kernel, the adaptation and the upscaling.
        memory: what a memory did: its `entries`, the `nearness` of the most alike (a cosine), whether it was `used` and
            whether what was learned was `wrote`; None without one.

    Example:
        >>> result = upscale(np.full((32, 48), 7, np.uint8), kernel="gaussian:1,1", updates=1, device="cpu")
        >>> result.image.shape, result.kernel.shape, result.subsampling, result.noise
        ((64, 96), (15, 15), 'direct', 0.0)
    """

    image: Any
    degradation: Degradation
    signal: str
    losses: list[float]
    held_out: list[float]
    kept: int
    stopped: str
    confidence: float | None
    residual: float | None
    seconds: dict[str, float]
    memory: dict[str, Any] | None = None

    @property
    def kernel(self) -> np.ndarray:
        """The blur kernel used: (k, k) float64."""
        return self.degradation.kernel.numpy()

    @property
    def subsampling(self) -> str:
        """How pixels were lost after the blur: "direct" or "bicubic"."""
        return self.degradation.subsampling

    @property
    def noise(self) -> float:
        """σ in levels of 0 to 255 that the network was told."""
        return 255 * float(self.degradation.noise)


def upscale(
    image: np.ndarray | Tensor,
    scale: float = 2,
    kernel: KernelLike | Degradation = "auto",
    updates: int | None = None,
    alpha: bool | None = None,
    **choices: Any,
) -> Result:
    """Enlarge one image by zero-shot super-resolution (MZSR, section 3.4).

    Args:
        image: NumPy (H, W) or (H, W, C), or torch (H, W), (C, H, W) or (1, C, H, W); RGB order. uint8, uint16 and
            floating types; floating values in [0, 1], else the range of all but outliers is mapped to it and
            back. NaN and infinite values are no data, and stay.
        scale: output over input, 1 to 4.
        kernel: "auto", "auto-free", "bicubic", a text or a file as `kernel_files.load_kernel` reads them,
            an array or a tensor (k, k), or a `Degradation` of this scale, which brings its subsampling and noise too.
        updates: gradient updates on the image itself; None for what the quality chooses, ten for the normal one.
        alpha: the last band is straight alpha; None: it is where there are 2 or 4 bands.
        **choices: the other fields of `UpscaleSettings`: subsampling, kernel_turned, signal, weights, device,
            tile, precision, quality ("fast", "normal" or "best"), time_budget (seconds that the adaptation may take, 0
            for any), back_projection, self_ensemble, noise (levels of 0 to 255, or "auto"), seed, nodata (the value
            that stands for no data), memory (a file that remembers what was learned).

    Returns:
        See `Result`.

    Raises:
        ConfigError, ImageError, KernelError, WeightsError: one line that says what is wrong.

    Example:
        >>> import numpy as np
        >>> photo = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
        >>> result = upscale(photo, scale=2, kernel="gaussian:2,2", updates=1, device="cpu")
        >>> result.image.shape, result.image.dtype
        ((64, 96, 3), dtype('uint8'))
    """
    known = set(UpscaleSettings.__dataclass_fields__)
    if unknown := sorted(set(choices) - known):
        raise ConfigError(f"upscale: unknown choice {unknown[0]!r}; known: {', '.join(sorted(known))}")
    pixels = _to_pixels(image)
    alpha = pixels.shape[2] in (2, 4) if alpha is None else alpha
    text, given, more = _kernel(kernel, scale)
    upscaler = _upscaler(UpscaleSettings(scale=scale, kernel=text, updates=updates, **{**more, **choices}))
    plan = upscaler.plan(pixels, alpha, kernel=given)
    if plan.notice:
        warnings.warn(plan.notice, stacklevel=2)
    start = perf_counter()
    enlarged = upscaler.apply(pixels, plan, alpha)
    seconds = {**plan.seconds, "upscaling": perf_counter() - start}
    return _result(plan, _like(enlarged, image), seconds, upscaler.remember(plan))


def _kernel(kernel: KernelLike | Degradation, scale: float) -> tuple[str, Tensor | None, dict[str, Any]]:
    """Tell a kernel's text from its weights: the text, the weights if they are given, and choices that come with it."""
    if isinstance(kernel, Degradation):
        if kernel.scale != scale:
            raise ConfigError(f"scale: {scale:g}, but the degradation's is {kernel.scale:g}; give the same scale")
        more = {"subsampling": kernel.subsampling, "noise": 255 * float(kernel.noise)}
        return _GIVEN, validate_kernel(kernel.kernel.detach().cpu(), "kernel"), more
    if isinstance(kernel, Tensor):
        kernel = kernel.detach().cpu()
    if isinstance(kernel, (Tensor, np.ndarray)):
        return _GIVEN, validate_kernel(kernel, "kernel"), {}
    if not isinstance(kernel, (str, os.PathLike)):
        raise ConfigError(f"kernel: a {type(kernel).__name__}; give a text, a file, an array or a Degradation")
    return os.fspath(kernel), None, {}


@lru_cache(maxsize=2)
def _upscaler(settings: UpscaleSettings) -> Upscaler:
    """Keep the network of the last calls."""
    return Upscaler(settings)


def _result(plan: Plan, image: object, seconds: dict[str, float], memory: dict[str, Any] | None) -> Result:
    estimate = plan.chosen.estimate
    return Result(
        image=image,
        degradation=plan.chosen.degradation,
        signal=plan.manner.signal.name,
        losses=plan.adapted.losses,
        held_out=plan.adapted.held_out,
        kept=plan.adapted.kept,
        stopped=plan.adapted.stopped,
        confidence=estimate.confidence if estimate else None,
        residual=estimate.residual if estimate else None,
        seconds=seconds,
        memory=memory,
    )


def _to_pixels(image: np.ndarray | Tensor) -> np.ndarray:
    """Bring any accepted layout to (H, W, C)."""
    if isinstance(image, Tensor):
        array = _to_numpy(image)
        array = array[0] if array.ndim == 4 and len(array) == 1 else array
        array = array.transpose(1, 2, 0) if array.ndim == 3 else array
    elif isinstance(image, np.ndarray):
        array = image
    else:
        raise ImageError(f"image: a {type(image).__name__}; give a NumPy array or a torch tensor")
    array = array[:, :, None] if array.ndim == 2 else array
    if array.ndim != 3:
        raise ImageError(f"image: shape {tuple(image.shape)}; allowed: (H, W), (H, W, C), and (1, C, H, W) for tensors")
    return array


def _to_numpy(image: Tensor) -> np.ndarray:
    try:
        return image.detach().cpu().numpy()
    except TypeError:
        raise ImageError(f"image: {image.dtype} pixels; convert them to float32, uint8 or uint16") from None


def _like(pixels: np.ndarray, image: np.ndarray | Tensor) -> np.ndarray | Tensor:
    """Bring (H, W, C) to the layout of the input."""
    if image.ndim == 2:
        pixels = pixels[:, :, 0]
    if isinstance(image, np.ndarray):
        return pixels
    tensor = torch.from_numpy(np.ascontiguousarray(pixels))
    tensor = tensor.permute(2, 0, 1) if tensor.ndim == 3 else tensor
    return (tensor[None] if image.ndim == 4 else tensor).contiguous().to(image.device)
