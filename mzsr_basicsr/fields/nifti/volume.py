"""A NIfTI file opened and checked: its stored values, and which of its axes lie in a slice."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.fields.frames import Values
from mzsr_basicsr.pictures.kinds import SMALLEST_SIDE
from mzsr_basicsr.pictures.picture import reason

_FAILURES = (OSError, ValueError, TypeError, LookupError, EOFError, ArithmeticError, MemoryError, zlib.error)
_LABELS = 1002  # NIFTI_INTENT_LABEL


@dataclass(frozen=True, eq=False)
class Volume:
    """A NIfTI file.

    Attributes:
        path: of the file.
        image: nibabel's.
        stored: (I, J, K, N) stored values; N are all further dimensions, the first running fastest.
        through: the axis, 0 to 2, that slices are stacked along.
        values: what may be stored.
    """

    path: Path
    image: Any
    stored: np.ndarray
    through: int
    values: Values

    @property
    def plane(self) -> tuple[int, int]:
        """The axes of a slice that become x (to the right) and y (down): the faster one is x."""
        across, down = (axis for axis in range(3) if axis != self.through)
        return across, down

    @property
    def slices(self) -> int:
        """How many there are in each of the stacked volumes."""
        return int(self.stored.shape[self.through])

    def where(self, number: int, index: int) -> tuple[Any, ...]:
        """Give the place of a slice of the volume of a number."""
        place: list[Any] = [slice(None)] * 3
        place[self.through] = index
        return (*place, number)

    def slice_of(self, number: int, index: int) -> np.ndarray:
        """Give a slice, (H, W, 1), rows down and columns to the right."""
        stored = self.stored[self.where(number, index)].T
        return np.ascontiguousarray(stored, self.values.dtype)[:, :, None]


def open_volume(path: Path, nodata: float | None) -> Volume:
    """Read a NIfTI file; one that is not compressed stays on the disk.

    Args:
        path: of the file.
        nodata: the stored value that stands for no data; NaN does by itself.

    Raises:
        ImageError: it is damaged, or of a kind that cannot be upscaled.
    """
    with _reading(path):
        return _open(path, nodata)


def through_axis(shape: tuple[int, ...], zooms: tuple[float, ...]) -> int:
    """Choose the axis, 0 to 2, along which slices are stacked: that of the coarsest steps, the last of equal ones.

    Axes that are too short to be in a plane go first.

    Args:
        shape: of three axes at least.
        zooms: steps along the axes, mm.
    """
    short = [axis for axis in range(3) if shape[axis] < SMALLEST_SIDE]
    return max(short or range(3), key=lambda axis: (round(float(zooms[axis]), 4), axis))


def _open(path: Path, nodata: float | None) -> Volume:
    image: Any = nibabel.load(path)
    kind = image.get_data_dtype()
    if not isinstance(image, nibabel.Nifti1Pair):
        raise ImageError(f"{path}: a {type(image).__name__}, no NIfTI file")
    if kind.fields is not None or kind.kind not in "iuf" or kind.itemsize > 8:
        what = "colours (RGB)" if kind.fields is not None else f"{kind.name} values"
        raise ImageError(f"{path}: holds {what}; allowed: whole numbers and float32 or float64, one value a voxel")
    if int(image.header["intent_code"]) == _LABELS:
        raise ImageError(f"{path}: holds labels (intent code {_LABELS}), between which there is nothing; give images")
    shape = tuple(int(length) for length in image.shape)
    if len(shape) < 2 or 0 in shape:
        raise ImageError(f"{path}: {len(shape)} dimensions of {shape} voxels; there must be two at least, none empty")
    volume = (*shape, 1)[:3]
    dataobj: Any = image.dataobj
    stored = np.asanyarray(dataobj.get_unscaled()).reshape((*volume, -1), order="F")
    zooms = (*image.header.get_zooms(), 1.0)[:3] if len(shape) == 2 else image.header.get_zooms()[:3]
    known = np.iinfo(kind) if kind.kind != "f" else None
    low, high = (-np.inf, np.inf) if known is None else (float(known.min), float(known.max))
    values = Values(kind.newbyteorder("="), low, high, nodata)
    return Volume(path, image, stored, through_axis(volume, zooms), values)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what nibabel raises on damaged bytes into one line.

    Raises:
        ImageError: in the place of those.
    """
    try:
        yield
    except ImageError:
        raise
    except (*_FAILURES, ImageFileError, HeaderDataError) as error:
        raise ImageError(f"{path}: damaged NIfTI file ({reason(error)}); replace it") from error
