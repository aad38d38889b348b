"""The C library's memory: what is freed between two steps is kept for the next one."""

import ctypes
import os
import platform
from functools import lru_cache

# glibc's `mallopt`, malloc.h; what a user sets by the environment goes first
TRIM, MMAP = -1, -3
WORDS = (
    "MALLOC_TRIM_THRESHOLD_",
    "MALLOC_MMAP_THRESHOLD_",
    "glibc.malloc.trim_threshold",
    "glibc.malloc.mmap_threshold",
)
LARGEST = 64 << 20  # bytes: what is larger is mapped for itself, and given back when it is freed
KEPT = 256 << 20  # bytes: free memory at the end of the heap, beyond which it is given back


@lru_cache(maxsize=1)
def keep_freed_memory() -> bool:
    """Have this process keep up to `KEPT` bytes of freed memory, once; tell whether that could be asked for.

    Networks free and ask for the same tens of MB at every step. glibc gives them back to the system each time, which
    hands out new pages one by one and fills them with zeros: a tenth to a sixth of the time.
    Nothing is done where the user chose otherwise (`MALLOC_TRIM_THRESHOLD_`, `GLIBC_TUNABLES`), and without glibc.
    """
    given = f"{os.environ.get('GLIBC_TUNABLES', '')} {' '.join(os.environ)}"
    if platform.system() != "Linux" or any(word in given for word in WORDS):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(MMAP, LARGEST)) and bool(mallopt(TRIM, KEPT))


def hand_back_memory() -> None:
    """Give all that is kept back to the system, before something else needs as much: where it is kept at all."""
    if keep_freed_memory():
        ctypes.CDLL(None).malloc_trim(0)
