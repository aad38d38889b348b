"""Small tasks and a small network, in float64, that processes draw alike."""

import torch
from torch import nn

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import Pairs, Task


def network() -> nn.Sequential:
    """Three convolutions, so that a head leaves a body."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 1)]
    return nn.Sequential(*layers).double()


def task(seed: int) -> Task:
    """Two pairs to adapt to, two to judge by."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(4, 2, 3, 24, 24, generator=generator, dtype=torch.float64)
    kernel = torch.rand(5, 5, generator=generator, dtype=torch.float64)
    return Task(Pairs(*images[:2]), Pairs(*images[2:]), Degradation(kernel / kernel.sum(), 1.0))
