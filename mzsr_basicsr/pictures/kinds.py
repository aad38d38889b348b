"""What is known of picture files without opening one: which names are read and written, and how small one may be.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from mzsr_basicsr.errors import ConfigError, ImageError

WRITTEN: Mapping[str, tuple[str, ...]] = {  # name of a format: endings of its files
    "png": (".png",),
    "jpg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "tif": (".tif", ".tiff"),
    "webp": (".webp",),
    "bmp": (".bmp",),
    "ppm": (".ppm", ".pgm", ".pnm"),
}
TARGETS = tuple(suffix for suffixes in WRITTEN.values() for suffix in suffixes)
READ: Mapping[str, tuple[str, ...]] = {  # name of a format, see `Picture.format`: endings of its files
    "PNG": WRITTEN["png"],
    "JPEG": WRITTEN["jpg"],
    "TIFF": WRITTEN["tif"],
    "WEBP": WRITTEN["webp"],
    "BMP": WRITTEN["bmp"],
    "PPM": (*WRITTEN["ppm"], ".pbm"),
    "GIF": (".gif",),
    "JPEG2000": (".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc"),
    "AVIF": (".avif",),
}
SUFFIXES = tuple(suffix for suffixes in READ.values() for suffix in suffixes)
NAMES = "PNG, JPEG, TIFF, WebP, BMP, PPM, GIF, JPEG 2000 or AVIF"
UNREAD = (  # endings of pictures of other kinds
    *(".heic", ".heif", ".hif", ".jxl", ".jxr", ".svg", ".psd", ".xcf", ".tga", ".ico", ".eps", ".pdf", ".exr", ".hdr"),
    *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw", ".raw", ".qoi", ".pcx", ".dds"),
    *(".apng", ".mpo", ".dib", ".pam", ".pfm", ".avifs", ".fits"),
)
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


def check_no_other_kind(name: Path) -> None:
    """Refuse the name of an output that looks like a picture's of a kind that is not written.

    Raises:
        ConfigError: its ending is known, or nearly one that is written.
    """
    suffix = name.suffix.lower()
    if suffix in (*SUFFIXES, *UNREAD) or get_close_matches(suffix, TARGETS, cutoff=0.75):
        raise ConfigError(
            f"{name}: no picture is written as '{name.suffix}'; allowed: {' '.join(TARGETS)}; for a folder of that "
            "name put a / at its end"
        )


def said_kind(path: Path) -> str | None:
    """Name the format that a file's ending says, see `READ`; None for an ending of none."""
    return next((kind for kind, suffixes in READ.items() if path.suffix.lower() in suffixes), None)


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
