"""Seconds of work on a device."""

from time import perf_counter

import torch


def seconds_now(device: torch.device) -> float:
    """Read the clock once all that was asked of a GPU is done; a CPU does what it is asked at once."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
    return perf_counter()
