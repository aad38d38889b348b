"""A campaign that looks for the faults nobody has reported: kills, full disks, bad input, several hosts, a long run.

    python benchmarks/faults.py -o faults                     # all parts; some hours on two cores
    python benchmarks/faults.py kills disk -o faults --tries 20
    python benchmarks/faults.py kills -o faults --only scene clip
    python benchmarks/faults.py --quick -o faults             # every part, in a minute

FOLDER/tries.jsonl keeps each try, so that the same command goes on where it was stopped, and one with more tries adds
to it. FOLDER/faults.json and FOLDER/faults.md have the figures; what was found is printed, and the status is then 1.
Full disks need a file system in memory of their own, and hosts network namespaces: both need root on Linux; where that
is not so, full disks are told by a limit on the size of files, and hosts are passed over.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import argparse  # noqa: E402
import json  # noqa: E402
import shutil  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

from faults_forks import load_all  # noqa: E402
from faults_report import Row, Tries  # noqa: E402

TRIES = {"kills": 100, "disk": 40, "input": 10_000, "hosts": 3, "long": 2000}
QUICK = {"kills": 1, "disk": 2, "input": 60, "hosts": 1, "long": 40}


def parser() -> argparse.ArgumentParser:
    """Make the command line."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = f"of {', '.join(TRIES)} (default: all)"
    made.add_argument("parts", nargs="*", choices=[*TRIES, []], default=[], metavar="PART", help=parts)
    made.add_argument("-o", "--output", type=Path, default=Path("faults"), help="folder (default: %(default)s)")
    many = ", ".join(f"{name} {count}" for name, count in TRIES.items())
    made.add_argument("--tries", type=int, help=f"of each command, files in all, or pictures (default: {many})")
    made.add_argument("--seed", type=int, default=0, help="of all chance (default: %(default)s)")
    made.add_argument("--only", nargs="+", metavar="WHAT", help="commands or kinds of files (default: all)")
    made.add_argument("--quick", action="store_true", help="little of everything, for a test")
    return made


def main(given: list[str] | None = None) -> None:
    """Try, and tell what was found."""
    arguments = parser().parse_args(given)
    output = arguments.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    tries = Tries(output / "tries.jsonl")
    begun = time.perf_counter()
    load_all()
    for part in arguments.parts or list(TRIES):
        count = arguments.tries or (QUICK if arguments.quick else TRIES)[part]
        for row in part_of(part)(output / "room" / part, tries, count, arguments.seed, arguments.only):
            tries.add(row)
            if row.wrong:
                print(f"{row.part}, {row.what}, try {row.index}: {row.wrong}", flush=True)
            if row.index % 100 == 99:
                print(f"{time.perf_counter() - begun:6.0f} s: {row.part}, {row.what}, {row.index + 1}", flush=True)
    shutil.rmtree(output / "room", ignore_errors=True)
    (output / "faults.json").write_text(json.dumps({"counts": tries.summary(), "finds": tries.finds()}, indent=1))
    (output / "faults.md").write_text(tries.table() + "\n")
    print(tries.table())
    if tries.finds():
        raise SystemExit(f"error: {len(tries.finds())} tries did not go well, see {output / 'faults.json'}")


Part = Callable[[Path, Tries, int, int, list[str] | None], Iterator[Row]]


def part_of(name: str) -> Part:
    """Import a part of the campaign."""
    import importlib

    found: Part = importlib.import_module(f"faults_{name}").attempts
    return found


if __name__ == "__main__":
    main()
