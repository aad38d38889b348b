"""How a model uses the hardware: precision, memory layout and threads."""

import os
from pathlib import Path

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

_CPUINFO = Path("/proc/cpuinfo")  # Linux


def chosen_precision(device: torch.device, name: str) -> str:
    """Make "auto" what suits the hardware: "mixed" where it has bfloat16 itself, else "float32"; leave other names."""
    if name != "auto":
        return name
    return "mixed" if computes_bfloat16(device) else "float32"


def computes_bfloat16(device: torch.device) -> bool:
    """Tell whether the hardware computes bfloat16 itself; where it does not, that is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    try:  # "avx512_bf16" and "amx_bf16" of x86, "bf16" of ARM
        return "bf16" in _CPUINFO.read_text(encoding="utf-8")
    except OSError:
        return False


def precision(device: torch.device, name: str) -> torch.autocast:
    """Open a context in which all convolutions run in "bfloat16", for that name; parameters and losses stay float32.

    "mixed" is the meta-step's own. Casts are not cached: the inner loop's parameters differ from step to step.
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
