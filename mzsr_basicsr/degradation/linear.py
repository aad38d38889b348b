"""The best linear estimate of the HR image, for kernels of any kind.

Wiener's filter (`wiener.py`) takes the image to go on as its mirror image, and is cut where it reaches too far. Both
are harmless for kernels near to a Gaussian, and ruin the estimate for kernels that are lopsided or lose frequencies, as
camera shake does: what is wrong at the border rings through the image. For these the same estimate is computed without
either: nothing is supposed about what lies outside, and no reach is cut. With HR pixels of covariance S around the
image's mean, LR pixels y = D x + n and noise power ν,

    x̂ = S Dᵀ a,   (D S Dᵀ + ν) a = y,

where D S Dᵀ is a correlation of the LR image, solved for a by conjugate gradients.
"""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from mzsr_basicsr.degradation.fast_length import fast_length
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import EXPONENT, LOWEST, ROUNDING_POWER, wiener_spectra, wiener_upscale

# Levels of 255: where Wiener's filter misses more of the probe, it is not used. Measured: at most 0.8 with Gaussians of
# the training's law and the shapes of `mzsr evaluate`, 2.6 to 100 with camera shake.
MISSED = 1.0
ENOUGH = 1.0  # what the solution may miss of the LR image, in powers of its noise and rounding
STEPS = 500  # of the conjugate gradients, at most; camera shake takes 60 to 130, a Gaussian of σ 6 px up to 400
_TINY = 1e-300  # keeps a plane that is solved already, a constant one, from 0 / 0
_PROBE = 48  # LR px, side of the probe


def linear_upscale(image: Tensor, degradation: Degradation) -> Tensor:
    """Enlarge an LR image by Wiener's filter where that serves, else by the exact linear estimate.

    Which of them depends on the kernel and the scale alone, so that all parts of an image are treated alike.

    Args:
        image: (B, C, h, w) LR image in [0, 1].
        degradation: of the image; its scale is an integer, its kernel and noise one for all or one for each image.

    Returns:
        (B, C, scale * h, scale * w), not clipped, of the image's dtype; aligned with the HR image.
    """
    if degradation.kernel.ndim == 3:
        noises = torch.as_tensor(degradation.noise).expand(len(image))
        rows = zip(image.split(1), degradation.kernel, noises, strict=True)
        scale, subsampling = degradation.scale, degradation.subsampling
        return torch.cat([linear_upscale(one, Degradation(k, scale, subsampling, float(n))) for one, k, n in rows])
    if filter_serves(degradation):
        return wiener_upscale(image, degradation)
    return solve(image, degradation)


def filter_serves(degradation: Degradation) -> bool:
    """Tell whether Wiener's estimate of a probe, degraded again, gives the probe's LR image.

    The probe is random and has the spectrum of photographs. Noise is left aside.

    Args:
        degradation: its kernel is (k, k), its scale an integer.
    """
    told = degradation.told.detach().cpu().float()
    return _serves(told.numpy().tobytes(), told.shape[-1], int(degradation.scale))


@lru_cache(maxsize=256)
def _serves(weights: bytes, side: int, scale: int) -> bool:
    """Try the filter of one kernel once: an image asks for each of its results and its son."""
    kernel = torch.frombuffer(bytearray(weights), dtype=torch.float32).reshape(side, side)
    direct = Degradation(kernel, scale)
    lq = direct.apply(_probe(_PROBE * scale))
    missed = direct.apply(wiener_upscale(lq, direct)) - lq
    return float(missed.square().mean().sqrt()) * 255 <= MISSED


def solve(image: Tensor, degradation: Degradation) -> Tensor:
    """Compute the best linear estimate, whatever lies outside of the image; see `linear_upscale`.

    Images with kernels of their own are solved together, each at least as exactly as alone.
    """
    y = (image.cpu() if image.device.type == "mps" else image).double()  # that device has no float64
    scale, (height, width) = int(degradation.scale), y.shape[-2:]
    direct = Degradation(degradation.told.to(y), scale)
    around = 2 * -(-(direct.kernel.shape[-1] // 2) // scale)  # LR px; what the border's pixels see lies within them
    size = (fast_length(height + around), fast_length(width + around))
    joint, seen = (part if part.ndim == 2 else part[:, None] for part in wiener_spectra(direct, size))
    seen = seen[..., : size[1] // 2 + 1]
    noise = torch.as_tensor(degradation.noise).to(y)[..., None, None, None] ** 2 + ROUNDING_POWER

    def correlate(values: Tensor, spectrum: Tensor) -> Tensor:
        return torch.fft.irfft2(torch.fft.rfft2(values, s=size) * spectrum, s=size)[..., :height, :width]

    mean = y.mean((-2, -1), keepdim=True)
    weights = _conjugate_gradients(
        lambda values: correlate(values, seen) + noise * values,
        lambda values: correlate(values, 1 / (seen + noise)),
        y - mean,
        ENOUGH * noise[..., 0, 0],
    )
    spectrum = torch.fft.fft2(weights, s=size).repeat(1, 1, scale, scale)[..., : joint.shape[-1]]
    whole = torch.fft.irfft2(spectrum * joint, s=(size[0] * scale, size[1] * scale))
    return (whole[..., : height * scale, : width * scale] + mean).to(image)


def _conjugate_gradients(
    operator: Callable[[Tensor], Tensor], nearly_inverse: Callable[[Tensor], Tensor], target: Tensor, power: Tensor
) -> Tensor:
    """Solve operator(a) = target for each plane of (B, C, h, w), until what is missed has no more than a power."""
    solution, missed = torch.zeros_like(target), target
    step = near = nearly_inverse(missed)
    length = _dot(missed, near)
    for _ in range(STEPS):
        if bool((missed.square().mean((-2, -1)) <= power).all()):
            break
        image = operator(step)
        far = length / _dot(step, image).clamp_min(_TINY)
        solution, missed = solution + far * step, missed - far * image
        near = nearly_inverse(missed)
        before, length = length, _dot(missed, near)
        step = near + length / before.clamp_min(_TINY) * step
    return solution


def _dot(first: Tensor, second: Tensor) -> Tensor:
    return (first * second).sum((-2, -1), keepdim=True)


def _probe(side: int) -> Tensor:
    """Draw (1, 1, side, side) with the spectrum of photographs, always the same, around 0.5 with a spread of 0.2."""
    generator = torch.Generator().manual_seed(0)
    down, across = torch.fft.fftfreq(2 * side), torch.fft.rfftfreq(2 * side)
    squared = (down[:, None] ** 2 + across[None, :] ** 2).clamp_min(LOWEST**2)
    white = torch.fft.rfft2(torch.randn(2 * side, 2 * side, generator=generator))
    drawn = torch.fft.irfft2(white * squared ** (-EXPONENT / 4))[:side, :side]  # a quarter, so that it is not periodic
    return (0.5 + 0.2 * (drawn - drawn.mean()) / drawn.std())[None, None]
