"""The folder of an inspection: the names of its files, and whether it can take them.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from mzsr_basicsr.errors import ConfigError

FORMATS: Mapping[str, str] = {"webp": "WEBP", "png": "PNG"}  # of the animation: its ending, and Pillow's name
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
