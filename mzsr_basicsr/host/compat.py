"""The one place that knows quirks of BasicSR's trainer, and mends what stops it without a GPU, and resuming.

An option file is parsed before BasicSR resumes or joins a process group, so these repairs also reach an unmodified
`basicsr/train.py`.
"""

import atexit
import gc
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.host.prefetching import mend_prefetching
from mzsr_basicsr.host.saving import mend_saving
from mzsr_basicsr.host.text import mend_text


def mend() -> None:
    """Repair the process group and DDP on CPUs, and the resuming of trainings, in every module that runs one."""
    from basicsr.utils import dist_util

    from mzsr_basicsr.models.ahead import mend_cuda_prefetching

    if not torch.cuda.is_available():
        dist_util._init_dist_pytorch = init_gloo
    mend_base_model()
    mend_prefetching()
    mend_cuda_prefetching()
    mend_saving()
    mend_resume()
    mend_test()
    mend_text()


def init_gloo(backend: str = "gloo", **kwargs: Any) -> None:
    """Join torchrun's process group on CPUs; BasicSR would divide by the number of GPUs, here 0.

    Args:
        backend: what BasicSR asks for (NCCL); without a GPU only gloo can serve, so it is not used.
        **kwargs: passed on to `torch.distributed.init_process_group`.

    The processes wait for each other as many seconds as the environment variable MZSR_TIMEOUT says, or half an hour.

    Raises:
        ConfigError: torchrun has not started this process.
    """
    check_launcher("pytorch")
    dist.init_process_group(backend="gloo", timeout=_timeout(), **kwargs)
    atexit.register(leave)


def _timeout() -> timedelta:
    text = os.environ.get("MZSR_TIMEOUT", "1800")
    try:
        return timedelta(seconds=max(1.0, float(text)))
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"MZSR_TIMEOUT: {text!r}; it must be seconds, such as 600") from error


def leave() -> None:
    """Leave the process group while Python is whole: gloo's threads that outlive it may abort a finished process.

    DDP's modules stand in reference cycles, which keep the group and its threads until they are collected.
    """
    if dist.is_initialized():
        dist.destroy_process_group()
        gc.collect()


def mend_base_model() -> None:
    """Let the models of BasicSR itself run under torchrun without a GPU, notice a wrong scale, and resume openly."""
    from basicsr.models.base_model import BaseModel

    from mzsr_basicsr.models import stage

    if getattr(BaseModel, "_mended", False):
        return
    theirs = BaseModel.model_to_device

    @wraps(theirs)
    def model_to_device(model: Any, net: nn.Module) -> nn.Module:
        stage.check_scale_of(model, net)
        if model.opt["dist"] and not torch.cuda.is_available():
            unused = model.opt.get("find_unused_parameters", False)
            return DistributedDataParallel(net.to(model.device), find_unused_parameters=unused)
        moved: nn.Module = theirs(model, net)
        return moved

    BaseModel.model_to_device = model_to_device
    BaseModel.resume_training = stage.resuming(BaseModel.resume_training)
    BaseModel._mended = True


def check_launcher(name: str) -> None:
    """Check that this process was started by the launcher that the command line names.

    Raises:
        ConfigError: it was not.
    """
    if name == "pytorch" and "RANK" not in os.environ:
        raise ConfigError(
            "--launcher pytorch: is for processes of torchrun; start them by `torchrun --nproc_per_node=N -m "
            "mzsr_basicsr.train -opt FILE --launcher pytorch`, or leave it out"
        )
    if name == "slurm" and "SLURM_PROCID" not in os.environ:
        raise ConfigError("--launcher slurm: is for processes of Slurm; start them by srun, or leave it out")


def mend_resume() -> None:
    """Replace BasicSR's `load_resume_state`, which asks for a CUDA device and trusts the newest file, by ours.

    It is the first that a training does with its options, before any folder is made, so they are checked before it.
    """
    from mzsr_basicsr.host.start import before_training
    from mzsr_basicsr.models.checkpoint import load_resume_state
    from mzsr_basicsr.models.stage import prepare

    def checked(opt: dict[str, Any]) -> dict[str, Any] | None:
        prepare(opt)
        before_training(opt)
        return load_resume_state(opt)

    for name in ("__main__", "basicsr.train"):
        module = sys.modules.get(name)
        theirs: Callable[..., Any] | None = getattr(module, "load_resume_state", None)
        if module is not None and theirs is not None and hasattr(module, "train_pipeline"):
            module.load_resume_state = checked  # type: ignore[attr-defined]


def mend_test() -> None:
    """Have a test checked before BasicSR makes its folder, the first thing that it does with its options."""
    from basicsr.utils import make_exp_dirs

    from mzsr_basicsr.host.start import before_test

    def checked(opt: dict[str, Any]) -> None:
        before_test(opt)
        make_exp_dirs(opt)

    for name in ("__main__", "basicsr.test"):
        module = sys.modules.get(name)
        if module is not None and hasattr(module, "test_pipeline"):
            module.make_exp_dirs = checked  # type: ignore[attr-defined]
