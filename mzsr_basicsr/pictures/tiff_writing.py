"""TIFF as it is written: pages without loss, with no-data and with what is said about the picture."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, Literal

import tifffile

from mzsr_basicsr.pictures.exif import ICC_PROFILE, Field, add_fields, describing, layout_of
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.tiff import CMYK, COLOURS, GREY, NODATA, RGB, STRAIGHT
from mzsr_basicsr.pictures.tiff_metadata import fields_of, is_described

BIGGEST_CLASSIC = 2**32 - 2**25  # bytes of pixels; beyond, offsets of 32 bits may not reach the end


def write(picture: Picture, stream: BinaryIO) -> None:
    """Write one page, compressed without loss, with no-data and with what is said about the picture.

    Args:
        picture: uint8, uint16, float32 or float64 pixels of any number of bands.
        stream: empty, seekable and readable.
    """
    exif = io.BytesIO(picture.exif or b"")
    fields = describing(exif)
    order: Literal["<", ">"] = layout_of(exif)[0].order if fields else "<"  # fields are copied byte for byte
    with tifffile.TiffWriter(stream, bigtiff=picture.pixels.nbytes > BIGGEST_CLASSIC, byteorder=order) as file:
        shape = picture.dpi or picture.extras.aspect
        unit = ("inch" if picture.dpi else "none") if shape else None
        write_page(file, picture, resolution=shape, resolutionunit=unit)
    icc = [Field(ICC_PROFILE, 7, picture.icc)] if picture.icc else []
    nodata = [] if picture.nodata is None else [Field(NODATA, 2, b"%s\0" % f"{picture.nodata:.17g}".encode())]
    told = fields_of(picture.extras, is_described(fields))
    if icc or fields or nodata or told:
        add_fields(stream, [*fields, *told, *icc, *nodata])


def write_page(file: tifffile.TiffWriter, picture: Picture, **more: Any) -> None:
    """Add a page, compressed without loss; `more` says what `TiffWriter.write` is to be told beside the pixels."""
    mode = picture.mode
    if picture.colours < COLOURS.get(mode, 99):  # none is given, or the pixels were converted since
        mode = "RGB" if picture.colours == 3 else "L"
    pixels = picture.pixels if picture.pixels.shape[2] > 1 else picture.pixels[..., 0]
    file.write(
        pixels,
        photometric={"L": GREY, "RGB": RGB, "CMYK": CMYK}[mode],
        planarconfig="contig" if pixels.ndim == 3 else None,
        extrasamples=[0] * (picture.colours - COLOURS[mode]) + [STRAIGHT] * picture.alpha,
        compression="adobe_deflate",
        compressionargs={"level": 3},
        predictor=True,
        metadata=None,
        software=False,
        **more,
    )
