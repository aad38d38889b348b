"""The folder beside a result that keeps the finished parts of a clip, so that a run which was killed goes on."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from mzsr_basicsr.clips.clip import reporting
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.files.leftovers import STATE, parts_folder
from mzsr_basicsr.files.lock import taken_at_once

_LAYOUT = 1
_STATE_LIMIT = 1 << 16
_HASHED = 1 << 20


def identify(source: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Say what a finished part depends on: the source (size, time of change, SHA-256 of its first MiB) and settings.

    Raises:
        ImageError: If the source cannot be read.
    """
    with reporting(source, "read this file"), source.open("rb") as stream:
        status = os.fstat(stream.fileno())
        digest = hashlib.sha256(stream.read(_HASHED)).hexdigest()
    clip = {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": digest}
    return {"layout": _LAYOUT, "source": clip, **settings}


class WorkFolder:
    """`.NAME.parts` beside the result NAME: `state.json` and the finished parts 000000.part, 000001.part and so on.

    Parts of another source or other settings are deleted. As a context manager it deletes a folder that holds no
    finished part on leaving. It serves one run at a time: `lock` in it is that run's.

    Attributes:
        parts: files of the finished parts, in order.
    """

    def __init__(self, target: Path, identity: dict[str, Any]) -> None:
        self._folder = parts_folder(target)
        self._state = self._folder / STATE
        with self._reporting("use this folder for finished frames"):
            self._lock = self._locked(target)
            if not self._matches(identity):
                self._delete_files()
                with self.writing(self._state) as path:
                    path.write_text(json.dumps(identity), encoding="utf-8")
            for rest in self._folder.glob("*.tmp"):
                rest.unlink()
            self.parts: list[Path] = []
            while self._part(len(self.parts)).is_file():
                self.parts.append(self._part(len(self.parts)))

    def __enter__(self) -> WorkFolder:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if not self.parts:
                self.delete()
        finally:
            self._unlock()

    @contextlib.contextmanager
    def next_part(self) -> Iterator[Path]:
        """Give a path to write the next part to; leaving without an error makes the part a finished one."""
        part = self._part(len(self.parts))
        with self.writing(part) as path:
            yield path
        self.parts.append(part)

    @contextlib.contextmanager
    def writing(self, target: Path) -> Iterator[Path]:
        """Give a path inside the folder to write to, and move it to the target, whole, on leaving without an error.

        Raises:
            ImageError: If it cannot be moved there.
        """
        path = self._folder / f"{os.getpid()}.{target.name}.tmp"
        try:
            yield path
            with reporting(target, "write this file"):
                with path.open("rb+") as stream:
                    os.fsync(stream.fileno())
                os.replace(path, target)
        finally:
            path.unlink(missing_ok=True)

    def delete(self) -> None:
        """Delete the folder and what this class has put there; with anything else in it, the folder stays."""
        with self._reporting("delete this folder"):
            self._delete_files()
            self._unlock()
            if not any(self._folder.iterdir()):
                self._folder.rmdir()

    def _part(self, index: int) -> Path:
        return self._folder / f"{index:06}.part"

    def _locked(self, target: Path) -> IO[str]:
        """Make the folder and take its lock, which the system takes back from whoever ends, however it ends."""
        path = self._folder / "lock"
        while True:
            self._folder.mkdir(exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # the run before has deleted it meanwhile
                lock = path.open("a", encoding="utf-8")
                if not taken_at_once(lock):
                    lock.close()
                    raise ImageError(f"{target}: another run is at work on it; wait for that, or give another output")
                if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                    return lock
                lock.close()

    def _unlock(self) -> None:
        """Delete the lock while it is held, so that nobody takes a file that is gone; where that cannot be, after."""
        if not self._lock.closed:
            path = self._folder / "lock"
            with contextlib.suppress(OSError):
                path.unlink()
            self._lock.close()
            if sys.platform == "win32":
                with contextlib.suppress(OSError):
                    path.unlink()

    def _matches(self, identity: dict[str, Any]) -> bool:
        try:
            with self._state.open("rb") as stream:
                return bool(json.loads(stream.read(_STATE_LIMIT)) == identity)
        except (FileNotFoundError, ValueError, RecursionError):
            return False

    def _delete_files(self) -> None:
        for pattern in (STATE, "*.part", "*.tmp"):  # see `leftovers`
            for path in self._folder.glob(pattern):
                path.unlink()

    def _reporting(self, action: str) -> contextlib.AbstractContextManager[None]:
        return reporting(self._folder, action)
