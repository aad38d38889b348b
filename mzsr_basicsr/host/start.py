"""What is done between BasicSR's reading of the options and its making of folders, in our launchers and its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mzsr_basicsr.host import run_folder
from mzsr_basicsr.host.sections import check_loggers, check_sections
from mzsr_basicsr.host.trial import try_out

_folders: dict[str, Path] = {}  # of the run of this process, by what it is


def before_training(opt: dict[str, Any]) -> None:
    """Check and try out a training, then take its folder for this process.

    Args:
        opt: BasicSR's options.

    Raises:
        MZSRError: it cannot run; nothing has been made or moved.
    """
    check_sections(opt, training=True)
    check_loggers(opt)
    try_out(opt)
    _folders["train"] = Path(opt["path"]["experiments_root"])
    if opt["rank"] == 0:
        run_folder.claim(_folders["train"])


def before_test(opt: dict[str, Any]) -> None:
    """Check and try out a test; several of one name may run, since each moves the earlier results away.

    Raises:
        MZSRError: it cannot run; nothing has been made or moved.
    """
    check_sections(opt, training=False)
    try_out(opt)
    _folders["test"] = Path(opt["path"]["results_root"])


def forget() -> None:
    """End the run of this process, as far as others see it."""
    run_folder.release()
    _folders.clear()


def what_is_left() -> str:
    """Say what an interrupted run has saved."""
    folders: Mapping[str, Path] = _folders
    if "train" in folders:
        return run_folder.saved_in(folders["train"])
    if "test" in folders:
        return f"what was done lies in {folders['test']}"
    return "nothing was begun"
