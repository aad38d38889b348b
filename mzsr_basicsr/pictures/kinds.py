"""What is known of picture files without opening one: which names are read and written, and how small one may be.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from collections.abc import Mapping
from pathlib import Path

from mzsr_basicsr.errors import ImageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".ppm", ".pgm", ".pbm", ".pnm", ".gif")
NAMES = "PNG, JPEG, TIFF, WebP, BMP, PPM or GIF"
WRITTEN: Mapping[str, tuple[str, ...]] = {  # name of a format: endings of its files
    "png": (".png",),
    "jpg": (".jpg", ".jpeg"),
    "tif": (".tif", ".tiff"),
    "webp": (".webp",),
    "bmp": (".bmp",),
    "ppm": (".ppm", ".pgm", ".pnm"),
}
TARGETS = tuple(suffix for suffixes in WRITTEN.values() for suffix in suffixes)
SMALLEST_SIDE = 8  # px; below it an image is refused


def is_picture_name(path: Path) -> bool:
    """Tell whether a file name has an ending of `SUFFIXES`, in upper or lower case."""
    return path.suffix.lower() in SUFFIXES


def format_of(path: Path) -> str:
    """Name the format that a file is written in, a key of `WRITTEN`.

    Raises:
        ImageError: its ending is of none.
    """
    for format, suffixes in WRITTEN.items():
        if path.suffix.lower() in suffixes:
            return format
    raise ImageError(f"{path}: cannot write a picture as '{path.suffix}'; allowed: {' '.join(TARGETS)}")


def check_is_there(path: Path) -> None:
    """Refuse a picture file that does not exist; other faults are found when it is opened.

    Raises:
        ImageError: there is none.
    """
    try:
        path.stat()
    except FileNotFoundError as error:
        raise missing(str(path)) from error
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return


def missing(name: str) -> ImageError:
    """Make the error of a picture file that does not exist."""
    return ImageError(f"{name}: no such file; give a picture file: {NAMES}")
