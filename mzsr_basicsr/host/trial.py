"""A run tried out before BasicSR makes its folder, or moves that of an earlier run away: data, model, and one step.

All is made as BasicSR will make it, and thrown away; random numbers and the log are as if nothing had been.
"""

import contextlib
import copy
import logging
import random
from collections.abc import Iterator
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch.utils.data import default_collate

from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.archs.windows import FAILURES
from mzsr_basicsr.data.zero_shot_dataset import ZeroShotDataset
from mzsr_basicsr.errors import ConfigError, ImageError, MZSRError, TrainingError, refusal
from mzsr_basicsr.models.meta_validation import SECTION
from mzsr_basicsr.models.mzsr_model import MZSRModel
from mzsr_basicsr.models.validation import check_metrics
from mzsr_basicsr.options.learner import choices_of

_QUIET = {"progress": False, "time_budget": 0.0}
_CROP = 32  # px of the LR image that the meta-test is tried on


def try_out(opt: dict[str, Any]) -> None:
    """Make the data sets and the model of a run, look at all images to be validated or tested, and take one step.

    Args:
        opt: BasicSR's options; they are not changed.

    Raises:
        MZSRError: what would stop the run later.
    """
    with untouched(), TemporaryDirectory(prefix="mzsr_trial_") as folder:
        tried = _for_trial(opt, folder)
        items = {
            phase: _first_item(f"datasets.{phase}", section, tried) for phase, section in tried["datasets"].items()
        }
        model = _build(tried)
        if not isinstance(model, MZSRModel):
            return
        for phase, item in items.items():
            if phase == "train":
                _try_step(model, tried, default_collate([item]))
            elif phase == SECTION:
                _try_judging(model)
            elif item is not None:
                _try_test(model, default_collate([item]))


@contextlib.contextmanager
def untouched() -> Iterator[None]:
    """Put back random numbers and BasicSR's log, which must not be begun before it knows its file."""
    from basicsr.utils.logger import initialized_logger

    numbers, numpy_state, known = random.getstate(), np.random.get_state(), dict(initialized_logger)  # noqa: NPY002  BasicSR draws from it
    logger, disabled = logging.getLogger("basicsr"), logging.root.manager.disable
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    logging.disable(logging.CRITICAL)
    try:
        with torch.random.fork_rng():
            yield
    finally:
        logging.disable(disabled)
        random.setstate(numbers)
        np.random.set_state(numpy_state)  # noqa: NPY002
        initialized_logger.clear()
        initialized_logger.update(known)
        logger.handlers[:] = handlers
        logger.propagate = propagate
        logger.setLevel(level)


def _for_trial(opt: dict[str, Any], folder: str) -> dict[str, Any]:
    """Copy the options: no bar, no end of time, no file of the run; a resumed one reads not what it started from."""
    tried = copy.deepcopy(opt)
    if tried["is_train"]:
        tried["path"] |= {"models": folder, "training_states": folder}
        if tried.get("auto_resume") or tried["path"].get("resume_state"):
            tried["path"] |= {key: None for key in tried["path"] if "pretrain_network" in key}
        if isinstance(tried["train"], dict):
            tried["train"] |= {key: value for key, value in _QUIET.items() if key in tried["train"]}
    return tried


def _first_item(name: str, section: dict[str, Any], opt: dict[str, Any]) -> Any:
    """Make a data set with its loader, look at this process's share of its images, and draw an item."""
    from basicsr.data import build_dataloader
    from basicsr.utils.registry import DATASET_REGISTRY

    try:
        dataset = DATASET_REGISTRY.get(section["type"])(copy.deepcopy(section))
        build_dataloader(dataset, section, opt["num_gpu"], opt["dist"], seed=opt["manual_seed"])
        if isinstance(dataset, ZeroShotDataset):
            return dataset[dataset.check_images(range(opt["rank"], len(dataset), opt["world_size"]))]
        return dataset[0] if len(dataset) else None
    except MZSRError:
        raise
    except OSError as error:
        raise ImageError(f"{name}: {error.filename or section['type']}: {error.strerror or error}") from error
    except FAILURES as error:
        raise ConfigError(f"{name}: {section['type']} gives no item ({_line(error)}); check its section") from error


def _build(opt: dict[str, Any]) -> Any:
    from basicsr.models import build_model

    from mzsr_basicsr.benchmark.run.networks import build

    build(opt["network_g"], "network_g")
    try:
        return build_model(opt)
    except MZSRError:
        raise
    except FAILURES as error:
        raise ConfigError(
            f"model_type: {opt['model_type']} cannot start with these options ({_line(error)}); compare the option "
            "file with one of its kind"
        ) from error


def _try_step(model: MZSRModel, opt: dict[str, Any], batch: dict[str, Any]) -> None:
    """Make one outer step; where it fails at second order only, say what works."""
    try:
        _step(model, batch)
        return
    except FAILURES as error:
        if isinstance(error, MZSRError):
            raise
        failure = error
    kind = type(model.net_g).__name__
    if choices_of(model.train_options().meta).outer == "second_order" and model.bare_step.steps:
        opt["train"]["meta"]["outer"] = "first_order"
        opt["train"]["meta"].pop("order", None)
        try:
            _step(_build(opt), batch)
        except FAILURES as error:
            failure = error
        else:
            raise ConfigError(
                f"train.meta.outer: second_order differentiates {kind} twice, which a part of it cannot "
                f"({_line(failure)}); give outer: first_order, or let it compute attention under "
                "torch.nn.attention.sdpa_kernel(SDPBackend.MATH) and leave out torch.compile"
            ) from failure
    raise ConfigError(f"network_g: {kind} cannot be trained ({_line(failure)}); check its arguments") from failure


def _step(model: MZSRModel, batch: dict[str, Any]) -> None:
    with contextlib.suppress(TrainingError):  # the run itself stops there, and saves
        model.update_learning_rate(1)
        model.feed_data(batch)
        model.optimize_parameters(1)


def _try_judging(model: MZSRModel) -> None:
    """Judge the network by the first validation task."""
    try:
        model.bare_step.judge(model.meta_validation.task(0))
    except MZSRError:
        raise
    except FAILURES as error:
        kind = type(model.net_g).__name__
        raise ConfigError(f"datasets.{SECTION}: {kind} cannot be judged ({_line(error)}); check the section") from error


def _try_test(model: MZSRModel, batch: dict[str, Any]) -> None:
    """Make one update on a crop of an image, and measure the image against itself."""
    model.feed_data(batch)
    settings = replace(model.settings(), updates=(0, 1), self_ensemble=False, back_projection=0)
    crop = model.lq[..., :_CROP, :_CROP]
    try:
        with contextlib.suppress(TrainingError):  # a crop may diverge where images do not; the run itself says it
            zero_shot(model.net_g, crop, model.degradation, settings, model.told)
    except MZSRError:
        raise
    except FAILURES as error:
        kind = type(model.net_g).__name__
        raise ConfigError(f"network_g: {kind} cannot be adapted ({_line(error)}); check its arguments") from error
    if model.gt is not None:
        refused = refusal(check_metrics, model.gt, model.options.val.metrics)
        if refused is not None:
            raise ConfigError(refused if refused.startswith("val.") else f"{batch['lq_path'][0]}: {refused}")


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".removesuffix(": ")
