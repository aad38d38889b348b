"""PNG: the pixels of 16-bit files are read here, and files of 8 and 16 bits are written row by row."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from mzsr_basicsr.pictures.picture import Picture, row_blocks

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {(1, False): 0, (3, False): 2, (1, True): 4, (3, True): 6}  # bands of colour, alpha
_UP = 2  # the filter that stores the difference to the row above: fast in NumPy, and as small as the adaptive choice


def is_16_bit(head: bytes) -> bool:
    """Tell from the first 25 bytes of a PNG file whether it has 16 bits, which Pillow would cut to 8."""
    return head[24:25] == b"\x10"


def read_16_bit(stream: BinaryIO) -> tuple[np.ndarray, bytes | None]:
    """Decode a 16-bit PNG file.

    Args:
        stream: open file, from its start.

    Returns:
        (H, W, C) uint16 grey or RGB, with an alpha band where the file has alpha or a transparent colour; and the EXIF
        block, or None.

    Raises:
        ValueError, struct.error, RuntimeError: the file is damaged.
    """
    import imagecodecs  # few pictures have 16 bits

    kept: list[bytes | memoryview] = [_SIGNATURE]
    exif = None
    for kind, chunk in _chunks(stream.read()):
        if kind == b"eXIf":
            exif = bytes(chunk[8:-4])
        elif kind in (b"IHDR", b"tRNS", b"IDAT", b"IEND"):  # libpng prints complaints about the others to stderr
            kept.append(chunk)
    pixels = imagecodecs.png_decode(b"".join(kept))
    return (pixels if pixels.ndim == 3 else pixels[:, :, None]), exif


def _chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    position, view = len(_SIGNATURE), memoryview(content)
    while position < len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + length + 12
        if end > len(content):
            raise ValueError("the file ends too early")
        yield kind, view[position:end]
        position = end


def write(picture: Picture, stream: BinaryIO) -> None:
    """Write 8 or 16 bits of grey or RGB, with or without alpha, and ICC profile, EXIF and dots per inch.

    Args:
        picture: uint8 or uint16 pixels with one or three bands of colour.
        stream: written from where it stands, in order.
    """
    height, width, bands = picture.pixels.shape
    sixteen = picture.pixels.dtype == np.uint16
    colour_type = _COLOUR_TYPES[bands - picture.alpha, picture.alpha]
    stream.write(_SIGNATURE)
    _write_chunk(stream, b"IHDR", struct.pack(">IIBBBBB", width, height, 16 if sixteen else 8, colour_type, 0, 0, 0))
    if picture.icc:
        _write_chunk(stream, b"iCCP", b"ICC profile\0\0" + zlib.compress(picture.icc))
    if picture.dpi:
        across, down = (round(dots / 0.0254) for dots in picture.dpi)
        _write_chunk(stream, b"pHYs", struct.pack(">IIB", across, down, 1))
    if picture.exif:
        _write_chunk(stream, b"eXIf", picture.exif)
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
