"""Which files of the field there are: told by their names, and where those say nothing, by their first bytes.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from collections.abc import Mapping
from pathlib import Path

SUFFIXES: Mapping[str, str] = {".dcm": "dicom", ".dicom": "dicom", ".ima": "dicom", ".nii": "nifti"}
_TIFF = (".tif", ".tiff", ".gtiff", ".btf", ".tf8")


def field_of(path: Path) -> str | None:
    """Name the module of `mzsr_basicsr.fields` that a file is upscaled by; None for an ordinary picture.

    Args:
        path: a file; one that cannot be read is judged by its name.
    """
    name = path.name.lower()
    if name.endswith(".nii.gz"):
        return "nifti"
    return SUFFIXES.get(path.suffix.lower())
