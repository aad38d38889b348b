"""Check an option file before BasicSR runs it, and end with one line where something is wrong with it."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import yaml
from basicsr.utils.options import ordered_yaml
from basicsr.utils.registry import DATASET_REGISTRY, MODEL_REGISTRY

from mzsr_basicsr.errors import ConfigError, MZSRError
from mzsr_basicsr.models.checks import check_name, check_network

_NEEDED = ("name", "model_type", "scale", "num_gpu", "datasets", "network_g", "path")
_NEEDED_TO_TRAIN = ("train.total_iter", "logger.print_freq", "logger.save_checkpoint_freq", "logger.use_tb_logger")
_NEEDED_TO_TEST = ("val.save_img",)


def launch(pipeline: Callable[[str], None], training: bool) -> None:
    """Run one of BasicSR's pipelines in the current folder.

    Args:
        pipeline: `train_pipeline` or `test_pipeline`.
        training: which of them it is.

    Raises:
        SystemExit: with one line on the standard error and status 1, where the input is bad.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-opt", type=Path)
    known, _ = parser.parse_known_args()
    try:
        if known.opt is not None:
            check_option_file(known.opt, training)
        pipeline(os.getcwd())
    except MZSRError as error:
        sys.exit(f"error: {error}")


def check_option_file(path: Path, training: bool) -> None:
    """Check what BasicSR would end over with a traceback: the file, its sections, and registered names.

    Raises:
        ConfigError: naming the key.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: no such option file; check the path after -opt")
    try:
        opt = yaml.load(path.read_text(), Loader=ordered_yaml()[0])  # noqa: S506  BasicSR's loader, on the user's file
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(opt, dict):
        raise ConfigError(f"{path}: holds no options; see the project's options folder for examples")
    for key in (*_NEEDED, *(_NEEDED_TO_TRAIN if training else _NEEDED_TO_TEST)):
        section, _, name = key.rpartition(".")
        if name not in (opt.get(section) or {} if section else opt):
            raise ConfigError(f"{key}: required key is missing; add it to the option file")
    check_name("model_type", opt["model_type"], MODEL_REGISTRY)
    check_network(opt["network_g"])
    for phase, section in opt["datasets"].items():
        check_name(f"datasets.{phase}.type", section.get("type"), DATASET_REGISTRY)
