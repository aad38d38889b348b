"""What every method of a benchmark is: from an LR image, and what is told of it, to SR images."""

import math
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from mzsr_basicsr.adaptation.clock import seconds_now
from mzsr_basicsr.benchmark.run.options import KernelChoice
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.upscaling.choice import choose_kernel
from mzsr_basicsr.upscaling.settings import UpscaleSettings


class Output(NamedTuple):
    """An SR image (1, 3, H, W) in [0, 1], after how many updates (None: the method makes none), and seconds."""

    updates: int | None
    image: Tensor
    seconds: float


Method = Callable[..., list[Output]]  # of an LR image and its degradation; of others of its set, where it remembers


def told_of(choice: KernelChoice, lq: Tensor, degradation: Degradation) -> tuple[Degradation, float]:
    """Give the degradation that a method is told, and the seconds it took to find it."""
    if choice == "known":
        return degradation.to(lq), 0.0
    start = seconds_now(lq.device)
    blurs = "auto" if choice == "bicubic" else degradation.subsampling
    settings = UpscaleSettings(scale=degradation.scale, kernel=choice, subsampling=blurs)  # type: ignore[arg-type]
    smallest = min(lq.shape[-2:])
    found = choose_kernel(settings, math.ceil(degradation.scale), lambda: lq.cpu(), smallest, "the image")
    one = found.degradation
    told = Degradation(one.kernel, degradation.scale, one.subsampling, one.noise)
    return told.to(lq), seconds_now(lq.device) - start
