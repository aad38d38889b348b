"""The `mzsr` command: each sub-command is a thin face on the library."""

import argparse
import sys
from pathlib import Path

from mzsr_basicsr import demo, test, train
from mzsr_basicsr.errors import MZSRError


def main() -> None:
    """Run `mzsr train|test|demo`; bad input ends with one line and exit status 1."""
    commands = {"train": train.main, "test": test.main}
    if len(sys.argv) > 1 and sys.argv[1] in commands:
        command = sys.argv.pop(1)  # the rest is BasicSR's own command line
        return commands[command]()
    arguments = _parser().parse_args()
    try:
        return demo.run(Path(arguments.output), arguments.options, arguments.data)
    except MZSRError as error:
        sys.exit(f"error: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mzsr", description="Zero-shot super-resolution by meta-transfer learning.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("train", help="train: BasicSR's own options follow, -opt FILE [--auto_resume] …")
    commands.add_parser("test", help="test: BasicSR's own options follow, -opt FILE …")
    show = commands.add_parser("demo", help="meta-train for a few minutes and show what adaptation gains")
    show.add_argument("-o", "--output", default="demo_output", help="folder for all it writes (default: %(default)s)")
    show.add_argument(
        "--options", type=Path, default=Path("options"), help="folder of option files (default: %(default)s)"
    )
    show.add_argument("--data", type=Path, help="folder of photographs to train on (default: scikit-image's own)")
    return parser


if __name__ == "__main__":
    main()
