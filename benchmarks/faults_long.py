"""One process and thousands of pictures: its memory stays flat after a while, and no file stays open."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import faults_place as place
import numpy as np
from faults_commands import PICTURES, QUICK
from faults_forks import Running, command, run
from faults_report import Row, Tries

WARM = 0.3  # share of the pictures after which memory is to be flat
FREE = 4_000_000  # bytes that memory may grow by in all: the allocator grows in steps, of which a short run sees one
MORE = 20_000  # bytes a picture that memory may grow by; a leaked picture, or its network, is more
KINDS = 40  # pictures that differ; the others are copies of them


def attempts(room: Path, tries: Tries, count: int, seed: int, names: list[str] | None = None) -> Iterator[Row]:
    """Upscale so many pictures in one process; see `faults_kills.attempts` for the arguments."""
    if not tries.missing("long run", f"{count} pictures", 1):
        return
    shutil.rmtree(room, ignore_errors=True)
    (room / "work").mkdir(parents=True)
    run(room / "work", lambda: _prepare(room / "work", count))
    words = ("--updates", "1", *QUICK)
    running = Running(room / "work", command("upscale", "in", "-o", "out", *words))
    rows: list[tuple[int, int, int]] = []  # pictures done, bytes, open files
    while not running.ended():
        done = sum(1 for _ in (room / "work").glob("out/[0-9]*"))
        if done > (rows[-1][0] if rows else -1):
            rows.append((done, *_used(running.pid)))
    end = running.wait(1)
    running.close()
    yield Row("long run", f"{count} pictures", 0, *_judged(rows, count, end.status))


def _prepare(folder: Path, count: int) -> None:
    place.save_network(folder / "net.pth")
    made = sorted(place.save_photos(folder / "made", KINDS, PICTURES).iterdir())
    (folder / "in").mkdir()
    for index in range(count):
        source = made[index % len(made)]
        shutil.copy(source, folder / f"in/{index:05}{source.suffix}")


def _used(pid: int) -> tuple[int, int]:
    """Give the bytes of memory and the open files of a process; none of one that has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * 4096, sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except (OSError, IndexError):
        return 0, 0


def _judged(rows: list[tuple[int, int, int]], count: int, status: int) -> tuple[str, str]:
    """Fit a line to the memory after the start; say what is wrong ("": nothing), and the figures."""
    late = np.array([row for row in rows if row[0] >= WARM * count and row[1]])
    if status or len(late) < 10:
        return f"it ends with {status}, seen {len(late)} times", ""
    slope = float(np.polyfit(late[:, 0], late[:, 1], 1)[0])
    files = sorted({int(number) for number in late[:, 2]})
    note = (
        f"{slope:+.0f} bytes a picture, {late[:, 1].max() / 1e6:.0f} MB at most, {files[0]} to {files[-1]} open files"
    )
    grows = slope * (late[-1, 0] - late[0, 0]) > FREE and slope > MORE
    wrong = "memory grows" if grows else "files stay open" if files[-1] - files[0] > 3 else ""
    return wrong and f"{wrong}: {note}", note
