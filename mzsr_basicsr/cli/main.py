"""The `mzsr` command: each sub-command is a thin face on the library."""

import argparse
import sys
from pathlib import Path

from mzsr_basicsr import test, train
from mzsr_basicsr.cli import benchmark as cli_benchmark
from mzsr_basicsr.cli import degrade as cli_degrade
from mzsr_basicsr.cli import demo, evaluate
from mzsr_basicsr.cli import inspect as cli_inspect
from mzsr_basicsr.cli import kernel as cli_kernel
from mzsr_basicsr.cli import upscale as cli_upscale
from mzsr_basicsr.degradation.kernels import TEST_KERNELS
from mzsr_basicsr.errors import MZSRError


def main() -> None:
    """Run `mzsr COMMAND`; bad input ends with one line and exit status 1."""
    commands = {"train": train.main, "test": test.main}
    if len(sys.argv) > 1 and sys.argv[1] in commands:
        command = sys.argv.pop(1)  # the rest is BasicSR's own command line
        return commands[command]()
    arguments = _parser().parse_args()
    try:
        status = arguments.run(arguments)
    except MZSRError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("error: interrupted")
    if status:  # of the commands that may half succeed
        sys.exit(status)
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mzsr", description="Zero-shot super-resolution by meta-transfer learning.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    cli_upscale.add(commands)
    cli_kernel.add(commands)
    cli_degrade.add(commands)
    cli_benchmark.add(commands)
    cli_inspect.add(commands)
    commands.add_parser("train", help="train: BasicSR's own options follow, -opt FILE [--auto_resume] …")
    commands.add_parser("test", help="test: BasicSR's own options follow, -opt FILE …")
    show = commands.add_parser("demo", help="meta-train for a few minutes and show what adaptation gains")
    show.add_argument("-o", "--output", default="demo_output", help="folder for all it writes (default: %(default)s)")
    show.add_argument(
        "--options", type=Path, default=Path("options"), help="folder of option files (default: %(default)s)"
    )
    show.add_argument("--data", type=Path, help="folder of photographs to train on (default: scikit-image's own)")
    show.set_defaults(run=lambda a: demo.run(Path(a.output), a.options, a.data))
    _add_evaluate(commands.add_parser("evaluate", help="measure weights on benchmark sets and print the results table"))
    return parser


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
        "-k", "--kernels", nargs="+", choices=list(TEST_KERNELS), default=list(TEST_KERNELS), help="(default: all)"
    )
    measure.add_argument("--outside", action="store_true", help="kernels outside the law instead of the paper's")
    measure.add_argument("--fast", action="store_true", help="without the column of back-projection and self-ensemble")
    measure.add_argument("-o", "--output", type=Path, default=Path("evaluation"), help="folder (default: %(default)s)")
    measure.set_defaults(run=_evaluate)


def _evaluate(a: argparse.Namespace) -> None:
    cases = evaluate.outside_cases() if a.outside else [c for c in evaluate.law_cases() if c.name in a.kernels]
    print(evaluate.run(a.data, a.weights, a.sets, cases, a.output, best=not a.fast))


if __name__ == "__main__":
    main()
