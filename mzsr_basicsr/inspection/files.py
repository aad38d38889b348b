"""The files of an inspection: a page, the numbers and an animation, all of them or none."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.inspection.folder import ANIMATION, FORMATS, NUMBERS, PAGE
from mzsr_basicsr.inspection.numbers import record_of
from mzsr_basicsr.inspection.page import page_of
from mzsr_basicsr.inspection.pictures import animation
from mzsr_basicsr.inspection.run import Report
from mzsr_basicsr.pages import write_whole


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
