"""What is said of a kernel: its numbers, how two kernels differ, and what was estimated of a picture."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.degradation.noise import estimate_noise
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.spread import as_gaussian, centre, covariance
from mzsr_basicsr.pictures.prepare import prepared
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.upscaling.choice import choose_kernel
from mzsr_basicsr.upscaling.sample import to_judge_blur, to_judge_noise
from mzsr_basicsr.upscaling.settings import UpscaleSettings

_ROUND = 0.01  # of λ1: kernels whose variances differ by no more are called round


@dataclass(frozen=True)
class KernelNumbers:
    """A kernel in numbers.

    Attributes:
        side: px.
        sum: of the weights.
        lambda1: larger variance, px².
        lambda2: smaller variance, px².
        theta: angle of the wider axis, radians from 0 to π, clockwise on the screen.
        theta_degrees: the same in degrees.
        sigma1: larger deviation, px.
        sigma2: smaller deviation, px.
        centre_x: of mass, px to the right of the centre pixel.
        centre_y: the same, px downward.
    """

    side: int
    sum: float
    lambda1: float
    lambda2: float
    theta: float
    theta_degrees: float
    sigma1: float
    sigma2: float
    centre_x: float
    centre_y: float

    @property
    def round(self) -> bool:
        """Whether its variances are too equal to tell a direction."""
        return self.lambda1 - self.lambda2 <= _ROUND * self.lambda1


@dataclass(frozen=True)
class KernelDifference:
    """How a kernel B differs from a kernel A.

    Attributes:
        psnr: dB, of the weights over the common grid; the peak is A's largest weight; infinite for equal kernels.
        lambda1_error: (B - A) / A of the larger variance; infinite where only A has none.
        lambda2_error: the same of the smaller variance.
        angle: degrees from 0 to 90 between the wider axes; None where one of them is round and has none.
        l1: sum of the absolute differences, from 0 to 2.
        moved_x: px to the right from A's centre of mass to B's; a result moves by as much.
        moved_y: the same, px downward.
    """

    psnr: float
    lambda1_error: float
    lambda2_error: float
    angle: float | None
    l1: float
    moved_x: float
    moved_y: float


@dataclass(frozen=True, eq=False)
class EstimatedKernel:
    """The kernel of a picture.

    Attributes:
        degradation: its kernel is float64; the noise was estimated, too.
        confidence: 0 to 1.
        residual: 0 to 1, what an isotropic Gaussian of the same total variance leaves unexplained.
    """

    degradation: Degradation
    confidence: float
    residual: float

    @property
    def noise(self) -> float:
        """σ in levels of 0 to 255."""
        return 255 * float(self.degradation.noise)

    def record(self) -> dict[str, float | str]:
        """Give all numbers by name, for a line of JSON."""
        own = {"confidence": self.confidence, "residual": self.residual, "noise": self.noise}
        return {"subsampling": self.degradation.subsampling, **asdict(measure_kernel(self.degradation.kernel)), **own}


def measure_kernel(kernel: Tensor) -> KernelNumbers:
    """Measure a kernel (k, k); its variances are taken about its centre of mass."""
    spread = as_gaussian(covariance(kernel.double()))
    spread = spread._replace(lambda1=max(spread.lambda1, 0.0))  # weights may be as low as -1e-6
    x, y = (float(mean) for mean in centre(kernel.double()))
    return KernelNumbers(
        side=kernel.shape[-1],
        sum=float(kernel.sum()),
        **spread._asdict(),
        theta_degrees=math.degrees(spread.theta),
        sigma1=math.sqrt(spread.lambda1),
        sigma2=math.sqrt(spread.lambda2),
        centre_x=x,
        centre_y=y,
    )


def caption(kernel: Tensor) -> str:
    """Describe a kernel in one line of ASCII and °, to be drawn above it."""
    n = measure_kernel(kernel)
    return (
        f"{n.side}x{n.side} px, sum {n.sum:.4f}, largest {float(kernel.max()):.4f}, "
        f"lambda {n.lambda1:.3f} and {n.lambda2:.3f} px^2, {'round' if n.round else f'theta {n.theta_degrees:.1f}°'}, "
        f"centre of mass {n.centre_x:+.2f}, {n.centre_y:+.2f} px"
    )


def on_common_grid(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Extend the smaller of two kernels (k, k) by zeros on all sides to the size of the larger."""
    side = max(first.shape[-1], second.shape[-1])
    padded = [F.pad(kernel, ((side - kernel.shape[-1]) // 2,) * 4) for kernel in (first, second)]
    return padded[0], padded[1]


def compare_kernels(first: Tensor, second: Tensor) -> KernelDifference:
    """Compare kernel B, the second, with kernel A, the first; both (k, k), their centre pixels on each other."""
    a, b = on_common_grid(first, second)
    squared = float((a - b).square().mean())
    one, other = measure_kernel(a), measure_kernel(b)
    apart = abs(one.theta_degrees - other.theta_degrees)
    return KernelDifference(
        psnr=10 * math.log10(float(a.max()) ** 2 / squared) if squared else math.inf,
        lambda1_error=_relative(one.lambda1, other.lambda1),
        lambda2_error=_relative(one.lambda2, other.lambda2),
        angle=None if one.round or other.round else min(apart, 180 - apart),  # an axis has no direction
        l1=float((a - b).abs().sum()),
        moved_x=other.centre_x - one.centre_x,
        moved_y=other.centre_y - one.centre_y,
    )


def estimate_file(path: Path, settings: UpscaleSettings) -> EstimatedKernel:
    """Estimate the blur kernel and the noise of a picture file.

    Args:
        path: of the picture.
        settings: its scale (an integer), kernel (one of `settings.ESTIMATED`) and subsampling count.

    Raises:
        MZSRError: one line.
    """
    picture, name = read_picture(path), str(path)
    ready = prepared(picture.pixels, picture.alpha, name, picture.nodata)
    pixels, bands = ready.to_judge(), ready.bands
    chosen = choose_kernel(
        settings, int(settings.scale), lambda: to_judge_blur(pixels, bands), min(picture.pixels.shape[:2]), name
    )
    estimate = chosen.estimate
    return EstimatedKernel(
        degradation=chosen.degradation.with_noise(estimate_noise(to_judge_noise(pixels, bands))),
        confidence=estimate.confidence if estimate else 1.0,
        residual=estimate.residual if estimate else 0.0,
    )


def _relative(value: float, other: float) -> float:
    if value == other:
        return 0.0
    return (other - value) / value if value else math.inf
