"""A disk that is full after so many bytes, and folders without permission: one line, nothing half-written, and on.

The disk is a file system in memory that has room for so many pages. Where none can be mounted, the size of each file
is limited instead, which meets every write of a large file, too.
"""

import os
import re
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faults_case import Case
from faults_commands import COMMANDS
from faults_forks import CRASHED, End, Work, run
from faults_report import Row, Tries

PAGE = 4096
PLENTY = 1 << 26
NOBODY = 65534
_LINE = re.compile(r"error: .*(space|written|free|full|too large|made|make|folder|failed)", re.IGNORECASE)
_DENIED = re.compile(r"error: .*(permission|denied|rights|cannot|failed|read|write)", re.IGNORECASE)


def attempts(room: Path, tries: Tries, count: int, seed: int, names: list[str] | None = None) -> Iterator[Row]:
    """Fill the disk of every command so many times, and take permissions; arguments as of `faults_kills.attempts`."""
    for name in (one for one in COMMANDS if not names or one in names):
        missing = tries.missing("full disk", name, count)
        if missing:
            case = Case(name, room)
            with disk_of(room / "disk") as how:
                most = _enough(case, how)
                for index in missing:
                    free = round(most * (index + 0.5 + seed % 7 / 14) / count)
                    yield Row("full disk", name, index, *filled(case, how, free))
        if tries.missing("no permission", name, 2):
            case = Case(name, room)
            yield Row("no permission", name, 0, *denied(case, "output"))
            yield Row("no permission", name, 1, *denied(case, "input"))


class Disk:
    """A file system in memory; or, where `mounted` is false, a limit on the size of files."""

    def __init__(self, place: Path, mounted: bool) -> None:
        self.place, self.mounted, self._limit = place, mounted, -1

    def leave_free(self, size: int) -> None:
        """Have room for so many bytes more than there are."""
        if self.mounted:
            status = os.statvfs(self.place)
            used = (status.f_blocks - status.f_bfree) * status.f_frsize
            _mount("-o", f"remount,size={used + max(PAGE, size)}", str(self.place))
        self._limit = -1 if self.mounted or size >= PLENTY else size

    def limited(self, work: Work) -> Work:
        """Give work that meets the limit."""

        def limited() -> None:
            if self._limit >= 0:
                resource.setrlimit(resource.RLIMIT_FSIZE, (self._limit, self._limit))
            work()

        return limited


@contextmanager
def disk_of(place: Path) -> Iterator[Disk]:
    """Mount a file system in memory, where that may be done."""
    place.mkdir(exist_ok=True)
    mounted = os.geteuid() == 0 and _mount("-t", "tmpfs", "-o", f"size={PLENTY}", "none", str(place))
    try:
        yield Disk(place, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)


def _mount(*words: str) -> bool:
    return subprocess.run(["mount", *words], check=False, stderr=subprocess.DEVNULL).returncode == 0


def _enough(case: Case, how: Disk) -> int:
    """Find by doubling how many free bytes are enough: at least a half of what is written."""
    size = max(PAGE // 16, case.size // 2)
    while _starved(case, how, size).status:
        size *= 2
    return size


def _starved(case: Case, how: Disk, free: int) -> End:
    """Run the command with so many free bytes."""
    how.leave_free(PLENTY)
    case.fresh(how.place / "try")
    how.leave_free(free)
    return run(how.place / "try", how.limited(case.known.work()), case.known.seconds, said=case.room / "said")


def filled(case: Case, how: Disk, free: int) -> tuple[str, str]:
    """Run a command on a full disk; say what is wrong ("": nothing), and whether the room was enough."""
    end = _starved(case, how, free)
    folder = how.place / "try"
    if case.known.chained and end.status:
        return _badly(end, _LINE), "refused"
    wrong = _badly(end, _LINE) or case.half(folder)
    if not end.status:
        return wrong or case.unlike(folder), "enough room"
    how.leave_free(PLENTY)
    wrong = wrong or case.goes_on(folder, case.room / "said")
    return wrong and f"{free} bytes free: {wrong}", "refused" if how.mounted else "refused, file too large"


def denied(case: Case, what: str) -> tuple[str, str]:
    """Take the permission of what a command reads or of where it writes; say what is wrong ("": nothing)."""
    folder = case.fresh(case.room / "try")
    user = NOBODY if os.geteuid() == 0 else None
    given = [folder / name for name in (folder / "given").read_text().split()]
    own = [path for one in given for path in ([one] if one.is_file() else one.rglob("*")) if path.is_file()]
    closed = {path: path.stat().st_mode for path in (own if what == "input" else _folders(folder, given))}
    for path in _folders(folder, []):
        path.chmod(0o777)
    for path in closed:
        path.chmod(0 if what == "input" else 0o555)
    end = run(folder, case.known.work(), case.known.seconds, user)
    for path, mode in closed.items():
        path.chmod(mode)
    if not end.status:
        return "it succeeds", what
    wrong = _badly(end, _DENIED) or ("" if case.untouched(folder) else "something was written")
    return wrong or case.goes_on(folder), what


def _folders(folder: Path, given: list[Path]) -> list[Path]:
    every = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    return [path for path in every if path not in given]


def _badly(end: End, line: re.Pattern[str]) -> str:
    """Say what is wrong with how a command ended that could not do its work."""
    lines = end.err.strip().splitlines() or [""]
    last = lines[-1]
    if "Traceback" in end.err + end.out or end.status == CRASHED or end.status < 0:
        return f"it ends with {end.status} and a traceback or a signal: {last}"
    if end.status and not any(line.match(one) for one in lines):
        return f"it ends with {end.status} and no line that says why: {last!r}"
    return ""
