"""Checks of a whole run, made before any work: registered names, their arguments, processes, length of the stream."""

from collections.abc import Mapping
from typing import Any

import torch
from basicsr.utils.registry import LOSS_REGISTRY, METRIC_REGISTRY

from mzsr_basicsr.archs.build import check_network
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.models.inner_loop import manner_of_training
from mzsr_basicsr.options.datasets import DEFAULT_LENGTH, VAL_SEED
from mzsr_basicsr.options.run import CommonRunOptions, RunOptions
from mzsr_basicsr.options.schedule import check_schedule
from mzsr_basicsr.options.strict import check_keys, check_name
from mzsr_basicsr.options.zero_shot import zero_shot_settings


def check_run(options: RunOptions) -> None:
    """Refuse a run that BasicSR would start and that would fail or train something else later.

    Raises:
        ConfigError: naming the key.
    """
    check_common(options)
    _check_task_sets(options)
    if options.is_train:
        _check_train(options)
    _refuse_data_parallel(options)
    _check_length(options)


def check_common(options: CommonRunOptions) -> None:
    """Check the network and the metrics, which every model of this package has.

    Raises:
        ConfigError: naming the key.
    """
    check_network(options.network_g)
    for key in ("scale", "upscale"):  # ours and BasicSR's networks
        own = options.network_g.get(key, options.scale)
        if own != options.scale:
            raise ConfigError(f"network_g.{key}: {own} differs from `scale` {options.scale:g}; make them equal")
    for name, metric in options.val.metrics.items():
        check_name(f"val.metrics.{name}.type", metric.get("type"), METRIC_REGISTRY)


def _check_train(options: RunOptions) -> None:
    """Check the names in `train`, and the arguments that go with them."""
    if options.train is None:
        raise ConfigError("train: required section is missing; a training option file must have it")
    loss, scheduler = options.train.pixel_opt, options.train.scheduler
    check_name("train.pixel_opt.type", loss.get("type"), LOSS_REGISTRY)
    check_keys("train.pixel_opt", _arguments(loss), LOSS_REGISTRY.get(loss["type"]))
    check_schedule(scheduler, options.train.total_iter)
    manner = manner_of_training(options.train.meta)
    if options.train.meta.steps():
        _check_support(options, manner.signal.name)
    _check_val_tasks(options, options.train.patience)
    if "val" in options.datasets:  # or a validation would stop the training
        zero_shot_settings(options.val.zero_shot, torch.ones(options.train.meta.steps(), 1), manner)


def _check_support(options: RunOptions, signal: str) -> None:
    """A task must have what its inner steps learn from."""
    for name in ("train", "val_tasks"):
        data = options.datasets.get(name)
        if data is None or data.get("task") == "internal":
            continue
        if signal != "son":
            raise ConfigError(
                f"train.meta.signal: {signal} learns from an LR image alone; give datasets.{name}.task: internal"
            )
        if data.get("support") == 0:
            raise ConfigError(
                f"datasets.{name}.support: 0 leaves nothing to adapt to; give 1 or more, or inner_steps: 0"
            )


def _check_task_sets(options: RunOptions) -> None:
    """Tasks are trained on, or validated with in the one section that the best network is found by."""
    for name, section in options.datasets.items():
        if section.get("type") != "KernelMetaDataset" or options.is_train and name in ("train", "val_tasks"):
            continue
        if not options.is_train:
            raise ConfigError(f"datasets.{name}: KernelMetaDataset is of trainings; test with a ZeroShotDataset")
        raise ConfigError(f"datasets.{name}: KernelMetaDataset validates in the section val_tasks; call it that")


def _check_val_tasks(options: RunOptions, patience: int) -> None:
    """Compare the validation tasks with those of the training."""
    train, tasks = options.datasets.get("train", {}), options.datasets.get("val_tasks")
    if tasks is None:
        if patience:
            raise ConfigError(
                f"train.patience: {patience} counts validations of tasks; add datasets.val_tasks, or give 0"
            )
        return
    scales, trained = (section.get("scales") or [options.scale] for section in (tasks, train))
    for scale in scales:
        if not min(trained) <= scale <= max(trained):
            raise ConfigError(
                f"datasets.val_tasks.scales: {scale:g} is none that is trained for ({trained}); give one of those, or "
                "leave it out"
            )
    seed = tasks.get("seed", VAL_SEED)
    if seed == train.get("seed", 0):
        raise ConfigError(
            f"datasets.val_tasks.seed: {seed} is the training's, whose kernels would come again; give another"
        )


def _arguments(section: dict[str, Any]) -> list[str]:
    return [key for key in section if key != "type"]


def _refuse_data_parallel(options: RunOptions) -> None:
    if options.num_gpu > 1 and not options.dist:
        raise ConfigError(
            f"num_gpu: {options.num_gpu} without a launcher would use DataParallel, whose replicas have no parameters "
            "to meta-learn; run `torchrun --nproc_per_node=N -m mzsr_basicsr.train -opt FILE --launcher pytorch`"
        )


def _check_length(options: RunOptions) -> None:
    """The training must fit into one epoch of the data set, where every task has a place of its own."""
    data = options.datasets.get("train", {})
    if options.train is None or not data:
        return
    check_length(data, options.train.total_iter, options.world_size)


def check_length(data: Mapping[str, Any], total_iter: int, world: int) -> None:
    """Refuse a training that would draw more than one epoch of a data set of ours, where no resume is exact.

    Args:
        data: the section `datasets.train`.
        total_iter: iterations of the training.
        world: processes.

    Raises:
        ConfigError: naming the key.
    """
    length, needed = data.get("length", DEFAULT_LENGTH), total_iter * data["batch_size_per_gpu"] * world
    if length < needed:
        raise ConfigError(f"datasets.train.length: {length} tasks; train.total_iter needs {needed}")
