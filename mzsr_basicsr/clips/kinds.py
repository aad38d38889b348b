"""What is known of clips without opening one: which file names are read and written.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from collections.abc import Mapping
from pathlib import Path

from mzsr_basicsr.errors import ImageError

CONTAINERS: Mapping[str, str] = {".mp4": "mp4", ".mkv": "matroska", ".mov": "mov"}  # ending: its name in FFmpeg
VIDEO_SUFFIXES = (*CONTAINERS, ".gif")
SOURCE_SUFFIXES = (*VIDEO_SUFFIXES, ".webm")


def check_names(source: Path, target: Path) -> None:
    """Refuse files whose endings are of no clip, and a source that is not there.

    Raises:
        ImageError: one line.
    """
    for path, allowed in ((source, SOURCE_SUFFIXES), (target, VIDEO_SUFFIXES)):
        if path.suffix.lower() not in allowed:
            raise ImageError(f"{path}: unknown kind of video '{path.suffix}'; allowed: {', '.join(allowed)}")
    if not source.is_file():
        raise ImageError(f"{source}: video not found; give an existing file")
