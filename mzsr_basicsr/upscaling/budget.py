"""A lack of memory: how it is told from other faults, and work that is cut down until memory holds it."""

from collections.abc import Callable
from typing import TypeVar

import torch

from mzsr_basicsr.adaptation.careful import BUDGET, CROP
from mzsr_basicsr.errors import ImageError

_Found = TypeVar("_Found")


def out_of_memory(error: BaseException) -> bool:
    """Tell a lack of memory, on any device, from other faults: the CPU's is a plain RuntimeError."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "allocate memory" in str(error)


def within_memory(work: Callable[[int], _Found], device: torch.device) -> _Found:
    """Do work on so many px of an image, `careful.BUDGET`, and on half as many as often as memory runs out.

    Raises:
        ImageError: memory runs out even with one part.
    """
    budget = BUDGET
    while True:
        try:
            return work(budget)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            if budget < CROP**2:
                raise ImageError(f"out of memory on {device} while adapting; give --updates 0") from error
        budget //= 2
