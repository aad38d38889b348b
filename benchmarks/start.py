"""Seconds and memory until `mzsr` answers: help, refusals, the first pixel; beside Python's and PyTorch's own start.

    python benchmarks/start.py [--repeats 7] [--old FOLDER]

All commands run by turns, each in a process of its own, after a first round that is not counted: it writes the bytecode
and brings the files into memory, as they are on a second call. What stops at the first pixel leaves out Python's own
end, which takes a while after PyTorch, and is compared with an `import torch` that leaves it out, too. Beside other
work the seconds of CPU vary less than those of the clock. A folder of another version of this project, given by --old,
is measured in the same rounds. This script imports the standard library alone: what it took itself would count as
memory of its children.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

HERE = Path(__file__).resolve().parents[1]
SIDE = 48  # px of the picture
MZSR = """
try:
    from mzsr_basicsr.cli.main import main
except ImportError:  # an older version
    from mzsr_basicsr.cli import main
main()
"""
# The first pixel: the picture has been read, and what is to be done to it is about to be planned.
FIRST_PIXEL = f"""
import os
try:
    from mzsr_basicsr.upscaling.upscaler import Upscaler
except ImportError:
    from mzsr_basicsr.photo.upscaler import Upscaler
Upscaler.plan = lambda *arguments, **more: os._exit(0)
{MZSR}"""
UPSCALE = "upscale picture.ppm -o out --overwrite --updates 0"
REFUSED = (
    "upscale picture.ppm",
    "upscale picture.ppm -o out --scale 5",
    "upscale picture.ppm -o out --kernel fog:3",
    "upscale picture.ppm -o out --weights none.pth",
    "upscale none.ppm -o out",
    "kernel draw disk:99 -o kernel.png",
    "degrade none.ppm -o low",
    "inspect none.ppm -o inspection",
    "benchmark -opt none.yml",
    "evaluate none",
    "train -opt none.yml",
)
HELP = ("--help", "--version", "upscale --help", "kernel draw --help", "benchmark --help", "train --help")


class Case(NamedTuple):
    """What is run: its name in the table, the text that Python runs, its arguments, and the tree it is taken from.

    `ends` is False where Python is left without its end.
    """

    name: str
    code: str
    arguments: str = ""
    tree: Path | None = None
    ends: bool = True


TORCH = Case('python -c "import torch"', "import torch")
TORCH_LOADED = Case("import torch, without Python's end", "import os, torch; os._exit(0)", ends=False)
PLAIN = (Case("python -c pass", "pass"), TORCH, TORCH_LOADED)


class Cost(NamedTuple):
    """What a run took: seconds of the clock and of the CPU, and MB of memory at its peak; and its exit status."""

    seconds: float
    cpu: float
    memory: float
    status: int


def cases(tree: Path) -> list[Case]:
    """List what is measured of one version."""
    return [
        Case("import mzsr_basicsr", "import mzsr_basicsr", "", tree),
        *[Case(f"mzsr {arguments}", MZSR, arguments, tree) for arguments in (*HELP, *REFUSED)],
        Case("mzsr upscale, to the first pixel", FIRST_PIXEL, UPSCALE, tree, ends=False),
        Case(f"mzsr {UPSCALE}", MZSR, UPSCALE, tree),
    ]


def run(case: Case, python: str, folder: Path) -> Cost:
    """Run a case once, in a folder."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    if case.tree is not None:
        environment["PYTHONPATH"] = str(case.tree)
    command = [python, "-c", case.code, *case.arguments.split()]
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6, process.returncode)


def measure(all_cases: list[Case], python: str, repeats: int) -> dict[Case, list[Cost]]:
    """Run all cases by turns."""
    costs: dict[Case, list[Cost]] = {case: [] for case in all_cases}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pixels = bytes((7 * i * i // 11) % 256 for i in range(3 * SIDE * SIDE))
        (folder / "picture.ppm").write_bytes(b"P6 %d %d 255\n" % (SIDE, SIDE) + pixels)
        for round_ in range(repeats + 1):
            for case in all_cases:
                cost = run(case, python, folder)
                if round_:
                    costs[case].append(cost)
    return costs


def table(listed: list[Case], costs: dict[Case, list[Cost]]) -> str:
    """Lay the costs of some cases out as Markdown."""
    head = (
        "command",
        "seconds",
        "least",
        "x `import torch`",
        "seconds of CPU",
        "x `import torch`",
        "peak, MB",
        "status",
    )
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for case in listed:
        found, unit = costs[case], costs[TORCH if case.ends else TORCH_LOADED]
        seconds, cpu = median(c.seconds for c in found), median(c.cpu for c in found)
        clock = [f"{value:.3f}" for value in (seconds, min(c.seconds for c in found))]
        times = f"{seconds / median(c.seconds for c in unit):.2f}", f"{cpu / median(c.cpu for c in unit):.2f}"
        rest = f"{max(c.memory for c in found):.0f}", str(found[-1].status)
        lines.append(f"| {' | '.join([f'`{case.name}`', *clock, times[0], f'{cpu:.3f}', times[1], *rest])} |")
    return "\n".join(lines)


def main() -> None:
    """Print one table, or one for each of two versions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="rounds that are counted (default: %(default)s)")
    parser.add_argument("--python", default=sys.executable, help="Python that runs the commands (default: this one)")
    parser.add_argument("--old", type=Path, metavar="FOLDER", help="another version, to compare with (default: none)")
    arguments = parser.parse_args()
    trees = {"now": HERE, **({"before": arguments.old.resolve()} if arguments.old else {})}
    of_tree = {name: cases(tree) for name, tree in trees.items()}
    together = [*PLAIN, *(case for listed in of_tree.values() for case in listed)]
    costs = measure(together, arguments.python, arguments.repeats)
    for name, listed in of_tree.items():
        print(f"\n{name}, {arguments.repeats} rounds\n\n{table([*PLAIN, *listed], costs)}")


if __name__ == "__main__":
    main()
