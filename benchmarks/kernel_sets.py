"""The rows of the results that `mzsr evaluate` does not have, of several weights files beside each other.

    python benchmarks/kernel_sets.py BENCHMARKS -w shipped:mzsr_x2 mzsr_x2.pth -o kernel_sets
    python benchmarks/kernel_sets.py BENCHMARKS -w shipped:mzsr_x2 -o quick --rows shakes --crop 256 --updates 0

BENCHMARKS holds Set5/GT and Set14/GT. Rows of `--rows`: `gaussians`, eight kernels of 25x25 (RGB PSNR); `noise`, σ of 8
of 255 that the network is told; `shakes`, eight camera shakes; `scales`, plain bicubic x2 and x3, and x3 direct. Each
weights file is measured on the rows of its scale. OUT/images.jsonl keeps what is done, so that the same command goes on
where it was stopped, and one with more weights, rows or updates adds to it.
"""

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from kernel_sets_report import report
from kernel_sets_rows import ROWS, UPDATES, USUAL, Case, measure
from safety import read_lines
from tqdm import tqdm

from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.errors import ConfigError, MZSRError
from mzsr_basicsr.pages import write_whole
from mzsr_basicsr.weights import locate
from mzsr_basicsr.weights.pretrained import load_pretrained

FILE = "images.jsonl"
Key = tuple[str, str, str, str, int | None, bool]  # weights' SHA-256, row, kernel, image, crop, careful


@dataclass(frozen=True)
class Job:
    """One image to measure: with which weights, in which row, with which kernel, after how many updates."""

    weights: str
    row: str
    case: Case
    kernel: str
    path: str
    updates: tuple[int, ...]


def parser() -> argparse.ArgumentParser:
    """Make the command line."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("benchmarks", type=Path, help="folder that holds Set5/GT and Set14/GT")
    made.add_argument("-w", "--weights", nargs="+", required=True, help="files or shipped:NAME; the first is compared")
    made.add_argument("-o", "--output", type=Path, required=True, help="folder of results")
    made.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS), help="default: all")
    made.add_argument("--updates", type=int, nargs="+", help="default: 0 10, of gaussians 0 10 50")
    made.add_argument("--crop", type=int, help="side of the middle that is taken, HR px (default: all of an image)")
    made.add_argument("--images", type=int, help="the first so many of each set by name (default: all)")
    made.add_argument("--without-care", action="store_true", help="make all updates, hold no part of the image out")
    return made


def main(given: list[str] | None = None) -> None:
    """Measure what is missing, then print the tables."""
    arguments = parser().parse_args(given)
    if min(arguments.updates or [0]) < 0 or (arguments.crop or 1) < 1 or (arguments.images or 1) < 1:
        raise SystemExit("error: --updates must be 0 or more, --crop and --images 1 or more")
    try:
        print(study(arguments))
    except MZSRError as error:
        raise SystemExit(f"error: {error}") from None


def study(arguments: argparse.Namespace) -> str:
    """See `main`."""
    networks = {spec: load_pretrained(spec) for spec in dict.fromkeys(arguments.weights)}
    hashes = {spec: hashlib.sha256(Path(locate(spec)).read_bytes()).hexdigest() for spec in networks}
    jobs = plan(arguments, {spec: int(network.scale) for spec, network in networks.items()})
    file, care = arguments.output / FILE, not arguments.without_care
    keys = {job: (hashes[job.weights], *_place(job), arguments.crop, care) for job in jobs}
    done = read(file)
    missing = [job for job in jobs if not {str(u) for u in job.updates} <= set(done.get(keys[job], {}))]
    if missing:
        arguments.output.mkdir(parents=True, exist_ok=True)
        bar = {"desc": "kernel sets", "unit": "image", "smoothing": 0}  # the time left goes by the mean of all
        with file.open("a") as stream, tqdm(**bar, total=len(jobs), initial=len(jobs) - len(missing)) as shown:
            for job in missing:
                psnr = measure(networks[job.weights], job.path, job.case, job.kernel, job.updates, arguments.crop, care)
                stream.write(json.dumps({"key": keys[job], "weights": job.weights, "psnr": psnr}) + "\n")
                stream.flush()
                shown.update()
    done = read(file)
    text = report([(job.row, job.weights, job.kernel, done[keys[job]]) for job in jobs], columns(jobs))
    write_whole(text, arguments.output / "kernel_sets.md")
    return text


def plan(arguments: argparse.Namespace, scales: dict[str, int]) -> list[Job]:
    """List what is to be measured, row by row; weights take turns, so that early results compare them.

    Raises:
        ConfigError: no row has the scale of any weights.
    """
    jobs = []
    for group in arguments.rows:
        updates = tuple(sorted(set(arguments.updates or UPDATES.get(group, USUAL))))
        for row, case in ROWS[group].items():
            fitting = [spec for spec, scale in scales.items() if scale == case.scale]
            folder = arguments.benchmarks / case.name / "GT"
            paths = sorted(list_photographs(str(folder), "benchmarks"))[: arguments.images] if fitting else []
            jobs += [Job(w, row, case, k, path, updates) for k in case.kernels for path in paths for w in fitting]
    if not jobs:
        raise ConfigError(f"--rows: none of {', '.join(arguments.rows)} is of the scale of any weights; give others")
    return jobs


def columns(jobs: list[Job]) -> list[str]:
    """Name the columns of the tables."""
    return ["bicubic", *map(str, sorted({u for job in jobs for u in job.updates}))]


def read(file: Path) -> dict[Key, dict[str, float]]:
    """Read what is done: PSNR by column."""
    found: dict[Key, dict[str, float]] = {}
    for line in read_lines(file):
        found.setdefault(tuple(line["key"]), {}).update(line["psnr"])
    return found


def _place(job: Job) -> tuple[str, str, str]:
    return job.row, job.kernel, Path(job.path).name


if __name__ == "__main__":
    main()
