"""PNG files of 8 and 16 bits, written row by row."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from mzsr_basicsr.pictures.picture import Picture, row_blocks
from mzsr_basicsr.pictures.png_metadata import chunks_of
from mzsr_basicsr.pictures.png_reading import SIGNATURE

_COLOUR_TYPES = {(1, False): 0, (3, False): 2, (1, True): 4, (3, True): 6}  # bands of colour, alpha
_UP = 2  # the filter that stores the difference to the row above: fast in NumPy, and as small as the adaptive choice


def write(picture: Picture, stream: BinaryIO) -> None:
    """Write 8 or 16 bits of grey or RGB, with or without alpha, and what is said about the picture.

    Args:
        picture: uint8 or uint16 pixels with one or three bands of colour.
        stream: written from where it stands, in order.
    """
    height, width, bands = picture.pixels.shape
    sixteen = picture.pixels.dtype == np.uint16
    colour_type = _COLOUR_TYPES[bands - picture.alpha, picture.alpha]
    stream.write(SIGNATURE)
    _write_chunk(stream, b"IHDR", struct.pack(">IIBBBBB", width, height, 16 if sixteen else 8, colour_type, 0, 0, 0))
    if picture.icc:
        _write_chunk(stream, b"iCCP", b"ICC profile\0\0" + zlib.compress(picture.icc))
    if picture.dpi:
        across, down = (round(dots / 0.0254) for dots in picture.dpi)
        _write_chunk(stream, b"pHYs", struct.pack(">IIB", across, down, 1))
    if picture.exif:
        _write_chunk(stream, b"eXIf", picture.exif)
    for kind, content in chunks_of(picture.extras, picture.colours):
        _write_chunk(stream, kind, content)
    # Run lengths alone compress the noisy low bytes of 16 bits as well as a full search does, in a third of the time.
    strategy = zlib.Z_RLE if sixteen else zlib.Z_DEFAULT_STRATEGY
    packer = zlib.compressobj(2, zlib.DEFLATED, zlib.MAX_WBITS, 9, strategy)
    for rows in _filtered(picture.pixels):
        _write_chunk(stream, b"IDAT", packer.compress(rows))
    _write_chunk(stream, b"IDAT", packer.flush())
    stream.write(struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND")))


def _filtered(pixels: np.ndarray) -> Iterator[bytes]:
    above: np.ndarray | int = 0
    for block in row_blocks(pixels):
        part = pixels[block]
        rows = np.ascontiguousarray(part, ">u2" if part.dtype == np.uint16 else np.uint8)
        rows = rows.view(np.uint8).reshape(len(part), -1)
        filtered = np.full((rows.shape[0], rows.shape[1] + 1), _UP, np.uint8)
        filtered[0, 1:] = rows[0] - above  # bytes wrap around, as PNG wants it
        np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
        above = rows[-1]
        yield filtered.tobytes()


def _write_chunk(stream: BinaryIO, kind: bytes, content: bytes) -> None:
    if content:
        stream.write(struct.pack(">I4s", len(content), kind))
        stream.write(content)
        stream.write(struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))))
