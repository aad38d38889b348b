"""The most memory that one piece of work held above what the process held before it."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Peak:
    """Filled when the measured block ends: megabytes (10^6 bytes), or None where the system does not tell."""

    megabytes: float | None = None


@contextmanager
def measured_peak(device: torch.device) -> Iterator[Peak]:
    """Measure the block: the GPU's allocator on a GPU, else the process's resident memory, where Linux tells its peak.

    What earlier blocks have freed is given back to the system first, or it would hide what this one takes.
    """
    peak = Peak()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        yield peak
        peak.megabytes = (torch.cuda.max_memory_allocated(device) - before) / 1e6
        return
    before_kb = _reset()
    yield peak
    after_kb = _kilobytes("VmHWM")
    if before_kb is not None and after_kb is not None:
        peak.megabytes = max(0.0, (after_kb - before_kb) * 1024 / 1e6)


def _reset() -> int | None:
    """Give freed memory back and let Linux forget the peak so far; give what is held now, kB."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
        _RESET.write_bytes(b"5")
    except (OSError, AttributeError):  # no Linux, or no GNU library
        return None
    return _kilobytes("VmRSS")


def _kilobytes(field: str) -> int | None:
    try:
        lines = _STATUS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{field}:")), None)
