"""Writing a picture in the format of its file name: whole or not at all, and never with a silent loss of alpha."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from mzsr_basicsr.errors import ImageError, MZSRError
from mzsr_basicsr.files.whole import part_of
from mzsr_basicsr.pictures import jpeg_metadata, png, pnm
from mzsr_basicsr.pictures.fitting import HOLDS, fitted
from mzsr_basicsr.pictures.kinds import format_of
from mzsr_basicsr.pictures.picture import FAILURES, Picture, eight_bits, reason, upright


@dataclass(frozen=True)
class Format:
    """What a format is called by `Picture.format`, holds and is written by; `side` is its largest one in pixels."""

    kind: str
    write: Callable[[Picture, BinaryIO], None]
    depths: tuple[type, ...] = (np.uint8,)
    alpha: bool = False
    cmyk: bool = False
    bands: bool = False
    side: int = 2**31 - 1


def _write_tiff(picture: Picture, stream: BinaryIO) -> None:
    from mzsr_basicsr.pictures import tiff_writing  # brings tifffile

    tiff_writing.write(picture, stream)


def _write_jpeg(picture: Picture, stream: BinaryIO) -> None:
    exif = b"Exif\0\0" + picture.exif if picture.exif else b""
    extra = jpeg_metadata.segments_of(picture.extras)
    start = stream.tell()
    _save(picture, stream, "JPEG", quality=95, subsampling=0, exif=exif, extra=extra)
    if picture.extras.aspect and not picture.dpi:
        jpeg_metadata.write_aspect(stream, start, picture.extras.aspect)


def _write_webp(picture: Picture, stream: BinaryIO) -> None:
    lossy = picture.quantization > 0  # what was without loss stays so, under transparent pixels too
    quality = 95 if lossy else 0  # without loss it is the effort: more takes twice the time for a percent
    told = {"exif": picture.exif or b"", "xmp": picture.extras.xmp or b""}
    _save(picture, stream, "WEBP", lossless=not lossy, quality=quality, exact=True, **told)


def _write_bmp(picture: Picture, stream: BinaryIO) -> None:
    _save(picture, stream, "BMP")


def _save(picture: Picture, stream: BinaryIO, format: str, **options: object) -> None:
    from PIL import Image

    mode = {1: "L", 3: "RGB", 4: "CMYK"}[picture.colours] + "A" * picture.alpha
    height, width, _ = picture.pixels.shape
    image = Image.frombuffer(mode, (width, height), np.ascontiguousarray(picture.pixels), "raw", mode, 0, 1)
    if picture.dpi:
        options["dpi"] = picture.dpi
    if picture.icc:
        options["icc_profile"] = picture.icc
    made = io.BytesIO()  # to a file Pillow writes past Python, and loses the end of it without a word on a full disk
    image.save(made, format, **options)
    stream.write(made.getbuffer())


_ANY_DEPTH = (np.uint8, np.uint16, np.float32, np.float64)
FORMATS: Mapping[str, Format] = {
    "png": Format("PNG", png.write, (np.uint8, np.uint16), alpha=True),
    "jpg": Format("JPEG", _write_jpeg, cmyk=True, side=65500),
    "tif": Format("TIFF", _write_tiff, _ANY_DEPTH, alpha=True, cmyk=True, bands=True),
    "webp": Format("WEBP", _write_webp, alpha=True, side=16383),
    "bmp": Format("BMP", _write_bmp),
    "ppm": Format("PPM", pnm.write, (np.uint8, np.uint16)),
}  # by the names of `kinds.WRITTEN`


def encode(picture: Picture, format: str) -> bytes:
    """Make the bytes of a picture file, for the standard output.

    Args:
        picture: the pixels and metadata; 16 bits are rounded to 8 where the format has no more.
        format: key of `FORMATS`.

    Raises:
        ImageError: the format is unknown or cannot hold the picture.
    """
    if format not in FORMATS:
        raise ImageError(f"{format}: unknown picture format; allowed: {', '.join(FORMATS)}")
    prepared = prepare(picture, format, f"{format} output")
    stream = io.BytesIO()
    try:
        FORMATS[format].write(prepared, stream)
    except FAILURES as error:
        raise ImageError(f"{format} output: cannot be written ({reason(error)}); try png or tif") from error
    return stream.getvalue()


def write_picture(picture: Picture, path: Path, then: Callable[[], object] = lambda: None) -> tuple[str, ...]:
    """Write a picture file; it appears whole or not at all, and an old file stays until then.

    Depth, alpha, and what is said about the picture are kept where the format holds them. JPEG: quality 95, 4:4:4.
    WebP: without loss, but quality 95 for pictures from JPEG files. TIFF: deflated. A picture that changes its format
    is turned upright: programs that heed the EXIF orientation in one format ignore it in another.

    Args:
        picture: the pixels and metadata.
        path: file whose ending names the format; its folder exists.
        then: called when all is written, before the file appears; if it raises, the file does not.

    Returns:
        What was left out, in words, of the file that was read too.

    Raises:
        ImageError: the ending is unknown, the format cannot hold the picture, or the file cannot be written.
    """
    format = format_of(path)
    if os.path.lexists(path) and not path.is_file():  # such as a folder or a device, which replacing would remove
        raise ImageError(f"{path}: exists and is not a file; name another")
    prepared = prepare(picture, format, str(path))
    try:
        write_whole(path, lambda stream: FORMATS[format].write(prepared, stream), then)
    except MZSRError:
        raise
    except FAILURES as error:
        raise ImageError(f"{path}: cannot be written ({reason(error)}); check the folder and its free space") from error
    return prepared.extras.left_out


def turned_for(picture: Picture, path: Path) -> Picture:
    """Turn a picture upright if its format will change, as `write_picture` does, or give it as it is.

    Raises:
        ImageError: the ending is of no format.
    """
    return _turned(picture, FORMATS[format_of(path)])


def _turned(picture: Picture, known: Format) -> Picture:
    return picture if picture.format == known.kind and "exif" in HOLDS[known.kind] else upright(picture)


def write_whole(path: Path, write: Callable[[BinaryIO], None], then: Callable[[], object] = lambda: None) -> None:
    """Write a file that appears whole or not at all, after `then` was called, or raise OSError."""
    with part_of(path) as part:
        with part.open("r+b") as stream:
            write(stream)
        then()


def prepare(picture: Picture, format: str, where: str) -> Picture:
    """Make a picture as a format holds it: turned, with its depth, and with what it holds of what is said about it.

    Args:
        picture: any.
        format: key of `FORMATS`.
        where: of the file, for messages.

    Raises:
        ImageError: the format cannot hold the picture.
    """
    known = FORMATS[format]
    picture = _turned(picture, known)
    _check(picture, format, where)
    pixels = picture.pixels if picture.pixels.dtype.type in known.depths else eight_bits(picture.pixels)
    return fitted(replace(picture, pixels=pixels), known.kind)


def _check(picture: Picture, format: str, where: str) -> None:
    known, pixels, colours = FORMATS[format], picture.pixels, picture.colours
    height, width, _ = pixels.shape
    problem = ""
    if pixels.dtype.type not in (*known.depths, np.uint8, np.uint16):
        problem = f"holds no {pixels.dtype} pixels; allowed: {_allowing(lambda f: pixels.dtype.type in f.depths)}"
    elif picture.alpha and not known.alpha:
        problem = f"holds no alpha; allowed: {_allowing(lambda f: f.alpha)}; or remove the alpha"
    elif picture.mode == "CMYK" and colours == 4 and not known.cmyk:
        problem = f"holds no CMYK; allowed: {_allowing(lambda f: f.cmyk)}; or convert it to RGB"
    elif colours not in (1, 3) and not known.bands and not (picture.mode == "CMYK" and colours == 4):
        problem = f"holds no {colours} bands of colour; allowed: {_allowing(lambda f: f.bands)}"
    elif max(width, height) > known.side:
        problem = f"holds at most {known.side} pixels a side, not {width}x{height}; allowed: png, tif"
    if problem:
        raise ImageError(f"{where}: {format} {problem}")


def _allowing(holds: Callable[[Format], bool]) -> str:
    return ", ".join(key for key, known in FORMATS.items() if holds(known))
