"""What is checked and mended before any training that uses this package starts, BasicSR's own models included."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from torch import Tensor, nn

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta.task import cropped
from mzsr_basicsr.models.changes import held_back
from mzsr_basicsr.models.checks import check_length
from mzsr_basicsr.options.numbers import as_numbers
from mzsr_basicsr.options.schedule import check_periods, check_schedule

_TASK_SETS = ("KernelMetaDataset", "DegradedPairDataset", "BlurredPatchDataset", "TaskViewsDataset")
_OF_IMAGES = ("DegradedPairDataset", "ZeroShotDataset")


def prepare(opt: dict[str, Any]) -> None:
    """Check a training's schedule and length, and turn texts of its `train` section that are numbers into them.

    Args:
        opt: BasicSR's options; its `train` section is replaced, since BasicSR's models read it as it is.

    Raises:
        ConfigError: naming the key.
    """
    if not isinstance(opt.get("train"), dict):
        return
    opt["train"] = as_numbers(opt["train"])
    if opt.get("model_type") == "MZSRModel":  # it checks all this itself
        return
    if "val_tasks" in (opt.get("datasets") or {}):
        raise ConfigError(
            f"datasets.val_tasks: {opt.get('model_type')} has no tasks; they are of model_type: MZSRModel"
        )
    data = (opt.get("datasets") or {}).get("train") or {}
    total, scheduler = opt["train"].get("total_iter"), opt["train"].get("scheduler")
    if isinstance(total, int) and isinstance(scheduler, dict):
        check_schedule(scheduler, total)
    if isinstance(total, int) and data.get("type") in _TASK_SETS and "batch_size_per_gpu" in data:
        check_length(data, total, opt.get("world_size", 1))


def check_scale_of(model: Any, network: nn.Module) -> None:
    """Have a network of BasicSR's SRModel compare its output with the scale, where our data sets feed it."""
    opt = model.opt
    kinds = [section.get("type") for section in (opt.get("datasets") or {}).values()]
    if opt.get("model_type") != "SRModel" or "scale" not in opt or not any(kind in _OF_IMAGES for kind in kinds):
        return
    scale = opt["scale"]

    def compare(module: nn.Module, args: tuple[Any, ...], output: Tensor) -> None:
        if args and isinstance(args[0], Tensor) and args[0].ndim == 4:
            cropped(module, output, args[0], [round(scale * extent) for extent in args[0].shape[-2:]], scale)

    network.register_forward_hook(compare)


def resuming(theirs: Callable[..., None]) -> Callable[..., None]:
    """Wrap `BaseModel.resume_training`: what the state holds back of the option file is said in the log."""

    @wraps(theirs)
    def resume_training(model: Any, resume_state: dict[str, Any]) -> None:
        from basicsr.utils import get_root_logger

        names = [_section(model, optimizer) for optimizer in model.optimizers]
        lines = []
        if [len(resume_state[key]) for key in ("optimizers", "schedulers")] == [len(names), len(model.schedulers)]:
            lines = held_back(names, model.optimizers, model.schedulers, resume_state)
        theirs(model, resume_state)
        for line in lines:
            get_root_logger().warning(f"Resumed with other options: {line}")
        for scheduler in model.schedulers:
            if hasattr(scheduler, "periods"):
                check_periods(scheduler.periods, int(model.opt["train"]["total_iter"]), " of the state go on and")

    return resume_training


def _section(model: Any, optimizer: Any) -> str:
    """Name the section of an optimizer, by the attribute that holds it: optimizer_g is train.optim_g."""
    names = (name for name, value in vars(model).items() if value is optimizer and name.startswith("optimizer_"))
    return f"train.optim_{next(names, 'optimizer_g').removeprefix('optimizer_')}"
