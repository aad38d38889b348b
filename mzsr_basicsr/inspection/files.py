"""The files of an inspection: a page, the numbers and an animation, all of them or none."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.inspection.numbers import record_of
from mzsr_basicsr.inspection.page import page_of
from mzsr_basicsr.inspection.pictures import FORMATS, animation
from mzsr_basicsr.inspection.run import Report
from mzsr_basicsr.pages import write_whole

PAGE, NUMBERS, ANIMATION = "inspect.html", "inspect.json", "updates"


def names(format: str | None) -> list[str]:
    """List the files; `format` is that of the animation, None for no animation."""
    return [PAGE, NUMBERS] + ([] if format is None else [f"{ANIMATION}.{format}"])


def check_folder(folder: Path, format: str | None, overwrite: bool) -> None:
    """Refuse a folder that cannot take an inspection, before any work.

    Raises:
        ConfigError: a file of that name, or one that holds an inspection already.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        raise ConfigError(f"output: {folder} is there and no folder; give a folder, it is made where it is missing")
    there = [name for name in names(format) if os.path.lexists(folder / name)]
    if there and not overwrite:
        raise ConfigError(f"output: {folder} holds {', '.join(there)} already; give --overwrite or another folder")


def contents(report: Report, format: str | None) -> dict[str, str | bytes]:
    """Make the files' contents, by name."""
    numbers = json.dumps(record_of(report), indent=1, allow_nan=False) + "\n"
    drawn = {} if format is None else {f"{ANIMATION}.{format}": animation(report.inspection, format)}
    return {PAGE: page_of(report, next(iter(drawn), None)), NUMBERS: numbers, **drawn}


def write_all(files: Mapping[str, str | bytes], folder: Path) -> None:
    """Write the files, each whole, and remove an older animation of another format.

    If one fails, those that were not there before are removed again.

    Raises:
        ConfigError: the folder cannot be made or written.
    """
    old = [folder / f"{ANIMATION}.{format}" for format in FORMATS if f"{ANIMATION}.{format}" not in files]
    new = [folder / name for name in files if not os.path.lexists(folder / name)]
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    done = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_whole(content, folder / name)
        done = True
        _remove(old, [])
    except OSError as error:
        raise ConfigError(f"output: {folder} cannot be written ({error.strerror}); check it and its space") from error
    finally:
        if not done:
            _remove(new, made)


def _remove(files: list[Path], folders: list[Path]) -> None:
    """Remove files, and folders if they are empty then."""
    for path in files:
        with contextlib.suppress(OSError):
            path.unlink()
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
