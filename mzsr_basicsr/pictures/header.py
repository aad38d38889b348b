"""What a picture file says of itself in its first bytes, so that what cannot be written is refused before any work."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures import modern, png_reading, pnm
from mzsr_basicsr.pictures.kinds import format_of
from mzsr_basicsr.pictures.picture import FAILURES, Picture
from mzsr_basicsr.pictures.reading import _MODES, _PILLOW, _open_image
from mzsr_basicsr.pictures.writing import FORMATS, _check


def check_fits(source: Path, target: Path, scale: float) -> None:
    """Refuse a result that its format could not hold, by its source's header; a damaged one is met when read.

    Args:
        source: picture file.
        target: file that will be written.
        scale: result over source, for the sides.

    Raises:
        ImageError: one line.
    """
    header = read_header(source)
    if header is not None:
        check_can_hold(enlarged(header, scale), format_of(target), str(target))


def check_can_hold(picture: Picture, format: str, where: str) -> None:
    """Refuse a picture whose format cannot hold it; of its pixels only their shape and type matter, see `hollow`.

    Raises:
        ImageError: one line.
    """
    _check(picture, format, where)


def depth_notice(picture: Picture, format: str) -> str | None:
    """Say that a format has fewer bits than a picture; None where it has as many."""
    if picture.pixels.dtype.type in FORMATS[format].depths:
        return None
    return f"16 bits are rounded to 8, as {format} holds no more; png and tif do"


def enlarged(picture: Picture, scale: float) -> Picture:
    """Give a picture the size of its result, ceil(scale * H) and ceil(scale * W) px, without making pixels."""
    height, width, bands = picture.pixels.shape
    return replace(picture, pixels=hollow((math.ceil(scale * height), math.ceil(scale * width), bands), picture.pixels))


def hollow(shape: tuple[int, int, int], like: np.ndarray | np.dtype) -> np.ndarray:
    """Make pixels (H, W, C) of a type that take no memory: all are one zero."""
    dtype = like.dtype if isinstance(like, np.ndarray) else like
    return np.broadcast_to(np.zeros(1, dtype), shape)


def read_header(path: Path) -> Picture | None:
    """Read size, bands, alpha and depth of a picture file; its pixels are hollow, and metadata are left out.

    Returns:
        None: it is no file of a kind whose header is read, or it is damaged.
    """
    try:
        if not path.is_file():  # a pipe can be read only once
            return None
        with warnings.catch_warnings(), path.open("rb") as stream:
            warnings.simplefilter("ignore")
            return _header(stream, str(path))
    except (ImageError, *FAILURES):
        return None


def _header(stream: BinaryIO, name: str) -> Picture | None:
    head = stream.read(32)
    stream.seek(0)
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        from mzsr_basicsr.pictures import tiff  # brings tifffile

        mode, alpha, dtype, (height, width, bands) = tiff.read_header(stream, name)
        return Picture(hollow((height, width, bands), dtype), alpha, "TIFF", mode=mode)
    if head[:1] == b"P" and head[1:2] in b"123456":
        return _anymap(stream)
    magic = next((m for m in _PILLOW if head.startswith(m) and (m != b"RIFF" or head[8:12] == b"WEBP")), None)
    kind = _PILLOW[magic] if magic else modern.kind_of(head)
    if kind is None:
        return None
    image = _open_image(kind, stream)
    mode = {"I;16": "L"}.get(image.mode) or _MODES[image.mode][image.has_transparency_data]
    deep = kind == "Png" and png_reading.is_16_bit(head)
    if deep:
        mode = {0: "L", 2: "RGB", 4: "LA", 6: "RGBA"}[head[25]]
        mode += "A" if "transparency" in image.info and mode in ("L", "RGB") else ""
    width, height = image.size
    pixels = hollow((height, width, len(mode)), np.dtype(np.uint16 if deep else np.uint8))
    alpha = mode in ("LA", "RGBA")
    return Picture(pixels, alpha, image.format or "PNG", mode=mode.removesuffix("A") if alpha else mode)


def _anymap(stream: BinaryIO) -> Picture:
    kind = stream.read(2)[1:]
    width, height = pnm._number(stream), pnm._number(stream)
    top = 1 if kind in b"14" else pnm._number(stream)
    bands = 3 if kind in b"36" else 1
    pixels = hollow((height, width, bands), np.dtype(np.uint8 if top < 256 else np.uint16))
    return Picture(pixels, format="PPM", mode="RGB" if bands == 3 else "L")
