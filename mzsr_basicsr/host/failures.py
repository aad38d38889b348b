"""Errors of the system and of PyTorch that a run may meet through no fault of its code, each as one line."""

import errno
import re

import torch

_PEER = re.compile(
    r"Connection (closed|reset) by peer|Broken pipe|Timed out waiting|Socket Timeout|NCCL", re.IGNORECASE
)


def explained(error: BaseException) -> str | None:
    """Say in one line what happened and what to do; None for errors that are not known here.

    Args:
        error: that ended a training or a test.
    """
    if isinstance(error, OSError):
        return _of_the_system(error)
    text = " ".join(str(error).split())
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return (
            f"the GPU's memory is not enough ({text.split('. ')[0]}); lower datasets.train.batch_size_per_gpu or "
            "gt_size, or set train.meta.recompute: true"
        )
    if isinstance(error, MemoryError):
        return "the memory is not enough; lower datasets.train.batch_size_per_gpu, cache_mb or num_worker_per_gpu"
    if "DataLoader worker" in text and ("killed by signal" in text or "exited unexpectedly" in text):
        return (
            f"a loader worker was ended from outside ({text.split(': ')[0]}), maybe for lack of memory; lower "
            "datasets.train.num_worker_per_gpu or cache_mb"
        )
    if isinstance(error, torch.distributed.DistError) or _PEER.search(text):
        return (
            "another process of this training has ended or cannot be reached; its own lines say why. Start all of them "
            "again with --auto_resume"
        )
    return None


def _of_the_system(error: OSError) -> str:
    reason = error.strerror or str(error)
    where = error.filename if error.filename is not None else "a file of this run"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}: cannot be written ({reason}); make room there, then go on with --auto_resume"
    return f"{where}: {reason}; check that it is there, and that you may read and write it"
