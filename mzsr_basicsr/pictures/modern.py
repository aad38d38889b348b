"""AVIF and JPEG 2000: by Pillow, and where they have more than 8 bits, which it would cut off, by imagecodecs."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.picture import Picture, check_size, clean_dpi

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_CODESTREAM = b"\xff\x4f\xff\x51"  # ISO/IEC 15444-1, A.5.1: start of codestream, image and tile size
_BOX = b"\0\0\0\x0cjP  \r\n\x87\n"
_SIZES = 40  # bytes from the mark of the sizes to the first component's depth
_AVIF_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def kind_of(head: bytes) -> str | None:
    """Name Pillow's plugin for a file by its first 32 bytes; None for other kinds."""
    if head.startswith((_CODESTREAM, _BOX)):
        return "Jpeg2K"
    brands = [head[at : at + 4] for at in range(8, len(head) - 3, 4)]  # the major one, a version, the compatible ones
    return "Avif" if head[4:8] == b"ftyp" and (b"avif" in brands or b"avis" in brands) else None


def read_deep(image: ImageFile, stream: BinaryIO, name: str, max_pixels: int) -> Picture | None:
    """Read a picture of more than 8 bits as 16; None for one that Pillow reads as it is.

    Args:
        image: as Pillow has opened it.
        stream: open file.
        name: of the file, for messages.
        max_pixels: most pixels to decode.

    Raises:
        ImageError: too many pixels, or samples that are not read.
        ValueError and others: the file is damaged.
    """
    check_size(*image.size, max_pixels, name)
    stream.seek(0)
    content = stream.read()
    bits = depth_of(content)
    if bits <= 8 or getattr(image, "is_animated", False):
        return None
    if bits > 16:
        raise ImageError(f"{name}: samples of more than 16 bits, or signed ones; allowed: unsigned, of up to 16 bits")
    import imagecodecs

    decode = imagecodecs.avif_decode if image.format == "AVIF" else imagecodecs.jpeg2k_decode
    pixels = np.atleast_3d(decode(content))
    mode = {"I;16": "L"}.get(image.mode, image.mode)
    if image.format == "AVIF":
        mode = _AVIF_MODES[pixels.shape[2]]
    if len(mode) != pixels.shape[2]:
        raise ImageError(f"{name}: {pixels.shape[2]} bands of the mode {image.mode}; save it as grey or RGB")
    if bits < 16:
        top = 2**bits - 1
        pixels = ((pixels.astype(np.uint32) * (2 * 65535) + top) // (2 * top)).astype(np.uint16)
    exif = image.info.get("exif")
    exif = exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) else None
    icc, dpi = image.info.get("icc_profile") or None, clean_dpi(image.info.get("dpi"))
    return Picture(
        np.ascontiguousarray(pixels),
        mode.endswith("A"),
        image.format or "",
        icc,
        exif or None,
        dpi,
        mode.removesuffix("A"),
    )


def depth_of(content: bytes) -> int:
    """Read the bits of a sample from a file; 17 stands for what is not read.

    Raises:
        ValueError, IndexError, struct.error: it is damaged.
    """
    start = content.find(_CODESTREAM)
    if start >= 0 and kind_of(content[:32]) == "Jpeg2K":
        (depth,) = struct.unpack_from("B", content, start + 2 + _SIZES)
        return 17 if depth >> 7 else (depth & 127) + 1
    flags = content[content.index(b"av1C") + 6]  # AV1-ISOBMFF, 2.3: high_bitdepth, twelve_bit
    return (12 if flags >> 5 & 1 else 10) if flags >> 6 & 1 else 8
