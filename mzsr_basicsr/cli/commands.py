"""All commands of `mzsr`: the parser that lists them. Each loads what it needs when it runs, none of it before."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from mzsr_basicsr import __version__, test, train
from mzsr_basicsr.cli import (
    adapt,
    benchmark,
    completion,
    degrade,
    demo,
    export,
    info,
    inspect,
    kernel,
    tasks,
    upscale,
    web,
    weights,
)
from mzsr_basicsr.cli.groups import Grouped
from mzsr_basicsr.cli.settings import add_setting
from mzsr_basicsr.cli.words import parse, take_any_case
from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.degradation.names import TEST_KERNELS
from mzsr_basicsr.host import launch
from mzsr_basicsr.jobs.interrupt import ending_at_once
from mzsr_basicsr.jobs.outputs import check_folder
from mzsr_basicsr.jobs.streams import put_out
from mzsr_basicsr.weights import check_is_there, locate

_LAUNCHERS: Mapping[str, Callable[[], None]] = {"train": train.main, "test": test.main}


def chosen() -> Callable[[], int | None]:
    """Read the command line, and give what runs its command and gives the exit status."""
    if len(sys.argv) > 1 and sys.argv[1] in _LAUNCHERS:
        return _LAUNCHERS[sys.argv.pop(1)]  # the rest is BasicSR's own command line
    arguments = parse(parser())
    return lambda: arguments.run(arguments)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the whole command line."""
    description = "Zero-shot super-resolution by meta-transfer learning."
    made = argparse.ArgumentParser(prog="mzsr", description=description, formatter_class=Grouped)
    made.add_argument("--version", action="version", version=f"mzsr {__version__}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands", prog="mzsr")
    for face in (upscale, web, adapt, export, kernel, degrade, benchmark, inspect, tasks, weights, info, completion):
        face.add(commands)
    for name, about in (("train", "train as an option file says"), ("test", "test as an option file says")):
        commands.add_parser(name, help=f"{about}, by BasicSR", parents=[launch.parser(name)], add_help=False)
    demo.add(commands)
    _add_evaluate(commands.add_parser("evaluate", help="measure weights on benchmark sets and print the results table"))
    take_any_case(made)
    return made


def _add_evaluate(measure: argparse.ArgumentParser) -> None:
    measure.add_argument("data", type=Path, help="folder that holds one folder NAME/GT for each set")
    measure.add_argument(
        "-w",
        "--weights",
        nargs="+",
        default=["shipped:mzsr_x2", "shipped:mzsr_x4"],
        help="weights files, or shipped:NAME (default: %(default)s)",
    )
    measure.add_argument("-s", "--sets", nargs="+", default=["Set5", "Set14"], help="sets (default: %(default)s)")
    measure.add_argument(
        "-k",
        "--kernels",
        nargs="+",
        choices=list(TEST_KERNELS),
        default=list(TEST_KERNELS),
        help="(default: all)",
    )
    add_setting(measure, "signal")
    measure.add_argument("--outside", action="store_true", help="kernels outside the law instead of the paper's")
    measure.add_argument("--fast", action="store_true", help="without the column of back-projection and self-ensemble")
    measure.add_argument("-o", "--output", type=Path, default=Path("evaluation"), help="folder (default: %(default)s)")
    measure.add_argument(
        "--overwrite", action="store_true", help="replace an evaluation that is there (default: refuse)"
    )
    measure.set_defaults(run=_evaluate)


def _evaluate(a: argparse.Namespace) -> None:
    with ending_at_once():
        check_folder(a.output, ["results.md"], [], a.overwrite)
        for file in a.weights:
            check_is_there(locate(file), "weights file")
        for name in a.sets:
            list_photographs(str(a.data / name / "GT"), "datasets.test.dataroot_gt")
        from mzsr_basicsr.cli import evaluate
    cases = evaluate.outside_cases() if a.outside else [c for c in evaluate.law_cases() if c.name in a.kernels]
    put_out(evaluate.run(a.data, a.weights, a.sets, cases, a.output, best=not a.fast, signal=a.signal))
