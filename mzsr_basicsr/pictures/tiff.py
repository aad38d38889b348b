"""TIFF: one page of 8 or 16 bits or floats and any number of bands, with alpha where the file says so."""

from __future__ import annotations

import io
import logging
import math
from dataclasses import replace
from typing import BinaryIO

import numpy as np
import tifffile

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.exif import ICC_PROFILE, exif_of_tiff
from mzsr_basicsr.pictures.picture import Picture, check_size, clean_dpi, row_blocks
from mzsr_basicsr.pictures.tiff_chain import check_chain

_WHITE_IS_ZERO, GREY, RGB, _PALETTE, CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_MODES = {_WHITE_IS_ZERO: "L", GREY: "L", RGB: "RGB", _PALETTE: "RGB", CMYK: "CMYK", _YCBCR: "RGB"}
COLOURS = {"L": 1, "RGB": 3, "CMYK": 4}
_JPEG = 7
_PREMULTIPLIED, STRAIGHT = 1, 2
NODATA = 42113  # of GDAL: a number as text

# What tifffile complains about either raises or does no harm; without a handler Python would print it.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def read(stream: BinaryIO, name: str, max_pixels: int) -> Picture:
    """Read the only page of a TIFF file.

    Args:
        stream: open file.
        name: of the file, for messages.
        max_pixels: most pixels (of up to four bands) to decode.

    Returns:
        The picture; premultiplied alpha was made straight, palettes became RGB, 1 to 4 bits became 8.

    Raises:
        ImageError: several pages, too many pixels, missing data, or a kind of samples or colours that is not read.
        ValueError, TypeError, RuntimeError and others: the file is damaged.
    """
    check_chain(stream, name)
    stream.seek(0)
    with tifffile.TiffFile(stream) as file:
        page = _only_page(file, name)
        check_page(page, stream.seek(0, io.SEEK_END), max_pixels, name)
        picture = read_page(page, name)
    return replace(picture, exif=exif_of_tiff(stream))


def check_page(page: tifffile.TiffPage, size: int, max_pixels: int, name: str) -> None:
    """Refuse a page before its pixels are decoded.

    Args:
        page: of an open file.
        size: of the file, bytes.
        max_pixels: most pixels (of up to four bands) to decode.
        name: for messages.

    Raises:
        ImageError: too many pixels, missing data, or a kind of samples or colours that is not read.
    """
    _check_kind(page, name)
    check_size(page.imagewidth, page.imagelength, max_pixels, name, page.samplesperpixel)
    _check_segments(page, size, max_pixels, name)


def read_page(page: tifffile.TiffPage, name: str) -> Picture:
    """Decode a page that was checked; its picture has no EXIF data.

    Raises:
        ImageError: alpha that is not the last band.
        ValueError, TypeError, RuntimeError and others: the file is damaged.
    """
    mode = _check_kind(page, name)
    stored = page.asarray(squeeze=False)[:, 0]  # (planes, H, W, bands)
    pixels = _decode(page, stored[0] if len(stored) == 1 else np.moveaxis(stored[..., 0], 0, 2))
    icc = page.tags.valueof(ICC_PROFILE)
    alpha = _alpha(page, pixels.shape[2] - COLOURS[mode], name)
    if alpha == _PREMULTIPLIED:
        pixels = _straight(pixels)
    icc = icc if isinstance(icc, bytes) else None
    return Picture(pixels, bool(alpha), "TIFF", icc, None, _dpi(page), mode, nodata=_nodata(page))


def _only_page(file: tifffile.TiffFile, name: str) -> tifffile.TiffPage:
    pages = [page for page in file.pages if isinstance(page, tifffile.TiffPage) and not page.is_reduced]
    if not pages:
        raise ImageError(f"{name}: no page of full size; the TIFF file is damaged, replace it")
    if len(pages) > 1 or pages[0].imagedepth != 1:  # previews are reduced pages
        raise ImageError(f"{name}: {len(file.pages)} pages; a TIFF of one page is read: save each page as a file")
    return pages[0]


def _check_kind(page: tifffile.TiffPage, name: str) -> str:
    mode = _MODES.get(page.photometric, "")
    if page.photometric == _YCBCR and page.compression != _JPEG:
        mode = ""
    single = page.samplesperpixel == 1 and page.photometric in (_WHITE_IS_ZERO, GREY, _PALETTE)
    if not mode or (page.photometric == _PALETTE and not single) or page.samplesperpixel < (single or COLOURS[mode]):
        colours = getattr(page.photometric, "name", page.photometric)
        bands = page.samplesperpixel
        raise ImageError(f"{name}: colours of the kind {colours} in {bands} bands; save it as grey, RGB or CMYK")
    bits, kind = page.bitspersample, "" if page.dtype is None else page.dtype.kind
    whole = kind in ("b", "u") and bits in ((1, 2, 4, 8, 16) if single else (8, 16))
    if not whole and not (kind == "f" and bits in (16, 32, 64) and mode != "CMYK"):
        raise ImageError(f"{name}: samples of {bits} bits ({page.dtype}); allowed: unsigned 8 or 16 bits, or floats")
    if kind == "f" and page.photometric == _WHITE_IS_ZERO:
        raise ImageError(f"{name}: floats with 0 as white; save it with 0 as black")
    return mode


def _check_segments(page: tifffile.TiffPage, size: int, max_pixels: int, name: str) -> None:
    if page.is_tiled:  # decoded whole, also where they reach beyond the picture
        check_size(page.tilewidth, page.tilelength, max(max_pixels, 2**20), f"{name}: a tile", page.samplesperpixel)
    places = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    whole = all(count > 0 and start + count <= size for start, count in places)
    if not whole or len(places) < math.prod(page.chunked):
        raise ImageError(f"{name}: pixels are missing in the file; it is truncated or damaged, replace it")


def _decode(page: tifffile.TiffPage, pixels: np.ndarray) -> np.ndarray:
    bits = page.bitspersample
    if page.photometric == _PALETTE:
        palette = np.asarray(page.colormap) >> 8  # 16 bits that repeat or pad the 8 of the palette
        return np.ascontiguousarray(palette.T.astype(np.uint8)[pixels[..., 0].astype(np.intp)])
    if pixels.dtype.kind == "f":
        return np.ascontiguousarray(pixels, np.float64 if bits == 64 else np.float32)
    pixels = np.ascontiguousarray(pixels, np.uint16 if bits == 16 else np.uint8)
    if bits < 8:
        pixels *= 255 // (2**bits - 1)
    if page.photometric == _WHITE_IS_ZERO:
        pixels[..., 0] = np.iinfo(pixels.dtype).max - pixels[..., 0]
    return pixels


def _alpha(page: tifffile.TiffPage, extra: int, name: str) -> int:
    kinds = [int(kind) for kind in page.extrasamples] if len(page.extrasamples) == extra else []
    if any(kinds[:-1]):
        raise ImageError(f"{name}: alpha that is not the last of {page.samplesperpixel} bands; move it to the end")
    return kinds[-1] if kinds and kinds[-1] in (_PREMULTIPLIED, STRAIGHT) else 0


def _straight(pixels: np.ndarray) -> np.ndarray:
    straight = pixels.copy()
    top = 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)
    for rows in row_blocks(pixels):
        colours, alpha = pixels[rows][..., :-1].astype(np.float64), pixels[rows][..., -1:].astype(np.float64)
        colours = np.divide(colours * top, alpha, out=np.zeros_like(colours), where=alpha != 0)
        straight[rows][..., :-1] = colours if top == 1.0 else np.rint(colours).clip(0, top)
    return straight


def _nodata(page: tifffile.TiffPage) -> float | None:
    """Read the value of pixels without data, as the pixels are once they are decoded."""
    text = page.tags.valueof(NODATA)
    try:
        value = float(text.strip(" \0") if isinstance(text, str) else "")
    except ValueError:
        return None
    top = 2**page.bitspersample - 1
    if page.photometric == _PALETTE:  # of an index
        return None
    value = top - value if page.photometric == _WHITE_IS_ZERO else value
    return value * (255 // top) if page.bitspersample < 8 else value


def _dpi(page: tifffile.TiffPage) -> tuple[float, float] | None:
    unit = page.tags.valueof(296, 2)
    fractions = page.tags.valueof(282), page.tags.valueof(283)
    try:
        across, down = (over / under for over, under in fractions)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    scale = {2: 1.0, 3: 2.54}.get(unit)
    return scale and clean_dpi((across * scale, down * scale)) or None
