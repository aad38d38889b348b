"""One command that is to be stopped: what it starts from, what it makes when nobody stops it, and how both are told."""

import shutil
from pathlib import Path

from faults_commands import COMMANDS, Contents, contents, hidden, prepare
from faults_forks import End, run


class Case:
    """A command, made ready below a folder.

    Args:
        name: of the command.
        room: a folder, emptied first.

    Attributes:
        known: the command.
        start: the folder that it starts from.
        seconds: that it takes.
        size: of what it writes, bytes.
    """

    def __init__(self, name: str, room: Path) -> None:
        self.known, self.room, self.start = COMMANDS[name], room, room / "start"
        shutil.rmtree(room, ignore_errors=True)
        (room / "made").mkdir(parents=True)
        _fine(run(room / "made", lambda: prepare(self.start, self.known)))  # by itself: a clip's codec starts threads
        self._before = contents(self.start, self.known)
        whole = self.fresh(room / "whole")
        self.seconds = _fine(run(whole, self.known.work(), self.known.seconds)).seconds
        self._whole = contents(whole, self.known)
        self.size = sum((whole / path).stat().st_size for path in self._whole)

    def fresh(self, folder: Path) -> Path:
        """Make a folder as it was at the start."""
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(self.start, folder))

    def half(self, folder: Path) -> str:
        """Name a file that is neither the old one nor the whole one; "" if there is none."""
        now: Contents = contents(folder, self.known)
        for path, content in now.items():
            growing = any(part in path for part in self.known.grows) and not content.startswith("damaged")
            if content not in (self._before.get(path), self._whole.get(path)) and not growing:
                return f"{path} is half-written ({content[:40]})"
        gone = sorted(set(self._before) - set(now))
        return f"{gone[0]} is gone" if gone else ""

    def keep(self, folder: Path, name: str) -> None:
        """Keep a folder in which something is wrong, to be looked at."""
        kept = self.room.parent.parent / "finds" / name.replace(" ", "_")
        shutil.copytree(folder, kept, dirs_exist_ok=True)
        shutil.copytree(self.room / "whole", kept / "whole", dirs_exist_ok=True)

    def untouched(self, folder: Path) -> bool:
        """Tell whether nothing has been written."""
        return contents(folder, self.known) == self._before

    def unlike(self, folder: Path) -> str:
        """Say in what a finished folder is not as it should be; "" if it is."""
        now = contents(folder, self.known)
        if now != self._whole:
            unlike = [path for path in sorted({*now, *self._whole}) if now.get(path) != self._whole.get(path)]
            return f"another result: {', '.join(unlike[:3])}"
        left = hidden(folder, self.known)
        return f"left behind: {', '.join(sorted(left)[:3])}" if left else ""

    def goes_on(self, folder: Path, said: Path | None = None) -> str:
        """Give the same command again, and say what is wrong with where it ends."""
        end = run(folder, self.known.work(), self.known.seconds, said=said)
        wrong = self.unlike(folder)
        if end.status and (wrong or "is there already" not in end.err):
            lines = [line for line in end.err.splitlines() if line.startswith("error: ")] or end.err.splitlines()[-1:]
            return f"the same command ends with {end.status}: {'; '.join(lines)}"
        return wrong


def _fine(end: End) -> End:
    if end.status:
        raise SystemExit(f"error: the command fails by itself, with {end.status}: {end.err}")
    return end
