"""Kernels of the law for KernelNet, which must know a blur and its family apart from the subsampling that follows."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.data.task_kernels import TaskKernels
from mzsr_basicsr.degradation.effective import bicubic_reach, effective_kernel
from mzsr_basicsr.degradation.kernels import sample_kernels
from mzsr_basicsr.degradation.shape_law import SHAPES
from mzsr_basicsr.degradation.shapes import same_spread
from mzsr_basicsr.options.datasets import LawOptions

ALIKE = 0.1  # of 0 to 1, L1 distance halved: kernels so near to the Gaussian of their spread are taken for it


class Drawn(NamedTuple):
    """A kernel of the law.

    Attributes:
        family: "gaussian", "disk", "motion" or "free".
        shape: (k, k) float64, the blur before subsampling of any kind.
        whole: (k', k') float64, the blur before direct subsampling.
    """

    family: str
    shape: Tensor
    whole: Tensor


class NamedKernels:
    """Draw kernels from the law p(k) of an option file.

    Args:
        options: `kernel_law`.
        scale: an integer.
    """

    def __init__(self, options: LawOptions, scale: float) -> None:
        self._law = TaskKernels(options, scale, "direct")
        self._names = {draw: name for name, draw in SHAPES.items()}

    def draw(self, generator: torch.Generator) -> Drawn:
        """Draw one kernel."""
        law = self._law
        share, bicubic = torch.rand(2, dtype=torch.float64, generator=generator).tolist()
        name = "gaussian"
        for shape, own in law.shapes:
            if share < own:
                name, kernel = self._names.get(shape, "free"), shape(law.law.size, generator)
                break
            share -= own
        else:
            kernel = sample_kernels(law.law, 1, generator)[0][0]
        if law.options.bicubic == 0:
            whole = kernel
        elif bicubic < law.options.bicubic:
            whole = effective_kernel(kernel, law.scale)
        else:
            whole = F.pad(kernel, (bicubic_reach(law.scale),) * 4)
        return Drawn(family_of(name, kernel), kernel, whole)


def family_of(name: str, kernel: Tensor) -> str:
    """Tell the family of a shape of the law; what is near to a Gaussian, such as a small disk, is one."""
    if name == "gaussian" or float((kernel - same_spread(kernel)).abs().sum()) / 2 < ALIKE:
        return "gaussian"
    return name if name in ("disk", "motion") else "free"
