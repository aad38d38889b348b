"""Folders of photographs: which files of them are taken.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from pathlib import Path

from mzsr_basicsr.errors import ImageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm")


def check_folder(root: str, section: str) -> Path:
    """Give the folder that an option names.

    Raises:
        ImageError: there is none.
    """
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise ImageError(f"{section}: folder {root} does not exist; give a folder of photographs")
    return folder


def list_photographs(root: str, section: str) -> list[str]:
    """List the photographs of a folder and of all below it, sorted.

    Args:
        root: the folder.
        section: option that names it, for messages.

    Raises:
        ImageError: there is no such folder, or it holds none.
    """
    folder = check_folder(root, section)
    found = sorted(str(p) for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise nothing_in(root, section)
    return found


def nothing_in(root: str, section: str) -> ImageError:
    """Make the error of a folder without photographs."""
    return ImageError(f"{section}: {root} holds no photograph; known endings: {' '.join(SUFFIXES)}")
