"""How near `mzsr upscale FOLDER --jobs 2` comes to twice the rate of `--jobs 1`: whole processes, start included.

Three ways take turns on the same pictures: one process; two by `--jobs 2`; and two commands beside each other that have
nothing in common, on one half of the pictures each, which show what the machine itself gives
two processes (caches and memory are shared, and so are cores, with whoever else works on it). The load before each turn
is printed: above 0.2 the neighbours are measured, too. Seconds of CPU do not count the waiting for them.

    python benchmarks/folder.py PHOTOS                       # 100 crops of 256x256 px from a folder of photographs
    python benchmarks/folder.py PHOTOS --count 20 --options "--updates 0"
"""

import argparse
import os
import resource
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2

MZSR = [sys.executable, "-m", "mzsr_basicsr.cli.main", "upscale"]


def main() -> None:
    """Measure, and print pictures a second and shares of the ideal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="folder of photographs")
    parser.add_argument("--count", type=int, default=100, help="pictures (default: %(default)s)")
    parser.add_argument("--side", type=int, default=256, help="of each, px (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way (default: %(default)s)")
    parser.add_argument("--options", default="", help="of mzsr upscale, in one text")
    arguments = parser.parse_args()
    more = shlex.split(arguments.options)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with TemporaryDirectory() as folder:
        room = Path(folder)
        save_crops(arguments.photos, room / "in", arguments.count, arguments.side)
        save_crops(arguments.photos, room / "start", 1, 32)
        print(f"start of a process with one picture of 32x32 px: {timed(room, [['start']], more):.1f} s")
        seconds: dict[str, list[float]] = {"--jobs 1": [], "--jobs 2": [], "two commands": []}
        for _ in range(arguments.rounds):
            for way, times in seconds.items():
                load = os.getloadavg()[0]
                before = cpu_seconds()
                times.append(timed(room, commands(room, way), more))
                cpu, rate = cpu_seconds() - before, arguments.count / times[-1]
                print(f"{way}: {times[-1]:.1f} s, {rate:.3f} pictures/s, CPU {cpu:.1f} s (load before: {load:.1f})")
    one = statistics.median(seconds["--jobs 1"])
    for way in ("--jobs 2", "two commands"):
        shares = [a / (2 * b) for a, b in zip(seconds["--jobs 1"], seconds[way], strict=True)]
        rate = arguments.count / statistics.median(seconds[way])
        print(
            f"{way}: {rate:.3f} pictures/s, {100 * statistics.median(shares):.0f} % of 2 x {arguments.count / one:.3f}"
        )
    beside = [a / b for a, b in zip(seconds["two commands"], seconds["--jobs 2"], strict=True)]
    print(
        f"--jobs 2 has {100 * statistics.median(beside):.0f} % of the rate of two commands that have nothing in common"
    )


def save_crops(photos: Path, folder: Path, count: int, side: int) -> None:
    """Save crops from the middle of photographs, and from further right where there are not enough of these."""
    folder.mkdir()
    files = sorted(path for path in photos.rglob("*") if path.suffix.lower() in (".png", ".jpg"))
    for index in range(count):
        image = cv2.imread(str(files[index % len(files)]))
        top, left = (image.shape[0] - side) // 2, ((image.shape[1] - side) // 2 + 64 * (index // len(files)))
        crop = image[max(0, top) :, min(left, image.shape[1] - side) :][:side, :side]
        cv2.imwrite(str(folder / f"{index:04}.png"), crop)


def commands(room: Path, way: str) -> list[list[str]]:
    """Give the arguments of the commands of a way, which run beside each other."""
    if way != "two commands":
        return [["in", *way.split()]]
    files = sorted((room / "in").iterdir())
    return [[str(file.relative_to(room)) for file in files[half::2]] for half in (0, 1)]


def timed(room: Path, words: list[list[str]], more: list[str]) -> float:
    """Give the seconds that commands take beside each other, from their start to the end of the last."""
    begun = time.perf_counter()
    root = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    with TemporaryDirectory(dir=room) as out:
        options = ["-o", f"{out}/", *more]
        quiet = {"cwd": room, "env": root, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started = [subprocess.Popen([*MZSR, *some, *options], **quiet) for some in words]
        if any(one.wait() for one in started):
            sys.exit("error: folder: a command has failed")
        return time.perf_counter() - begun


def cpu_seconds() -> float:
    """Give the seconds of CPU of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
