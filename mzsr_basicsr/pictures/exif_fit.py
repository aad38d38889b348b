"""The thumbnail of an EXIF block made anew, and blocks made shorter for formats that hold little."""

from __future__ import annotations

import io

import numpy as np

from mzsr_basicsr.pictures.exif import DAMAGE, Field, Layout, layout_of, pack_directory, read_fields
from mzsr_basicsr.pictures.exif_edit import THUMBNAIL, changed, fields_of, get_number, number
from mzsr_basicsr.pictures.picture import Picture, eight_bits

_START, _LENGTH = 513, 514  # of the thumbnail's JPEG file, bytes
_COMPRESSION, _JPEG = 259, 6
_MAKER_NOTE = 0x927C
_SIDE = 160  # px, of DCF


def with_thumbnail(exif: bytes, picture: Picture) -> bytes:
    """Show the picture in the thumbnail of its EXIF block, if there is one; one of another kind is blackened.

    Args:
        exif: the block.
        picture: 8 or 16 bits, of grey, RGB or CMYK.
    """
    start, length = (get_number(exif, tag, THUMBNAIL) for tag in (_START, _LENGTH))
    if not start or not length or start + length > len(exif):
        return _blackened(exif)
    small = _small(picture, length)
    if len(small) <= length:
        block = exif[:start] + small.ljust(length, b"\0") + exif[start + length :]
        return changed(block, {(THUMBNAIL, _LENGTH): number(len(small))})
    block = exif[:start] + b"\0" * length + exif[start + length :]
    places = {(THUMBNAIL, _START): number(len(block)), (THUMBNAIL, _LENGTH): number(len(small))}
    return changed(block, places) + small


def _small(picture: Picture, length: int) -> bytes:
    """Make a JPEG file of about `length` bytes."""
    from PIL import Image

    pixels = picture.pixels
    step = max(1, max(pixels.shape[:2]) // (8 * _SIDE))
    pixels = eight_bits(np.ascontiguousarray(pixels[::step, ::step, : picture.colours]))
    mode = {1: "L", 3: "RGB", 4: "CMYK"}[picture.colours]
    image = Image.frombuffer(mode, pixels.shape[1::-1], pixels, "raw", mode, 0, 1)
    if mode == "CMYK":
        image = image.convert("RGB")
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    content = b""
    for quality in (85, 70, 50, 30):
        image.save(stream := io.BytesIO(), "JPEG", quality=quality)
        content = stream.getvalue()
        if len(content) <= length:
            break
    return content


def _blackened(exif: bytes) -> bytes:
    """Blacken a thumbnail of plain pixels, which shows the picture as it was."""
    known = fields_of(exif)
    if known is None:
        return exif
    layout, fields = known
    starts, counts = fields.get((THUMBNAIL, 273)), fields.get((THUMBNAIL, 279))
    if starts is None or counts is None:
        return exif
    block = bytearray(exif)
    for start, count in zip(_values(layout, starts), _values(layout, counts), strict=False):
        if start + count <= len(block):
            block[start : start + count] = bytes(count)
    return bytes(block)


def _values(layout: Layout, field: Field) -> list[int]:
    size = {3: 2, 4: 4}.get(field.kind, 0)
    return [layout("xHI"[size // 2]).unpack_from(field.value, at)[0] for at in range(0, len(field.value), size or 99)]


def shortened(exif: bytes, limit: int) -> tuple[bytes | None, list[str]]:
    """Give a block of at most `limit` bytes, and what it lacks: thumbnail, maker note, then the largest fields.

    Args:
        exif: the block.
        limit: bytes.
    """
    if len(exif) <= limit:
        return exif, []
    stream = io.BytesIO(exif)
    try:
        layout = Layout(layout_of(stream)[0].order, big=False)
        fields = read_fields(stream)
    except DAMAGE:
        return None, [f"its EXIF data, {len(exif)} bytes of {limit} and damaged"]
    lost = ["the EXIF thumbnail"] if fields_of(exif) and get_number(exif, _START, THUMBNAIL) else []
    while fields:
        head = (b"II" if layout.order == "<" else b"MM") + layout("HP").pack(42, 8)
        block = head + pack_directory(fields, len(head), layout)
        if len(block) <= limit:
            return block, lost
        fields, words = _without_largest(fields)
        lost.append(words)
    return None, [f"its EXIF data, {len(exif)} bytes of {limit}"]


def _without_largest(fields: list[Field]) -> tuple[list[Field], str]:
    """Leave out the maker note, or what is largest beside it."""
    leaves = [one for field in fields for one in (field.below or (field,))]
    largest = max(leaves, key=lambda field: (field.tag == _MAKER_NOTE, len(field.value)))
    words = (
        "the maker note" if largest.tag == _MAKER_NOTE else f"EXIF field {largest.tag} of {len(largest.value)} bytes"
    )
    kept = []
    for field in fields:
        below = tuple(one for one in field.below if one is not largest)
        if field is not largest and (not field.below or below):
            kept.append(field._replace(below=below))
    return kept, words
