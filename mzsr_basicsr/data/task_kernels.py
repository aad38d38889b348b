"""The kernel of a training task: what blurs the photographs, and what the network is told of it."""

import msgspec
import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.degradation.effective import bicubic_reach, effective_kernel
from mzsr_basicsr.degradation.kernels import KernelLaw, gaussian_kernel, sample_kernels
from mzsr_basicsr.degradation.shape_law import Draw, shape_draws
from mzsr_basicsr.degradation.shapes import same_spread
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.datasets import LawOptions


class TaskKernels:
    """Draw from the law p(k) of an option file.

    Args:
        options: `kernel_law`; without a range for λ1 it is the paper's U(1, 2.5 s).
        scale: of the tasks.
        subsampling: of the tasks; `kernel_law.bicubic` mixes bicubic subsampling into direct ones.
        section: name of the data set's section, for messages.

    Raises:
        ConfigError: shares that do not go together, or a shape that is unknown.
    """

    def __init__(self, options: LawOptions, scale: float, subsampling: str, section: str = "datasets.train") -> None:
        self.options = options
        self.scale = scale
        self.law = KernelLaw(
            size=options.size,
            lambda1=options.lambda1 or (1.0, 2.5 * scale),
            lambda2=options.lambda2,
            theta=options.theta,
            log_uniform=options.log_uniform,
        )
        if options.bicubic > 0 and subsampling != "direct":
            raise ConfigError(
                f"{section}.kernel_law.bicubic: a share of bicubic tasks needs `subsampling: direct` for the rest"
            )
        if options.bicubic > 0 and not float(scale).is_integer():
            raise ConfigError(f"{section}.kernel_law.bicubic: needs scales that are integers, not {scale:g}")
        self.shapes = shape_draws(options.shapes, f"{section}.kernel_law.shapes")
        low, high = options.misstatement
        if not 0 < low <= high:
            raise ConfigError(f"{section}.kernel_law.misstatement: ({low}, {high}) must be 0 < low <= high")

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw the kernel that blurs and the one the network is told; both (k, k) float64, of the same side."""
        o = self.options
        if not self.shapes and o.bicubic == o.misstated == 0:
            kernels, _ = sample_kernels(self.law, 1, generator)
            return kernels[0], kernels[0]
        chances = torch.rand(4, dtype=torch.float64, generator=generator).tolist()
        shape = self._chosen(chances[0])
        kernel, told = self._shape(shape, generator) if shape else self._gaussian(generator, chances[3])
        told = told if chances[1] < o.misstated else kernel
        if o.bicubic == 0:
            return kernel, told
        if chances[2] < o.bicubic:
            return effective_kernel(kernel, self.scale), effective_kernel(told, self.scale)
        margin = bicubic_reach(self.scale)
        return F.pad(kernel, (margin,) * 4), F.pad(told, (margin,) * 4)

    def _gaussian(self, generator: torch.Generator, chance: float) -> tuple[Tensor, Tensor]:
        """Draw a Gaussian kernel, and the same with both variances wrong by one factor."""
        kernels, numbers = sample_kernels(self.law, 1, generator)
        low, high = self.options.misstatement
        factor = low * (high / low) ** chance
        lambda1, lambda2, theta = numbers[0].tolist()
        return kernels[0], gaussian_kernel(factor * lambda1, factor * lambda2, theta, self.law.size)

    def _chosen(self, chance: float) -> Draw | None:
        """Choose the shape in whose share a chance in [0, 1) falls; beyond all shares, a Gaussian."""
        for shape, share in self.shapes:
            if chance < share:
                return shape
            chance -= share
        return None

    def _shape(self, shape: Draw, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw another shape, and the Gaussian that one would guess."""
        kernel = shape(self.law.size, generator)
        return kernel, same_spread(kernel)


def at_scale(law: LawOptions, scale: float) -> LawOptions:
    """Give the law, written for scale 2, for another: the same blur in LR px."""
    factor = (scale / 2) ** 2
    if law.lambda1 is None:
        raise ConfigError("datasets.train.kernel_law.lambda1: required key is missing; give (low, high) in px² at x2")
    upper = None if law.lambda2[1] is None else law.lambda2[1] * factor
    size = 2 * int(law.size * scale / 4) + 1
    lambda1 = (law.lambda1[0] * factor, law.lambda1[1] * factor)
    return msgspec.structs.replace(law, size=size, lambda1=lambda1, lambda2=(law.lambda2[0] * factor, upper))
