"""What BasicSR would end over with a traceback, seen in the options alone: sections, keys, names, GPUs, loggers."""

import importlib
from collections.abc import Mapping
from typing import Any

from mzsr_basicsr.errors import ConfigError

_NEEDED = ("name", "model_type", "scale", "num_gpu", "datasets", "network_g", "path")
_NEEDED_TO_TRAIN = (
    *("train.total_iter", "logger.print_freq", "logger.save_checkpoint_freq", "logger.use_tb_logger"),
    *("datasets.train", "datasets.train.batch_size_per_gpu", "datasets.train.num_worker_per_gpu"),
)
_NEEDED_TO_VALIDATE = ("val.val_freq", "val.save_img")
_NEEDED_TO_TEST = ("val.save_img",)
_NO_FOLDERS = ("strict_load", "pretrain_network", "resume", "param_key")  # BasicSR makes a folder of all other paths


def check_sections(opt: Mapping[str, Any], training: bool) -> None:
    """Check that all is there that BasicSR reads, and that its names are registered.

    Args:
        opt: an option file's content.
        training: it is to be trained with, else tested.

    Raises:
        ConfigError: naming the key.
    """
    from basicsr.utils.registry import DATASET_REGISTRY, MODEL_REGISTRY

    from mzsr_basicsr.archs.build import check_network
    from mzsr_basicsr.options.strict import check_name

    _check_phases(opt, training)
    needed = _NEEDED_TO_TRAIN if training else _NEEDED_TO_TEST
    validates = training and opt.get("val") is not None
    for key in (*_NEEDED, *needed, *(_NEEDED_TO_VALIDATE if validates else ())):
        _look_up(opt, key)
    name, seed = opt["name"], opt.get("manual_seed")
    if not isinstance(name, str) or not name or set(name) & set("/\\\0"):
        raise ConfigError(f"name: {name!r} names a folder: give a text without slashes, in quotes if it is a number")
    if seed is not None and not isinstance(seed, int):
        raise ConfigError(f"manual_seed: {seed!r}; give a whole number, or ~")
    check_name("model_type", opt["model_type"], MODEL_REGISTRY)
    check_network(opt["network_g"])
    for phase, section in opt["datasets"].items():
        check_name(f"datasets.{phase}.type", section.get("type"), DATASET_REGISTRY)
        _look_up(section, "name", f"datasets.{phase}.")
    for key, value in opt["path"].items():
        if not isinstance(value, str) and not any(part in key for part in (*_NO_FOLDERS, "strict")):
            raise ConfigError(f"path.{key}: {value!r} is no path; give a text, or leave the key out")
    _check_gpus(opt["num_gpu"])
    if training:
        _check_prefetching(opt["datasets"]["train"])


def _look_up(opt: Mapping[str, Any], key: str, above: str = "") -> None:
    """Follow a dotted key through sections that must be there."""
    found: Any = opt
    for word in key.split("."):
        if not isinstance(found, Mapping) or word not in found:
            raise ConfigError(f"{above}{key}: required key is missing; add it to the option file")
        found = found[word]


def _check_phases(opt: Mapping[str, Any], training: bool) -> None:
    """Each section of `datasets` must be for what is run; BasicSR would test on a training set."""
    sections = {key: opt.get(key, {}) for key in ("datasets", "network_g", "path")}
    sections |= (
        {f"datasets.{phase}": section for phase, section in (opt.get("datasets") or {}).items()}
        if isinstance(opt.get("datasets"), Mapping)
        else {}
    )
    for name, section in sections.items():
        if not isinstance(section, Mapping):
            raise ConfigError(f"{name}: {section!r} is no section; give keys with their values")
    for phase in sections["datasets"]:
        kind = str(phase).split("_")[0]
        if training and kind != "train" and kind != "val" or training and kind == "train" and phase != "train":
            raise ConfigError(f"datasets.{phase}: no section of a training; allowed: train, val, val_NAME")
        if not training and kind == "train":
            raise ConfigError(
                "datasets.train: a training file cannot be tested with; run `mzsr train` on it, or test with a file "
                "whose datasets are test, test_NAME, as those of options/test"
            )
        if not training and kind not in ("val", "test"):
            raise ConfigError(f"datasets.{phase}: no section of a test; allowed: test, test_NAME")


def _check_gpus(count: Any) -> None:
    import torch

    if count == "auto":
        return
    if not isinstance(count, int) or count < 0:
        raise ConfigError(f"num_gpu: {count!r}; give 0 for the CPU, a number of GPUs, or auto")
    if count and not torch.cuda.is_available():
        raise ConfigError(f"num_gpu: {count}, but PyTorch finds no GPU here; give 0 for the CPU, or auto")


def _check_prefetching(section: Mapping[str, Any]) -> None:
    import torch

    mode = section.get("prefetch_mode")
    if mode not in (None, "cpu", "cuda"):
        raise ConfigError(f"datasets.train.prefetch_mode: {mode!r}; allowed: cpu, cuda, ~")
    if mode == "cuda" and not (torch.cuda.is_available() and section.get("pin_memory") is True):
        raise ConfigError("datasets.train.prefetch_mode: cuda needs a GPU and `pin_memory: true`; give cpu, or ~")


def check_loggers(opt: Mapping[str, Any]) -> None:
    """Import what a training logs with, so that it is not missed after its folders were made.

    Raises:
        ConfigError: a package is missing, or is of no use to BasicSR.
    """
    if "debug" in opt["name"] or opt.get("rank", 0) != 0:  # BasicSR has no such loggers then
        return
    logger, wandb = opt["logger"], opt["logger"].get("wandb") or {}
    project = wandb.get("project") is not None
    if project and not logger.get("use_tb_logger"):
        raise ConfigError("logger.wandb.project: wandb copies tensorboard's log; set logger.use_tb_logger: true, too")
    if logger.get("use_tb_logger"):
        _import("torch.utils.tensorboard", "tensorboard", "logger.use_tb_logger: true", "use_tb_logger: false")
    if project:
        module = _import("wandb", "wandb", "logger.wandb.project", "project: ~")
        if not wandb.get("resume_id") and not hasattr(getattr(module, "util", None), "generate_id"):
            raise ConfigError("logger.wandb.resume_id: this wandb makes no name for BasicSR; give one of your choice")


def _import(module: str, package: str, key: str, otherwise: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"{key} needs the package {package}, which cannot be imported ({' '.join(str(error).split())}); "
            f"run: pip install {package}, or set {otherwise}"
        ) from error
