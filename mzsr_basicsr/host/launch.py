"""Run BasicSR's trainer and tester from the current folder, and end with one line where something is wrong.

Arguments and files are checked before anything heavy is imported.
"""

import argparse
import importlib.util
import logging
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from mzsr_basicsr.errors import ConfigError, MissingBasicSR, MZSRError
from mzsr_basicsr.host.loaders import shielded_loaders
from mzsr_basicsr.jobs.interrupt import INTERRUPTED, ending_at_once
from mzsr_basicsr.jobs.streams import say


def run(what: Literal["train", "test"]) -> None:
    """Run one of BasicSR's pipelines in the current folder, by the arguments of the command line.

    Raises:
        SystemExit: with one line on the standard error and status 1, 130 if interrupted; 2 if the arguments are wrong.
    """
    try:
        with ending_at_once():
            arguments = parser(what).parse_args()
            _check_is_file(arguments.opt)
            if os.getcwd() not in sys.path:
                sys.path.append(os.getcwd())  # where option files look for modules; `python -m` has it, `mzsr` has not
            pipeline = _pipeline(what)
            from mzsr_basicsr.host.compat import check_launcher

            check_option_file(arguments.opt, what == "train", arguments)
            check_launcher(arguments.launcher)
        _to_the_end(pipeline)
    except MZSRError as error:
        sys.exit(f"error: {error}")


def _to_the_end(pipeline: Callable[[str], None]) -> None:
    """Run a pipeline; what the system or Ctrl-C ends it with is one line, too."""
    from mzsr_basicsr.host import start
    from mzsr_basicsr.host.failures import explained
    from mzsr_basicsr.host.guard import guarded

    logging.raiseExceptions = False  # where a full disk takes no log, what cannot be saved says so
    try:
        with shielded_loaders(), guarded():
            pipeline(os.getcwd())
    except MZSRError:
        raise
    except KeyboardInterrupt:
        say(f"error: interrupted; {start.what_is_left()}")
        sys.exit(INTERRUPTED)
    except (OSError, MemoryError, RuntimeError) as error:
        line = explained(error)
        if line is None:
            raise
        sys.exit(f"error: {line}")
    finally:
        start.forget()


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
    from mzsr_basicsr.host import compat

    compat.mend()
    pipeline: Callable[[str], None] = getattr(module, f"{what}_pipeline")
    return pipeline


def _check_is_file(path: Path) -> None:
    if not path.is_file():
        raise ConfigError(f"{path}: no such option file; check the path after -opt")


def check_option_file(path: Path, training: bool, arguments: argparse.Namespace | None = None) -> None:
    """Check what BasicSR would end over with a traceback: the file, its sections, and registered names.

    Args:
        path: of the option file.
        training: it is to be trained with, else tested.
        arguments: of the command line, which may change what the file says.

    Raises:
        ConfigError: naming the key.
    """
    from mzsr_basicsr.host.sections import check_sections
    from mzsr_basicsr.options.reading import read_options

    _check_is_file(path)
    opt = read_options(path, "the project's options folder", plugins=True)
    for entry in (arguments and arguments.force_yml) or []:
        _force(opt, entry)
    check_sections(opt, training)


def _force(opt: dict[str, Any], entry: str) -> None:
    """Put a value of `--force_yml` in the place of the file's, as BasicSR does."""
    from basicsr.utils.options import _postprocess_yml_value

    keys, equals, value = entry.partition("=")
    *above, last = [key.strip() for key in keys.split(":")]
    section: Any = opt
    for key in above:
        section = section.get(key) if isinstance(section, dict) else None
    if not equals or "=" in value or not isinstance(section, dict):
        raise ConfigError(f"--force_yml {entry}: write KEY:KEY=VALUE, of a section that the option file has")
    try:
        section[last] = _postprocess_yml_value(value.strip())
    except (NameError, SyntaxError, TypeError, ValueError) as error:
        raise ConfigError(f"--force_yml {entry}: {value} cannot be read ({error}); put texts into quotes") from None
