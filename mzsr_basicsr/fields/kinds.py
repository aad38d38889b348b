"""Which files of the field there are: told by their names, and where those say nothing, by their first bytes.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from mzsr_basicsr.clips.kinds import SOURCE_SUFFIXES
from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.fields.tiff_tags import tiff_field
from mzsr_basicsr.pictures.kinds import SUFFIXES as PICTURE_SUFFIXES

SUFFIXES: Mapping[str, str] = {".dcm": "dicom", ".dicom": "dicom", ".ima": "dicom", ".nii": "nifti"}
NEEDS: Mapping[str, tuple[str, str]] = {"dicom": ("pydicom", "medical"), "nifti": ("nibabel", "medical")}
OWN_KIND: Mapping[str, tuple[str, str]] = {"dicom": ("DICOM", ".dcm"), "nifti": ("NIfTI", ".nii or .nii.gz")}
_TIFF = (".tif", ".tiff", ".gtiff", ".btf", ".tf8")
_DICOM_MARK = (128, b"DICM")  # where it stands, PS3.10 section 7.1
_DICOM_DIRECTORY = "DICOMDIR"  # a list of files, beside them


def field_of(path: Path, target: Path | None = None) -> str | None:
    """Name the module of `mzsr_basicsr.fields` that a file is upscaled by; None for an ordinary picture.

    Args:
        path: a file; one that cannot be read is judged by its name.
        target: of the result; None if that does not matter, see `tiff_field`.
    """
    if path.suffix.lower() in _TIFF:
        return tiff_field(path, target)
    return named_field(path) or ("dicom" if _is_nameless_dicom(path) else None)


def named_field(path: Path) -> str | None:
    """Name the module that a file is upscaled by, or written by, as its name alone tells."""
    if path.name.lower().endswith(".nii.gz"):
        return "nifti"
    return SUFFIXES.get(path.suffix.lower())


def is_directory_of_files(path: Path) -> bool:
    """Tell a DICOMDIR, which only lists the files beside it."""
    return path.name.upper() == _DICOM_DIRECTORY


def check_field(source: Path, target: Path, field: str) -> None:
    """Refuse a file whose library is missing, or whose result would be of another kind.

    Args:
        source: a file of the field.
        target: where its result shall lie.
        field: see `field_of`.

    Raises:
        ConfigError: the library is not installed.
        ImageError: the target is of another kind.
    """
    library, extra = NEEDS[field]
    kind, ending = OWN_KIND[field]
    if find_spec(library) is None:
        raise ConfigError(
            f"{source}: {kind} files need {library}, which is not installed here; "
            f"run: pip install 'mzsr_basicsr[{extra}]'"
        )
    if target.name != source.name and named_field(target) != field:
        raise ImageError(f"{target}: what is made of a {kind} file is one; give a folder, or a name with {ending}")


def _is_nameless_dicom(path: Path) -> bool:
    """Tell DICOM by its mark, in a file whose ending is of no picture and no clip."""
    if path.suffix.lower() in (*PICTURE_SUFFIXES, *SOURCE_SUFFIXES):
        return False
    start, mark = _DICOM_MARK
    try:
        if not path.is_file():  # a device must not be read
            return False
        with path.open("rb") as stream:
            return stream.read(start + len(mark))[start:] == mark
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return False
