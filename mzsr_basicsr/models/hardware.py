"""How a model uses the hardware: precision, memory layout and threads."""

import os

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mzsr_basicsr.upscaling.device import has_bfloat16, memory_format

__all__ = ["chosen_precision", "distributed", "memory_format", "precision", "threads_per_process"]


def chosen_precision(device: torch.device, name: str) -> str:
    """Make "auto" what suits the hardware: "mixed" where it has bfloat16 itself, else "float32"; leave other names."""
    if name != "auto":
        return name
    return "mixed" if has_bfloat16(device) else "float32"


def precision(device: torch.device, name: str) -> torch.autocast:
    """Open a context in which all convolutions run in "bfloat16", for that name; parameters and losses stay float32.

    "mixed" is the meta-step's own. Casts are not cached: the inner loop's parameters differ from step to step.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=name == "bfloat16", cache_enabled=False)


def threads_per_process() -> None:
    """Share the cores among the processes of one machine; torch gives each of them all cores (torchrun: one)."""
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if local > 1 and not torch.cuda.is_available():
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // local))


def distributed(step: nn.Module, device: torch.device) -> nn.Module:
    """Wrap a module for several processes."""
    return DistributedDataParallel(step, device_ids=[torch.cuda.current_device()] if device.type == "cuda" else None)
