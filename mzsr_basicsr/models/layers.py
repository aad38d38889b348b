"""Layers that work differently in training: random ones draw reproducibly, and those that are frozen are named."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from basicsr.utils import get_root_logger
from torch import nn

from mzsr_basicsr.data.task_stream import task_seed
from mzsr_basicsr.meta.modes import layers_with_a_mode

_SALT = 3  # the data set's own draws have 0, 1 and 2


@contextmanager
def drawn_by(seed: int, number: int, device: torch.device) -> Iterator[None]:
    """Let random layers draw as a function of a seed and a number; the global state is left as it was found."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(task_seed(seed + _SALT, number))
        yield


def warn_of_frozen_layers(network: nn.Module, inner_steps: int) -> None:
    """Name in the log the layers that the meta-step runs as at a test, where there are any."""
    found = layers_with_a_mode(network)
    if not found:
        return
    shown = [f"{name or 'the network itself'} ({kind})" for name, kind in list(found.items())[:5]]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    get_root_logger().warning(
        f"train.meta.inner_steps: {inner_steps}: the meta-step runs these layers as at a test, where their statistics "
        f"stay as they are and nothing is random: {', '.join(shown)}{more}; train them with inner_steps: 0 (stage 1), "
        "and go on from those weights"
    )
