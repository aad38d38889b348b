"""What JPEG files say about their picture: read from segments, and written as such."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import BinaryIO

from mzsr_basicsr.pictures import photoshop, xmp
from mzsr_basicsr.pictures.exif import read_fields
from mzsr_basicsr.pictures.jpeg import Parts, is_comment, name_of
from mzsr_basicsr.pictures.metadata import COMMENT, Metadata, Text, decoded, shares
from mzsr_basicsr.pictures.picture import FAILURES, printable

EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
SEGMENT = 65533  # bytes of content, at most
_ICC = b"ICC_PROFILE\0"
_MORE_PICTURES = b"MPF\0"
# Segments by (marker, how they start): what is lost with them; nothing where they are about the old file alone.
_KNOWN: tuple[tuple[int, bytes, str], ...] = (
    (0xE0, b"", ""),  # JFIF, whose resolution is read by Pillow, and its thumbnail
    (0xE1, b"http://ns.adobe.com/xmp/extension/\0", "the extended part of its XMP"),
    (0xE2, b"urn:iso:std:iso:ts:21496:-1\0", "its gain map (HDR)"),
    (0xEB, b"JP", "its content credentials (C2PA), which vouch for the old pixels"),
    (0xEC, b"Ducky", ""),  # quality of the old compression
    (0xEE, b"Adobe", ""),  # colours as they are stored
)


def metadata_of(parts: Parts) -> tuple[Metadata, bytes | None, bytes | None]:
    """Read what the segments say: it, the ICC profile, and the EXIF data."""
    said = parts.said
    exif = b"".join(content[len(EXIF) :] for marker, content in said if marker == 0xE1 and content.startswith(EXIF))
    icc, whole = _profile([content for marker, content in said if marker == 0xE2 and content.startswith(_ICC)])
    packet = next((c[len(XMP) :] for marker, c in said if marker == 0xE1 and c.startswith(XMP)), None)
    resources = b"".join(c[len(photoshop.MARK) :] for m, c in said if m == 0xED and c.startswith(photoshop.MARK))
    iptc, others, resources_whole = photoshop.taken_apart(resources)
    texts = tuple(Text(COMMENT, decoded(content)) for marker, content in said if is_comment(marker) and content)
    faults = list(parts.faults)
    faults += ["its ICC profile, which lacks a part and is left out"] * (not whole)
    faults += ["its IPTC data"] * (not resources_whole)
    left_out = [*_other_segments(said), *_further(parts, packet)]
    packet = packet and xmp.of_one_picture(packet)
    told = Metadata(packet or None, iptc, others, texts, faults=tuple(faults))
    return told.without(*left_out), icc, exif or None


def _profile(segments: list[bytes]) -> tuple[bytes | None, bool]:
    """Put an ICC profile together: it, if its parts are all there, and whether they are."""
    place = len(_ICC)
    parts = {segment[place]: segment[place + 2 :] for segment in segments if len(segment) > place + 1}
    counts = {segment[place + 1] for segment in segments if len(segment) > place + 1}
    if not segments:
        return None, True
    count = counts.pop() if len(counts) == 1 else 0
    if not count or set(parts) != set(range(1, count + 1)):
        return None, False
    return b"".join(parts[number] for number in range(1, count + 1)), True


def _other_segments(said: list[tuple[int, bytes]]) -> list[str]:
    """Name the segments that are not kept."""
    names = []
    read = ((0xE1, EXIF), (0xE1, XMP), (0xE2, _ICC), (0xE2, _MORE_PICTURES), (0xED, photoshop.MARK))
    for marker, content in said:
        if is_comment(marker) or any(marker == m and content.startswith(start) for m, start in read):
            continue
        known = next((words for m, start, words in _KNOWN if marker == m and content.startswith(start)), None)
        if known is None:
            start = printable(content[:24].split(b"\0")[0].decode("ascii", "replace")).replace("\ufffd", "")
            known = f"{name_of(marker)}{f' ({start})' if start else ''}"
        names += [known] if known else []
    return names


def _further(parts: Parts, packet: bytes | None) -> list[str]:
    """Name what lies behind the picture: more pictures, a gain map, a film."""
    rest = parts.rest
    gain_map = xmp.has_gain_map(packet) or b"hdrgm" in rest or b"hdrgainmap" in rest.lower()
    index = next((c for marker, c in parts.said if marker == 0xE2 and c.startswith(_MORE_PICTURES)), None)
    pictures = (_pictures(index) if index else rest.count(b"\xff\xd8\xff", 0, 3)) - gain_map
    names = ["its gain map (HDR)"] if gain_map else []
    if pictures > 0:
        names.append("its second picture (MPO)" if pictures == 1 else f"its {pictures} further pictures (MPO)")
    film = rest[4:8] == b"ftyp" or b"ftypmp42" in rest or b"ftypisom" in rest or b"ftypqt" in rest
    names += ["its moving part (MP4)"] if film else []
    if rest.strip(b"\0") and not names:
        names.append(f"{len(rest)} bytes behind its end")
    return names


def _pictures(index: bytes) -> int:
    """Read from a multi-picture index how many further pictures there are."""
    try:
        fields = read_fields(io.BytesIO(index[len(_MORE_PICTURES) :]))
        order = "little" if index[4:6] == b"II" else "big"
        return max(1, next(int.from_bytes(field.value, order) for field in fields if field.tag == 0xB001) - 1)  # type: ignore[arg-type]
    except (*FAILURES, StopIteration):
        return 1


def fitting(told: Metadata) -> Metadata:
    """Leave out what is too long for a segment."""
    left_out = []
    packet = told.xmp and xmp.packed(told.xmp, SEGMENT - len(XMP))
    if told.xmp and packet is None:
        left_out.append(f"its XMP of {len(told.xmp)} bytes, more than the {SEGMENT - len(XMP)} of JPEG")
    texts = tuple(text for text in told.texts if len(_comment(text)) <= SEGMENT)
    if len(texts) < len(told.texts):
        left_out.append(f"a text of more than the {SEGMENT} bytes of JPEG")
    return replace(told, xmp=packet, texts=texts).without(*left_out)


def segments_of(told: Metadata) -> bytes:
    """Make the segments of XMP, IPTC data and comments."""
    parts = [(0xE1, XMP + told.xmp)] if told.xmp else []
    resources = photoshop.put_together(told.iptc, told.photoshop)
    room = SEGMENT - len(photoshop.MARK)
    parts += [(0xED, photoshop.MARK + resources[at : at + room]) for at in range(0, len(resources), room)]
    parts += [(0xFE, _comment(text)) for text in told.texts]
    return b"".join(b"\xff%c%s" % (kind, (len(content) + 2).to_bytes(2, "big")) + content for kind, content in parts)


def write_aspect(stream: BinaryIO, start: int, aspect: tuple[float, float]) -> None:
    """Write the shape of the pixels into the JFIF segment of a JPEG file that was just written, if it has one.

    Args:
        stream: the file.
        start: where it starts.
        aspect: dots across and down, in no unit.
    """
    end = stream.tell()
    stream.seek(start)
    if stream.read(20)[6:10] == b"JFIF":
        stream.seek(start + 13)
        stream.write(struct.pack(">BHH", 0, *shares(aspect, 2**16 - 1)))
    stream.seek(end)


def _comment(text: Text) -> bytes:
    head = "" if text.keyword == COMMENT else f"{text.keyword}: "
    return (head + text.content).encode("utf-8", "surrogatepass")
