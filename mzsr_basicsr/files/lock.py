"""One process at a time: a lock that the system takes back from whoever ends, however it ends."""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other process or thread has a file, and have it until the end of the block.

    The lock is a hidden file beside it, `.NAME.lock`, that stays: who removed it might remove another's. On a file
    system without locks nobody waits.

    Raises:
        OSError: that file cannot be made.
    """
    with path.with_name(f".{path.name}.lock").open("a", encoding="utf-8") as lock:
        _take(lock)
        yield


def taken_at_once(lock: IO[Any], without: bool = True) -> bool:
    """Take the lock of an open file until it is closed; False where another process or thread has it.

    On a file system without locks everybody has it, or what `without` says.
    """
    if sys.platform == "win32":
        import msvcrt

        lock.seek(0)
        try:
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return without
    return True


def _take(lock: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt

        lock.seek(0)
        while True:
            with contextlib.suppress(OSError):  # after ten seconds of waiting
                msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
                return
            time.sleep(0.1)
    import fcntl

    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(lock, fcntl.LOCK_EX)
