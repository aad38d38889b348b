"""How a model uses the hardware: precision, memory layout and threads."""

import os

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel


def precision(device: torch.device, name: str) -> torch.autocast:
    """Open a context in which convolutions run in "float32" or "bfloat16"; parameters and losses stay float32.

    Casts are not cached: the inner loop's parameters differ from step to step.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=name == "bfloat16", cache_enabled=False)


def memory_format(device: torch.device) -> torch.memory_format:
    """Choose the layout of 4-D weights: convolutions are faster with channels last, by a fifth on a CPU."""
    return torch.channels_last if device.type in ("cpu", "cuda") else torch.preserve_format


def threads_per_process() -> None:
    """Share the cores among the processes of one machine; torch gives each of them all cores (torchrun: one)."""
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if local > 1 and not torch.cuda.is_available():
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // local))


def distributed(step: nn.Module, device: torch.device) -> nn.Module:
    """Wrap a module for several processes."""
    return DistributedDataParallel(step, device_ids=[torch.cuda.current_device()] if device.type == "cuda" else None)
