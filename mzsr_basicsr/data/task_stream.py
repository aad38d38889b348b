"""Where the endless stream of training tasks stands.

Task number t is a function of the seed and t alone. BasicSR builds the data set before it tells the model from which
iteration it resumes, and its sampler then starts its epoch anew; so the model says here where the stream goes on, and
the data set, whose loader workers start later, adds it to the positions it is asked for.
"""

import numpy as np
import torch
from torch import Tensor

_resumed_at = 0


def resume_at(iteration: int) -> None:
    """Let the stream go on after an iteration; 0 starts it anew."""
    global _resumed_at
    _resumed_at = iteration


def resumed_at() -> int:
    """Tell after which iteration the stream goes on."""
    return _resumed_at


def task_generator(seed: int, task: int) -> torch.Generator:
    """Make the source of all random draws of one task; neighbouring seeds and tasks give unrelated streams."""
    return torch.Generator().manual_seed(task_seed(seed, task))


def task_seed(seed: int, task: int) -> int:
    """Mix seed and task number into 63 bits."""
    return int(np.random.SeedSequence([seed, task]).generate_state(1, np.uint64)[0] >> 1)


def sampler_positions(length: int) -> Tensor:
    """Invert the shuffle of BasicSR's EnlargedSampler in its epoch 0: index -> position in the epoch, (length,).

    That sampler is the same function of nothing but the length in every run, so position p of a fresh epoch is the
    same place of the training whatever index stands there.
    """
    shuffle = torch.randperm(length, generator=torch.Generator().manual_seed(0))
    positions = torch.empty_like(shuffle)
    positions[shuffle] = torch.arange(length)
    return positions
