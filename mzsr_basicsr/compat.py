"""The one place that knows quirks of BasicSR, torchvision and PyTorch versions.

Importing `mzsr_basicsr` calls `before_basicsr` (makes BasicSR 1.4.2 importable) and `after_basicsr` (mends what stops
BasicSR's trainer without a GPU, and resuming). An option file is parsed before BasicSR resumes or joins a process
group, so these repairs also reach an unmodified `basicsr/train.py`.
"""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.distributed as dist

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.shim import functional_tensor_finder


def before_basicsr() -> None:
    """Make `import basicsr` work beside any torchvision."""
    functional_tensor_finder.install()


def after_basicsr() -> None:
    """Repair the process group on CPUs and the loading of resume states, in every module that runs a training."""
    import basicsr.utils.dist_util as dist_util

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


def build_optimizer(optim: Mapping[str, Any], groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """Build an optimizer by its name in torch.optim; BasicSR 1.4.2 knows Adam only.

    Raises:
        ConfigError: an unknown optimizer, or an argument it does not take.
    """
    name = optim.get("type")
    known = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "SGD", "RMSprop")
    if name not in known:
        raise ConfigError(f"train.optim_g.type: {name!r}; allowed: {', '.join(known)}")
    lr = optim.get("lr")
    if not isinstance(lr, (int, float)) or lr <= 0:
        raise ConfigError(f"train.optim_g.lr: {lr!r} must be a positive number; YAML reads 1e-4 as text, write 1.0e-4")
    extra = {key: value for key, value in optim.items() if key not in ("type", "lr")}
    try:
        optimizer: torch.optim.Optimizer = getattr(torch.optim, name)(groups, lr=float(lr), **extra)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"train.optim_g: {name}: {error}; known: the arguments of torch.optim.{name}") from error
    return optimizer


def precision(device: torch.device, name: str) -> torch.autocast:
    """Open a context in which convolutions run in "float32" or "bfloat16"; parameters and losses stay float32.

    Casts are not cached: the inner loop's parameters differ from step to step.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=name == "bfloat16", cache_enabled=False)


def memory_format(device: torch.device) -> torch.memory_format:
    """Choose the layout of 4-D weights: on a CPU, convolutions are about a fifth faster with channels last."""
    return torch.channels_last if device.type == "cpu" else torch.preserve_format


def threads_per_process() -> None:
    """Share the cores among the processes of one machine; torch gives each of them all cores (torchrun: one)."""
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if local > 1 and not torch.cuda.is_available():
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // local))
