"""What the machine has: processor, memory, devices, and the precision that suits them. PyTorch is imported here."""

import os
import platform
from pathlib import Path
from typing import Any

_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve", "bf16")  # of x86 and ARM, as Linux names them
_SHORT = {"avx512_bf16", "amx_bf16", "bf16"}  # of these, instructions on bfloat16


def processor() -> dict[str, Any]:
    """Give the processor's name, its cores that this process may use, its instructions, and the memory in GiB."""
    lines = _lines(Path("/proc/cpuinfo"))
    known = (lines.get("flags") or lines.get("features") or "").split()
    return {
        "name": lines.get("model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "instructions": [flag for flag in _FLAGS if flag in known],
        "memory_gib": _memory(),
    }


def devices(flags: list[str]) -> dict[str, Any]:
    """Give what PyTorch finds: threads, CUDA devices with their memory, MPS, and the device and precision for `auto`.

    Args:
        flags: instructions of the processor, as `processor` gives them.

    Returns:
        Where PyTorch is missing or damaged, an "error" alone.
    """
    try:
        import torch

        from mzsr_basicsr.upscaling.device import choose_device

        cuda = [_cuda(torch.cuda.get_device_properties(number)) for number in range(torch.cuda.device_count())]
        chosen = choose_device("auto").type
        return {
            "threads": torch.get_num_threads(),
            "cuda": cuda,
            "mps": torch.backends.mps.is_available(),
            "auto": chosen,
            "bfloat16": short_numbers(chosen, flags),
        }
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        return {"error": " ".join(str(error).split())}


def short_numbers(device: str, flags: list[str]) -> str | None:
    """Say by what a device computes in bfloat16 without emulating it; None where it does not."""
    if device == "cpu":
        return next((flag for flag in flags if flag in _SHORT), None)
    import torch

    if device == "cuda" and torch.cuda.get_device_capability() >= (8, 0):
        return "CUDA {}.{}".format(*torch.cuda.get_device_capability())
    return None


def _cuda(properties: Any) -> dict[str, Any]:
    return {
        "name": properties.name,
        "memory_gib": round(properties.total_memory / 2**30, 1),
        "capability": f"{properties.major}.{properties.minor}",
    }


def _lines(file: Path) -> dict[str, str]:
    """Read the first of each `name: value`; nothing where there is no such file."""
    found: dict[str, str] = {}
    if file.is_file():
        for line in file.read_text("utf-8", "replace").splitlines():
            name, _, value = line.partition(":")
            found.setdefault(name.strip().lower(), value.strip())
    return found


def _memory() -> float | None:
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    except (ValueError, OSError, AttributeError):  # not of this system
        return None
