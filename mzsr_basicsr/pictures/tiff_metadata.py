"""What TIFF files say about their picture beside EXIF fields: XMP, IPTC data, image resources of Photoshop."""

from __future__ import annotations

from typing import BinaryIO

from mzsr_basicsr.pictures import photoshop
from mzsr_basicsr.pictures.exif import DAMAGE, DESCRIPTIVE, ICC_PROFILE, LONG, Field, layout_of, read_fields
from mzsr_basicsr.pictures.metadata import COMMENT, Metadata

_DESCRIPTION, _XMP, _IPTC, _PHOTOSHOP, _NODATA = 270, 700, 33723, 34377, 42113
_BYTE, _ASCII, _UNDEFINED = 1, 2, 7
_WORDS = {37724: "its layers (Photoshop)", 34232: "its regions (ImageJ)"}
# About how the pixels lie in the file, its other pages, and its printing: what is written has its own.
_STRUCTURE = {*range(254, 267), 273, *range(277, 284), *range(288, 294), 296, 297, *range(320, 350), 512, 513, 514}
_STRUCTURE |= {*range(515, 533), 286, 287, 284, 317, 400, 401, 402, 403, 404, 405, 433, 434, 435, 559}
_STRUCTURE |= {32995, 32996, 32997, 32998, 34665, 34853, 40965, 50838, 50839, 65000, 34377, 33723, 700}
_PRIVATE = {50341: ""}  # print settings of cameras


def metadata_of(stream: BinaryIO) -> Metadata:
    """Read XMP, IPTC data and image resources, and name the tags that are not kept.

    Args:
        stream: open TIFF file; what is damaged is passed over.
    """
    try:
        layout, _ = layout_of(stream)
        fields = {field.tag: field for field in read_fields(stream, depth=0)}
    except DAMAGE:
        return Metadata(faults=("its tags",))
    xmp, iptc = (fields[tag].value if tag in fields else None for tag in (_XMP, _IPTC))
    if iptc and iptc[:1] != b"\x1c" and fields[_IPTC].kind == LONG:  # bytes that are told to be numbers get swapped
        iptc = b"".join(iptc[at : at + 4][::-1] for at in range(0, len(iptc), 4))
    resources = fields[_PHOTOSHOP].value if _PHOTOSHOP in fields else b""
    own, others, whole = photoshop.taken_apart(resources)
    kept = {*DESCRIPTIVE, *_STRUCTURE, ICC_PROFILE, _NODATA, *_PRIVATE}
    left_out = [_WORDS.get(tag, f"its tag {tag}") for tag in fields if tag not in kept]
    told = Metadata(xmp and xmp.rstrip(b"\0") or None, iptc or own, others, faults=() if whole else ("its IPTC data",))
    return told.without(*left_out)


def fields_of(told: Metadata, described: bool) -> list[Field]:
    """Make the fields of XMP, IPTC data and image resources, and an ImageDescription of the texts.

    Args:
        told: about the picture.
        described: whether it has an ImageDescription already.
    """
    fields = [Field(_XMP, _BYTE, told.xmp)] if told.xmp else []
    fields += [Field(_IPTC, _UNDEFINED, told.iptc)] if told.iptc else []
    fields += [Field(_PHOTOSHOP, _UNDEFINED, told.photoshop)] if told.photoshop else []
    if told.texts and not described:
        lines = (text.content if text.keyword == COMMENT else f"{text.keyword}: {text.content}" for text in told.texts)
        fields.append(Field(_DESCRIPTION, _ASCII, "\n".join(lines).replace("\0", " ").encode("utf-8") + b"\0"))
    return fields


def is_described(fields: list[Field]) -> bool:
    """Tell whether there is an ImageDescription."""
    return any(field.tag == _DESCRIPTION for field in fields)
