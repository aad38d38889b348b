"""Files that Pillow decodes, split into pixels and what is said about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO, NamedTuple

from mzsr_basicsr.pictures import jpeg, jpeg_metadata, png_metadata, png_reading, webp, xmp
from mzsr_basicsr.pictures.exif_edit import dots_per_inch, fields_of
from mzsr_basicsr.pictures.metadata import COMMENT, Metadata, Text, decoded


class Told(NamedTuple):
    """A file that is split.

    Attributes:
        pixels: a file of what is needed for the pixels; None for the file itself.
        metadata: see `Picture.extras`.
        icc: ICC profile.
        exif: EXIF data from their TIFF header on.
        dpi: dots per inch, as the file gives them.
        animated: whether it is told to be of several pictures.
        check: refuses pixels that are missing, given width and height; None where nothing speaks for that.
    """

    pixels: bytes | None = None
    metadata: Metadata = Metadata()
    icc: bytes | None = None
    exif: bytes | None = None
    dpi: object = None
    animated: bool = False
    check: Callable[[int, int], None] | None = None


def split(kind: str, stream: BinaryIO, head: bytes) -> Told:
    """Split a file of a kind of Pillow's into what holds pixels and what it says.

    Args:
        kind: "Png", "Jpeg", "WebP" or another.
        stream: from its start.
        head: its first 32 bytes.

    Raises:
        ValueError, struct.error: pixels are missing.
    """
    if kind == "Png":
        chunks = png_reading.taken_apart(stream.read())
        said = png_metadata.metadata_of(chunks, head)
        check = partial(png_reading.check_pixels, chunks.doubted) if chunks.doubted else None
        animated = png_reading.is_animation(chunks)
        return Told(chunks.pixels, said.metadata, said.icc, said.exif, said.dpi, animated, check)
    if kind == "Jpeg":
        parts = jpeg.taken_apart(stream.read())
        ended = None if parts.ended else lambda width, height: jpeg.check_complete(parts.pixels)
        return Told(parts.pixels + jpeg.END * (not parts.ended), *jpeg_metadata.metadata_of(parts), check=ended)
    if kind == "WebP":
        return Told(*webp.taken_apart(stream.read()))
    return Told()


def with_pillows(told: Told, info: Mapping[Any, Any]) -> Told:
    """Add what Pillow reads by itself: the density of JPEG and BMP; of kinds that are not split, all."""
    metadata, dpi = told.metadata, told.dpi or info.get("dpi")
    density = info.get("jfif_density")
    if info.get("jfif_unit") == 0 and density and 0 not in density and density[0] != density[1]:
        metadata = replace(metadata, aspect=density)
    if told.pixels is None:
        texts = (Text(COMMENT, decoded(info["comment"])),) if isinstance(info.get("comment"), bytes) else ()
        packet = info.get("xmp")
        metadata = replace(metadata, texts=texts, xmp=packet if isinstance(packet, bytes) else None)
        told = told._replace(icc=info.get("icc_profile"), exif=info.get("exif"))
    return told._replace(metadata=metadata, dpi=dpi)


def judged(told: Told) -> Told:
    """Bring EXIF data into their form, take the resolution from there if it is nowhere else, and judge the XMP."""
    metadata, exif = told.metadata, (told.exif or b"").removeprefix(jpeg_metadata.EXIF) or None
    if exif and fields_of(exif) is None:
        metadata = replace(metadata, faults=(*metadata.faults, "its EXIF data, which are kept as they are"))
    return told._replace(
        metadata=readable(metadata),
        icc=told.icc or None,
        exif=exif,
        dpi=told.dpi or dots_per_inch(exif),
    )


def readable(metadata: Metadata) -> Metadata:
    """Leave out XMP that is no text, whose numbers would stay at the old sizes."""
    if metadata.xmp is None:
        return metadata
    packet = xmp.readable(metadata.xmp)
    told = replace(metadata, xmp=packet)
    return told if packet else told.without("its XMP, which is no text")
