"""The temporary folder of a server: private, one folder a visitor in it, removed at the end, and after a kill too."""

import contextlib
import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.files.lock import taken_at_once

PREFIX = "mzsr_web_"
_LOCK = "lock"
_UNCLAIMED = 600.0  # seconds after which a file that was sent, and that nobody took, is removed
_DIGEST = 64  # characters of the folders that Gradio puts uploads into, SHA-256


class Folders:
    """Everything a server writes.

    Attributes:
        root: only its owner may read it.
        served: what lies below may be sent to browsers; Gradio puts uploads there, too.
    """

    def __init__(self) -> None:
        _tidy_up(Path(tempfile.gettempdir()))
        try:
            self.root = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
            self._lock = (self.root / _LOCK).open("ab")
            self.served = self.root / "served"
            self.served.mkdir()
        except OSError as error:
            raise ConfigError(
                f"web: no temporary folder can be made ({error.strerror}); free space, or set TMPDIR to another folder"
            ) from error
        taken_at_once(self._lock)
        self._claims: dict[Path, set[Path]] = {}

    def __enter__(self) -> "Folders":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lock.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def visitor(self) -> Path:
        """Make a folder whose name nobody can guess."""
        folder = self.served / f"visitor_{secrets.token_hex(16)}"
        folder.mkdir()
        return folder

    def take(self, upload: str | os.PathLike[str], visitor: Path, inside: str) -> Path:
        """Give a visitor a file that was sent, under its name in a folder `inside` of the visitor's own.

        Args:
            upload: where the file is said to lie.
            visitor: the visitor's folder.
            inside: replaced, if it is there.

        Raises:
            ConfigError: it was not sent to this server.
        """
        path = Path(os.path.realpath(upload))
        lies = path.parent.parent == self.served and len(path.parent.name) == _DIGEST
        if not lies or not path.is_file():
            raise ConfigError("this file was not sent to this page, or is gone; drop it on the page again")
        folder = visitor / inside
        self.drop(visitor, inside)
        folder.mkdir()
        own = folder / path.name
        os.link(path, own)
        self._claims.setdefault(path, set()).add(folder)
        return own

    def drop(self, visitor: Path, inside: str) -> None:
        """Remove a folder of a visitor's, and the uploads in it that nobody else took."""
        folder = visitor / inside
        shutil.rmtree(folder, ignore_errors=True)
        self._free({folder})

    def leave(self, visitor: Path) -> None:
        """Remove all that a visitor brought and made, and what others sent long ago and never took."""
        shutil.rmtree(visitor, ignore_errors=True)
        self._free({folder for folders in self._claims.values() for folder in folders if folder.parent == visitor})
        with contextlib.suppress(OSError):
            self._sweep()

    def _free(self, folders: set[Path]) -> None:
        for path, owners in list(self._claims.items()):
            owners -= folders
            if not owners:
                del self._claims[path]
                _remove(path)

    def _sweep(self) -> None:
        old = time.time() - _UNCLAIMED
        for path in (*self.served.glob("*/*"), *self.served.glob("*")):
            sent = path.is_file() and (path.parent == self.served or len(path.parent.name) == _DIGEST)
            if sent and path not in self._claims and path.stat().st_mtime < old:
                _remove(path)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
        path.parent.rmdir()


def _tidy_up(temporary: Path) -> None:
    """Remove the folders of servers that were killed."""
    for folder in temporary.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (folder / _LOCK).open("r+b") as lock:
            if taken_at_once(lock, without=False):
                shutil.rmtree(folder, ignore_errors=True)
