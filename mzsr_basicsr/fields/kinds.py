"""Which files of the field there are: told by their names, and where those say nothing, by their first bytes.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from collections.abc import Mapping
from pathlib import Path

from mzsr_basicsr.fields.tiff_tags import tiff_field

SUFFIXES: Mapping[str, str] = {".dcm": "dicom", ".dicom": "dicom", ".ima": "dicom", ".nii": "nifti"}
_TIFF = (".tif", ".tiff", ".gtiff", ".btf", ".tf8")


def field_of(path: Path, target: Path | None = None) -> str | None:
    """Name the module of `mzsr_basicsr.fields` that a file is upscaled by; None for an ordinary picture.

    Args:
        path: a file; one that cannot be read is judged by its name.
        target: of the result; None if that does not matter, see `tiff_field`.
    """
    if path.suffix.lower() in _TIFF:
        return tiff_field(path, target)
    name = path.name.lower()
    if name.endswith(".nii.gz"):
        return "nifti"
    return SUFFIXES.get(path.suffix.lower())
