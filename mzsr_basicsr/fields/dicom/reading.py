"""A DICOM file opened and checked by its header; its frames are decoded one after the other."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.fields.dicom.checks import check_image
from mzsr_basicsr.fields.frames import Values
from mzsr_basicsr.pictures.picture import reason

PALETTE = "PALETTE COLOR"
_LATER = 2**20  # bytes; larger elements, such as the pixels, are read when they are asked for
# All that pydicom and its decoders raise on damaged bytes.
FAILURES = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    RuntimeError,
    ArithmeticError,
    MemoryError,
    struct.error,
    zlib.error,
    InvalidDicomError,
    BytesLengthException,
)


@dataclass(frozen=True, eq=False)
class Scan:
    """A DICOM file with pixels.

    Attributes:
        path: of the file.
        header: all elements but the pixels.
        frames: how many.
        values: what may be stored, of what the frames are decoded to.
        syntax: how the pixels are encoded.
    """

    path: Path
    header: Dataset
    frames: int
    values: Values
    syntax: UID

    @property
    def palette(self) -> bool:
        """Whether its pixels are numbers of colours."""
        return bool(self.header.PhotometricInterpretation == PALETTE)

    @property
    def bands(self) -> int:
        """Of a decoded frame."""
        return 3 if self.palette else int(self.header.SamplesPerPixel)

    def frame(self, index: int) -> np.ndarray:
        """Decode one frame: (H, W, C) stored values, RGB where it is of colours.

        Raises:
            ImageError: it cannot be decoded.
        """
        return next(self._decoded([index]))

    def all_frames(self) -> Iterator[np.ndarray]:
        """Decode frame after frame, as `frame` does."""
        count = 0
        for decoded in self._decoded(None):
            count += 1
            yield decoded
        if count != self.frames:
            raise ImageError(f"{self.path}: holds {count} frames of {self.frames}; it is damaged, replace it")

    def _decoded(self, indices: list[int] | None) -> Iterator[np.ndarray]:
        with reading(self.path):
            deflated = self.syntax == DeflatedExplicitVRLittleEndian
            source = dcmread(self.path) if deflated else self.path
            decoder = iter_pixels(source, indices=indices, allow_excess_frames=False)
        while True:
            with reading(self.path):
                pixels = next(decoder, None)
                bands = None if pixels is None else self._in_bands(pixels)
            if bands is None:
                return
            yield bands

    def _in_bands(self, pixels: np.ndarray) -> np.ndarray:
        if self.palette:
            colours = apply_color_lut(pixels, self.header)
            pixels = colours if colours.dtype == np.uint8 else (colours >> 8).astype(np.uint8)
        elif pixels.dtype != self.values.dtype:
            pixels = pixels.astype(self.values.dtype)
        return pixels if pixels.ndim == 3 else pixels[:, :, None]


def open_scan(path: Path) -> Scan:
    """Read the header of a DICOM file.

    Raises:
        ImageError: it is no DICOM file, damaged, a report, or of a kind that cannot be upscaled.
    """
    with reading(path):
        syntax = read_file_meta_info(path).get("TransferSyntaxUID")
        deflated = syntax == DeflatedExplicitVRLittleEndian
        header = dcmread(path, defer_size=None if deflated else _LATER)
        frames = check_image(header, path, syntax)
        for keyword in ("PixelData", "ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
            if keyword in header:
                del header[keyword]
        return Scan(path, header, frames, _values(header), UID(syntax))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what is raised on damaged bytes into one line.

    Raises:
        ImageError: in the place of those.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters raises
            yield
    except ImageError:
        raise
    except InvalidDicomError as error:
        raise ImageError(
            f"{path}: no DICOM file: there is no 'DICM' at byte 128; it may be damaged, encrypted or of another kind"
        ) from error
    except (ImportError, RuntimeError, NotImplementedError) as error:
        raise ImageError(_why_not_decoded(path, error)) from error
    except FAILURES as error:
        raise ImageError(f"{path}: damaged DICOM file ({reason(error)}); replace it") from error


def _why_not_decoded(path: Path, error: Exception) -> str:
    text = reason(error)
    if isinstance(error, NotImplementedError):
        return f"{path}: no decoder is known for its pixels ({text}); export it in another syntax"
    if "missing" in text:
        return (
            f"{path}: its compressed pixels need a decoder that is not here ({text}); "
            "run: pip install 'mzsr_basicsr[medical]', or export it without compression"
        )
    return f"{path}: its pixels cannot be decoded ({text}); it may be damaged, replace it"


def _values(header: Dataset) -> Values:
    if header.PhotometricInterpretation == PALETTE:
        return Values(np.dtype(np.uint8), 0, 255)
    signed, bits = int(header.PixelRepresentation) == 1, int(header.BitsStored)
    dtype = np.dtype(f"{'i' if signed else 'u'}{int(header.BitsAllocated) // 8}")
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    padding, limit = (_padding(header, f"PixelPadding{end}", signed) for end in ("Value", "RangeLimit"))
    return Values(dtype, low, high, padding, None if padding is None else limit)


def _padding(header: Dataset, keyword: str, signed: bool) -> float | None:
    """Read what stands for no data; some files write a negative value as an unsigned one."""
    value = header.get(keyword)
    if value is None or value == "" or int(header.SamplesPerPixel) > 1:
        return None
    return float(value) - (2**16 if signed and value >= 2**15 else 0)
