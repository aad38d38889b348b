"""Run BasicSR's trainer and tester from the current folder, and end with one line where something is wrong.

Arguments and files are checked before anything heavy is imported.
"""

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Literal

from mzsr_basicsr.errors import ConfigError, MissingBasicSR, MZSRError
from mzsr_basicsr.jobs.interrupt import INTERRUPTED, ending_at_once, say

_NEEDED = ("name", "model_type", "scale", "num_gpu", "datasets", "network_g", "path")
_NEEDED_TO_TRAIN = ("train.total_iter", "logger.print_freq", "logger.save_checkpoint_freq", "logger.use_tb_logger")
_NEEDED_TO_TEST = ("val.save_img",)


def run(what: Literal["train", "test"]) -> None:
    """Run one of BasicSR's pipelines in the current folder, by the arguments of the command line.

    Raises:
        SystemExit: with one line on the standard error and status 1, 130 if interrupted; 2 if the arguments are wrong.
    """
    try:
        with ending_at_once():
            arguments = parser(what).parse_args()
            _check_is_file(arguments.opt)
            pipeline = _pipeline(what)
            check_option_file(arguments.opt, what == "train")
        pipeline(os.getcwd())
    except MZSRError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        say("error: interrupted")
        sys.exit(INTERRUPTED)


def parser(what: str) -> argparse.ArgumentParser:
    """Make the command line of BasicSR's `train.py` and `test.py`, which parse it once more by themselves."""
    made = argparse.ArgumentParser(prog=f"mzsr {what}", description=f"Run BasicSR's {what}.py on an option file.")
    made.add_argument("-opt", type=Path, required=True, metavar="FILE", help="option file")
    made.add_argument(
        "--launcher",
        choices=["none", "pytorch", "slurm"],
        default="none",
        help="of several processes; pytorch is torchrun (default: %(default)s)",
    )
    made.add_argument("--auto_resume", action="store_true", help="go on where the run of this name stopped")
    made.add_argument("--debug", action="store_true", help="a short run, with a log line for each iteration")
    made.add_argument("--local_rank", type=int, default=0, help="of this process, set by launchers (default: 0)")
    made.add_argument("--force_yml", nargs="+", metavar="KEY:KEY=VALUE", help="values that take the file's place")
    return made


def _pipeline(what: str) -> Callable[[str], None]:
    """Import a pipeline of BasicSR, with this package registered in it.

    Raises:
        MissingBasicSR: BasicSR is not installed.
    """
    if importlib.util.find_spec("basicsr") is None:
        raise MissingBasicSR(f"mzsr {what}")
    module = import_module(f"basicsr.{what}")
    if what == "train":
        from mzsr_basicsr.host import compat

        compat.mend_resume()
    pipeline: Callable[[str], None] = getattr(module, f"{what}_pipeline")
    return pipeline


def _check_is_file(path: Path) -> None:
    if not path.is_file():
        raise ConfigError(f"{path}: no such option file; check the path after -opt")


def check_option_file(path: Path, training: bool) -> None:
    """Check what BasicSR would end over with a traceback: the file, its sections, and registered names.

    Raises:
        ConfigError: naming the key.
    """
    import yaml
    from basicsr.utils.options import ordered_yaml
    from basicsr.utils.registry import DATASET_REGISTRY, MODEL_REGISTRY

    from mzsr_basicsr.archs.build import check_network
    from mzsr_basicsr.options.strict import check_name

    _check_is_file(path)
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
