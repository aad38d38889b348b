"""The folder of parts beside a result that is whole, of a run that was killed while it removed that folder.

This module imports the standard library alone.
"""

import contextlib
from pathlib import Path

from mzsr_basicsr.files.lock import taken_at_once

STATE = "state.json"  # is removed first; parts without it are of no use to anybody


def parts_folder(target: Path) -> Path:
    """Name the folder that keeps the finished parts of a result."""
    return target.parent / f".{target.name}.parts"


def tidy_up(target: Path) -> None:
    """Remove parts that belong to no run any more; those of a run at work, or of one that can go on, stay."""
    folder = parts_folder(target)
    if not folder.is_dir() or (folder / STATE).exists():
        return
    with contextlib.suppress(OSError), (folder / "lock").open("ab") as lock:
        if taken_at_once(lock, without=False) and not (folder / STATE).exists():
            for path in (*folder.glob("*.part"), *folder.glob("*.tmp")):
                path.unlink()
            (folder / "lock").unlink()
            folder.rmdir()
