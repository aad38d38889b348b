"""What is known of clips without opening one: which file names are read and written.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from mzsr_basicsr.errors import ImageError

CONTAINERS: Mapping[str, str] = {  # ending: its name in FFmpeg
    ".mp4": "mp4",
    ".mkv": "matroska",
    ".mov": "mov",
    ".webm": "webm",
    ".m4v": "mp4",
}
VIDEO_SUFFIXES = (*CONTAINERS, ".gif")
_READ_ONLY = (".avi", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".flv", ".wmv", ".asf", ".3gp", ".3g2")
SOURCE_SUFFIXES = (*VIDEO_SUFFIXES, *_READ_ONLY)
UNKNOWN_SUFFIXES = (".vob", ".mxf", ".rm", ".rmvb", ".ogv", ".ogm", ".dv", ".divx", ".swf", ".h264", ".h265", ".hevc")
CLIP_SUFFIXES = (*SOURCE_SUFFIXES, *UNKNOWN_SUFFIXES)  # what is no picture, whether it is read or not


def is_found_clip(path: Path) -> bool:
    """Tell whether a file that a search has found is a clip that is read: by its name, and .ts by its first byte too.

    Files of TypeScript have that ending as well.
    """
    suffix = path.suffix.lower()
    if suffix != ".ts":
        return suffix in SOURCE_SUFFIXES
    try:
        with path.open("rb") as stream:
            return stream.read(1) == b"G"  # where each packet of MPEG-TS begins
    except OSError:
        return True  # it is reported when it is read


def is_still(path: Path) -> bool:
    """Tell a file named .gif that is one picture: a GIF of one image, or another kind under that name."""
    if path.suffix.lower() != ".gif":
        return False
    try:
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            head = stream.read(6)
            if len(head) == 6 and head[:4] != b"GIF8":
                return True
            return len(head) == 6 and _images(stream) == 1
    except (OSError, ValueError, IndexError):  # ValueError: a zero byte in the name; it is reported when it is read
        return False


def _images(stream: BinaryIO) -> int:
    """Count the images of a GIF behind its six first bytes, up to two; 0 for a damaged one."""
    flags, images = stream.read(7)[4], 0
    stream.seek(_table(flags), 1)
    while (block := stream.read(1)) not in (b";", b"") and images < 2:
        if block == b",":  # an image: its place, its colours, the size of its codes
            images += 1
            stream.seek(_table(stream.read(9)[8]) + 1, 1)
        elif block == b"!":
            stream.seek(1, 1)
        else:
            return 0
        while size := stream.read(1)[0]:
            stream.seek(size, 1)
    return images


def _table(flags: int) -> int:
    """Give the bytes of a table of colours."""
    return 3 << (flags & 7) + 1 if flags >> 7 else 0


def check_names(source: Path, target: Path) -> None:
    """Refuse files whose endings are of no clip, and a source that is not there.

    Raises:
        ImageError: one line.
    """
    for path, allowed, done in ((source, SOURCE_SUFFIXES, "read"), (target, VIDEO_SUFFIXES, "written")):
        if path.suffix.lower() not in allowed:
            hint = "; convert it to .mkv first" if done == "read" and path.suffix.lower() in UNKNOWN_SUFFIXES else ""
            kind = f"{path}: a video of the kind '{path.suffix}' is not {done}"
            raise ImageError(f"{kind}; allowed: {', '.join(allowed)}{hint}")
    if not source.is_file():
        raise ImageError(f"{source}: video not found; give an existing file")
