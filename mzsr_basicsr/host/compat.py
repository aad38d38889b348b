"""The one place that knows quirks of BasicSR's trainer, and mends what stops it without a GPU, and resuming.

An option file is parsed before BasicSR resumes or joins a process group, so these repairs also reach an unmodified
`basicsr/train.py`.
"""

import sys
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist


def mend() -> None:
    """Repair the process group on CPUs and the loading of resume states, in every module that runs a training."""
    from basicsr.utils import dist_util

    if not torch.cuda.is_available():
        dist_util._init_dist_pytorch = init_gloo
    mend_resume()


def init_gloo(backend: str = "gloo", **kwargs: Any) -> None:
    """Join torchrun's process group on CPUs; BasicSR would divide by the number of GPUs, here 0.

    Args:
        backend: what BasicSR asks for (NCCL); without a GPU only gloo can serve, so it is not used.
        **kwargs: passed on to `torch.distributed.init_process_group`.
    """
    dist.init_process_group(backend="gloo", **kwargs)


def mend_resume() -> None:
    """Replace BasicSR's `load_resume_state`, which asks for a CUDA device and trusts the newest file, by ours."""
    from mzsr_basicsr.models.checkpoint import load_resume_state

    for name in ("__main__", "basicsr.train"):
        module = sys.modules.get(name)
        theirs: Callable[..., Any] | None = getattr(module, "load_resume_state", None)
        if module is not None and theirs is not None and hasattr(module, "train_pipeline"):
            module.load_resume_state = load_resume_state  # type: ignore[attr-defined]
