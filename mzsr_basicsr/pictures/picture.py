"""A picture in memory with what its file said about it, and the checks that reading and writing share."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace

import numpy as np

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures import photoshop, xmp
from mzsr_basicsr.pictures.exif import ORIENTATION
from mzsr_basicsr.pictures.exif_edit import get_number, turned
from mzsr_basicsr.pictures.metadata import Metadata

# Everything that Pillow, tifffile, imagecodecs and zlib raise on damaged bytes, a full disk or too little memory. Their
# own errors are among the subclasses; ImportError stands for a codec that this build of imagecodecs lacks.
FAILURES = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    struct.error,
    zlib.error,
    MemoryError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,
    SystemError,
    ImportError,
)


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture as its file stores it: the EXIF orientation is not applied to the pixels.

    Attributes:
        pixels: (H, W, C) uint8 in 0..255, uint16 in 0..65535, or float32 or float64 of any value, NaN too; the bands
            are RGB, grey, CMYK or others in the order of the file, then alpha if `alpha`.
        alpha: whether the last band is straight (unassociated) alpha.
        format: kind of the file it came from: PNG JPEG TIFF WEBP BMP PPM GIF.
        icc: ICC profile, byte for byte.
        exif: EXIF data, byte for byte from its TIFF header on (without the leading "Exif" of JPEG files).
        dpi: dots per inch, horizontal and vertical.
        nodata: the value of pixels without data, as GDAL declares it in TIFF files; None for none but NaN.
        quantization: mean step of a JPEG file's first table, levels of 0 to 255; 0 for files without loss.
        mode: what the first bands are: "L" (grey or plain bands), "RGB" or "CMYK"; "" stands for RGB where there are
            three bands of colour, else for L.
        extras: what else the file says.
    """

    pixels: np.ndarray
    alpha: bool = False
    format: str = "PNG"
    icc: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    mode: str = ""
    quantization: float = 0.0
    nodata: float | None = None
    extras: Metadata = Metadata()

    @property
    def colours(self) -> int:
        """Number of bands without alpha."""
        return int(self.pixels.shape[2]) - self.alpha


def upright(picture: Picture) -> Picture:
    """Turn the pixels as the EXIF orientation says, and set that orientation to 1 ("as stored").

    Args:
        picture: any picture; one without an orientation comes back unchanged.

    Returns:
        The turned picture; its (H, W, C) pixels may be a view of the given ones.
    """
    orientation = get_number(picture.exif, ORIENTATION)
    if picture.exif is None or orientation is None or not 2 <= orientation <= 8:
        return picture
    transposed, turn = divmod(orientation - 1, 4)  # 5..8 are 1..4 after swapping rows and columns
    pixels = picture.pixels.swapaxes(0, 1) if transposed else picture.pixels
    pixels = pixels[:: -1 if turn in (2, 3) else 1, :: -1 if turn in (1, 2) else 1]
    dpi = picture.dpi[::-1] if picture.dpi and transposed else picture.dpi
    exif = turned(picture.exif, orientation, *picture.pixels.shape[1::-1])
    return replace(picture, pixels=pixels, dpi=dpi, exif=exif, extras=_turned(picture.extras, transposed > 0))


def _turned(told: Metadata, transposed: bool) -> Metadata:
    """Leave out what says where something lies in the picture, and does not lie there any more."""
    packet, regions = (None, False) if told.xmp is None else xmp.turned(told.xmp)
    kept = photoshop.without_paths(told.photoshop)
    aspect = told.aspect[::-1] if told.aspect and transposed else told.aspect
    left_out = ["regions in its XMP, as it is turned upright"] if regions else []
    left_out += ["its Photoshop paths, as it is turned upright"] if kept != told.photoshop else []
    return replace(told, xmp=packet, photoshop=kept, aspect=aspect).without(*left_out)


def eight_bits(pixels: np.ndarray) -> np.ndarray:
    """Round 16 bits to 8: (H, W, C) uint16 in 0..65535 to uint8 in 0..255, the nearest of value / 257."""
    if pixels.dtype == np.uint8:
        return pixels
    rounded = np.empty(pixels.shape, np.uint8)
    for rows in row_blocks(pixels):  # a copy of everything at 32 bits would double the memory
        rounded[rows] = (pixels[rows].astype(np.uint32) + 128) // 257
    return rounded


def row_blocks(pixels: np.ndarray, size: int = 2**22) -> list[slice]:
    """Cut (H, W, C) pixels into slices of whole rows of about `size` bytes."""
    step = max(1, size // max(1, pixels[0].nbytes))
    return [slice(top, top + step) for top in range(0, pixels.shape[0], step)]


def check_size(width: int, height: int, max_pixels: int, name: str, bands: int = 4) -> None:
    """Refuse a picture by its header, before its pixels are decoded.

    Args:
        width: in pixels.
        height: in pixels.
        max_pixels: most pixels of up to four bands; with more bands, so many fewer pixels.
        name: of the file, for the message.
        bands: per pixel.

    Raises:
        ImageError: more than `max_pixels`, or none.
    """
    if width < 1 or height < 1 or bands < 1:
        raise ImageError(f"{name}: {width}x{height} pixels of {bands} bands; a picture has at least one of each")
    if width * height * max(bands, 4) > max_pixels * 4:
        extra = f" of {bands} bands" if bands > 4 else ""
        raise ImageError(
            f"{name}: {width}x{height} is {width * height} pixels{extra}, more than {max_pixels * 4 // max(bands, 4)}; "
            "cut it into smaller pictures"
        )


def clean_dpi(value: object) -> tuple[float, float] | None:
    """Take a pair of dots per inch as a file gives it; None where that says nothing a file could hold."""
    try:
        across, down = (float(number) for number in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ArithmeticError):
        return None
    return (across, down) if 0 < across < 2**16 - 1 and 0 < down < 2**16 - 1 else None


def reason(error: BaseException) -> str:
    """Say in one line of printable characters why something failed."""
    text = str(getattr(error, "strerror", None) or error).partition("Traceback (most recent call last)")[0]  # pydicom's
    return printable(text)[:200] or type(error).__name__


def printable(text: str) -> str:
    """Make one line of printable characters of a text from a file."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
