"""PPM, PGM and PBM: all six kinds are read, in 8 and 16 bits; the two binary ones of whole samples are written."""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.picture import Picture, check_size, row_blocks

_BITS, _COLOUR, _PLAIN = b"14", b"36", b"123"


def read(stream: BinaryIO, name: str, max_pixels: int) -> Picture:
    """Read one portable anymap.

    Args:
        stream: open file, from its start.
        name: of the file, for messages.
        max_pixels: most pixels to decode.

    Returns:
        Grey or RGB, uint8 for maxima up to 255 and else uint16, stretched to the whole range where the maximum of the
        file is another one.

    Raises:
        ImageError: too many pixels, samples above the maximum, or a file that ends too early.
        ValueError: other damage.
    """
    kind = stream.read(2)[1:]
    width, height = _number(stream), _number(stream)
    top = 1 if kind in _BITS else _number(stream)
    if not 0 < top < 2**16:
        raise ImageError(f"{name}: largest value {top}; allowed: 1 to 65535")
    check_size(width, height, max_pixels, name)
    shape = (height, width, 3 if kind in _COLOUR else 1)
    if kind in _PLAIN:
        samples = _plain(stream.read(), shape, kind in _BITS)
    elif kind in _BITS:
        packed = _binary(stream, (height, (width + 7) // 8), np.dtype(np.uint8))
        samples = np.unpackbits(packed, axis=1, count=width)[:, :, None]
    else:
        samples = _binary(stream, shape, np.dtype(np.uint8 if top < 256 else ">u2"))
    if samples.max() > top:
        raise ImageError(f"{name}: a sample of {samples.max()} above the largest value {top}; the file is damaged")
    pixels = _stretch(1 - samples if kind in _BITS else samples, top)  # a bit of 1 is black
    return Picture(pixels, format="PPM", mode="RGB" if kind in _COLOUR else "L")


def _number(stream: BinaryIO) -> int:
    text, comment = b"", False
    while len(text) < 10:
        letter = stream.read(1)
        comment = letter == b"#" or (comment and letter not in (b"\n", b"\r", b""))
        if comment:
            continue
        if text and (not letter or letter.isspace()):
            return int(text)
        if not letter.isdigit() and not letter.isspace():
            break
        text += letter.strip()
    raise ValueError("a number is missing in the header")


def _binary(stream: BinaryIO, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    samples = np.empty(shape, dtype)
    view = memoryview(samples.reshape(-1).view(np.uint8).data)
    filled = 0
    while filled < len(view):
        content = stream.read(min(2**24, len(view) - filled))
        if not content:
            raise ValueError("the file ends too early")
        view[filled : filled + len(content)] = content
        filled += len(content)
    return samples


def _plain(content: bytes, shape: tuple[int, int, int], bits: bool) -> np.ndarray:
    content = re.sub(rb"#[^\r\n]*", b"", content)
    wanted = shape[0] * shape[1] * shape[2]
    words = re.findall(rb"[01]" if bits else rb"\d+", content)[:wanted]  # bits may stand without spaces between them
    if len(words) < wanted:
        raise ValueError("the file ends too early")
    return np.array([int(word) for word in words], dtype=np.int64).reshape(shape)


def _stretch(samples: np.ndarray, top: int) -> np.ndarray:
    depth, full = (np.uint8, 255) if top < 256 else (np.uint16, 65535)
    if top != full:
        samples = (samples.astype(np.int64) * (2 * full) + top) // (2 * top)
    return samples.astype(depth, copy=False)


def write(picture: Picture, stream: BinaryIO) -> None:
    """Write binary PGM (one band) or PPM (three bands) of 8 or 16 bits, which hold neither metadata nor alpha.

    Args:
        picture: uint8 or uint16 pixels.
        stream: written from where it stands, in order.
    """
    height, width, bands = picture.pixels.shape
    top = np.iinfo(picture.pixels.dtype).max
    stream.write(b"P%d\n%d %d\n%d\n" % (6 if bands == 3 else 5, width, height, top))
    for rows in row_blocks(picture.pixels):
        stream.write(picture.pixels[rows].astype(">u2" if top > 255 else np.uint8).tobytes())
