"""The folder of a training run: one process has it at a time, and what killed ones left is removed."""

import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import IO

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.weights.files import temporaries

_held: dict[str, IO[str]] = {}  # the lock of this process's run, by its folder


def claim(folder: Path) -> None:
    """Take a run's folder for this process, for as long as it lives, and tidy it up.

    The lock stands beside the folder, which BasicSR moves away where it starts afresh. It belongs to the process and
    not to its children, and ends with it, however it ends.

    Args:
        folder: experiments/NAME; it need not be there.

    Raises:
        ConfigError: another process trains in it, or nothing can be written there.
    """
    release()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = (folder.parent / f".{folder.name}.lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made ({error.strerror}); start where you may write") from error
    _held[str(folder)] = lock
    if not _locked(lock):
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        release()
        raise ConfigError(
            f"name: {folder.name} is being trained in {folder} (process {owner}); wait for it, end it, or give this "
            "run another `name`"
        )
    with contextlib.suppress(OSError):  # only words for others: a full disk is met where something is lost
        lock.truncate(0)
        lock.write(f"{os.getpid()} on {socket.gethostname()}")
        lock.flush()
    for name in ("models", "training_states"):
        for path in temporaries(folder / name):
            path.unlink(missing_ok=True)


def _locked(lock: IO[str]) -> bool:
    """Take the lock, if nobody has it."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks
        return True
    return True


def release() -> None:
    """Let others have the folder."""
    while _held:
        _held.popitem()[1].close()


def saved_in(folder: Path) -> str:
    """Say what a run can go on from."""
    states = [int(path.stem) for path in (folder / "training_states").glob("*.state") if path.stem.isdigit()]
    if not states:
        return "no state had been saved"
    return f"the state of iteration {max(states)} is saved in {folder}; go on with --auto_resume"
