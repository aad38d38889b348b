"""Directories of EXIF blocks and TIFF files: read, copy and write their fields with every type kept."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from typing import BinaryIO, Literal, NamedTuple

ORIENTATION = 0x0112
PIXEL_WIDTH, PIXEL_HEIGHT = 0xA002, 0xA003
ICC_PROFILE = 0x8773
EXIF, _GPS, INTEROP = 0x8769, 0x8825, 0xA005
_POINTERS = {EXIF, _GPS, INTEROP}
# What is said about the picture, and not about where and how its pixels lie in the file:
# DocumentName, ImageDescription, Make, Model, Orientation, PageName, Software, DateTime, Artist, HostComputer,
# WhitePoint, PrimaryChromaticities, Rating, RatingPercent, Copyright, XPTitle to XPSubject.
DESCRIPTIVE = {269, 270, 271, 272, ORIENTATION, 285, 305, 306, 315, 316, 318, 319, 0x4746, 0x4749, 33432}
DESCRIPTIVE |= {*range(40091, 40096), EXIF, _GPS}
_STALE = (b'{"shape"', b"shape=", b"ImageJ=", b"<?xml", b"<OME")  # descriptions by which programs find the pixels
SHORT, LONG, _LONG8 = 3, 4, 16
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_LARGEST = 2**25  # bytes of one field; a damaged length is larger
_LARGEST_DIRECTORY = 2**26  # bytes of all fields of one; damaged ones may all point to the same bytes
DAMAGE = (struct.error, ValueError, OverflowError, LookupError, OSError, MemoryError)


class Layout(NamedTuple):
    """Byte order ("<" or ">") of a block or file, and whether it has the 64-bit offsets of BigTIFF."""

    order: Literal["<", ">"]
    big: bool

    def __call__(self, form: str) -> struct.Struct:
        """Compile a format in which N is a number of fields, P an offset or a count and V the value of a field."""
        widths = {"N": "Q", "P": "Q", "V": "8s"} if self.big else {"N": "H", "P": "I", "V": "4s"}
        return struct.Struct(self.order + "".join(widths.get(letter, letter) for letter in form))


class Field(NamedTuple):
    """One field: its tag, type, value in the byte order of its block, place in the block, and the directory below."""

    tag: int
    kind: int
    value: bytes
    place: int = 0
    below: tuple[Field, ...] = ()


def layout_of(stream: BinaryIO) -> tuple[Layout, int]:
    """Read the header of an EXIF block or a TIFF file: its layout, and where its first directory starts.

    Raises:
        ValueError: it is neither.
    """
    stream.seek(0)
    head = stream.read(16)
    if head[:2] not in (b"II", b"MM"):
        raise ValueError("not an EXIF block")
    order: Literal["<", ">"] = "<" if head[:2] == b"II" else ">"
    layout = Layout(order, struct.unpack(order + "H", head[2:4])[0] == 43)
    return layout, layout("P").unpack_from(head, 8 if layout.big else 4)[0]


def read_fields(stream: BinaryIO, depth: int = 2) -> list[Field]:
    """Read the first directory of an EXIF block or a TIFF file, and below it those of EXIF, GPS and Interop.

    Raises:
        ValueError, struct.error, OverflowError, OSError, MemoryError: it is damaged.
    """
    layout, start = layout_of(stream)
    return _read_directory(stream, start, layout, depth)


def read_second(stream: BinaryIO) -> list[Field]:
    """Read the second directory of an EXIF block, which is the thumbnail's; none where there is none.

    Raises:
        ValueError, struct.error, OverflowError, OSError, MemoryError: it is damaged.
    """
    layout, start = layout_of(stream)
    stream.seek(start)
    number = layout("N")
    (count,) = number.unpack(stream.read(number.size))
    stream.seek(start + number.size + count * layout("HHPV").size)
    (second,) = layout("P").unpack(stream.read(layout("P").size))
    return _read_directory(stream, second, layout, 0) if second else []


def _read_directory(stream: BinaryIO, start: int, layout: Layout, depth: int) -> list[Field]:
    stream.seek(start)
    number, entry = layout("N"), layout("HHPV")
    (count,) = number.unpack(stream.read(number.size))
    table = stream.read(min(count, 2**16) * entry.size)
    table = table[: len(table) // entry.size * entry.size]
    fields: list[Field] = []
    pointers, room = set(_POINTERS), _LARGEST_DIRECTORY
    for index, (tag, kind, amount, value) in enumerate(entry.iter_unpack(table)):
        place = start + number.size + index * entry.size
        size = _BYTES.get(kind, 0) * amount
        if tag in pointers:
            pointers.remove(tag)  # many that point to one directory would take long
            wide = layout.big and kind not in (LONG, 13)
            below = _read_below(stream, layout("P" if wide else "I").unpack_from(value)[0], layout, depth)
            fields += [Field(tag, LONG, b"", place, below)] if below else []
        elif size <= len(value):
            fields += [Field(tag, kind, value[:size], place)] if size else []
        elif size <= min(_LARGEST, room):
            room -= size
            stream.seek(layout("P").unpack(value)[0])
            content = stream.read(size)
            fields += [Field(tag, kind, content, place)] if len(content) == size else []
    return fields


def _read_below(stream: BinaryIO, start: int, layout: Layout, depth: int) -> tuple[Field, ...]:
    if not depth:  # directories that point to each other end here
        return ()
    try:
        return tuple(_read_directory(stream, start, layout, depth - 1))
    except DAMAGE:
        return ()


def describing(stream: BinaryIO) -> list[Field]:
    """Read the fields of an EXIF block or a TIFF file that describe the picture; none where it is damaged."""
    try:
        fields = read_fields(stream)
    except DAMAGE:
        return []
    return [f for f in fields if f.tag in DESCRIPTIVE and not (f.tag == 270 and f.value.startswith(_STALE))]


def exif_of_tiff(stream: BinaryIO) -> bytes | None:
    """Make an EXIF block of the fields of a TIFF file that describe the picture; None where there are none."""
    fields = describing(stream)
    if not fields:
        return None
    layout = Layout(layout_of(stream)[0].order, big=False)
    head = (b"II" if layout.order == "<" else b"MM") + layout("HP").pack(42, 8)
    return head + pack_directory(fields, len(head), layout)


def add_fields(stream: BinaryIO, fields: Iterable[Field]) -> None:
    """Write the first directory of a TIFF file anew at its end, with more fields in the byte order of the file."""
    layout, _ = layout_of(stream)
    merged = {field.tag: field for field in (*read_fields(stream, depth=0), *fields)}
    end = stream.seek(0, io.SEEK_END)
    stream.write(b"\0" * (end % 2))
    stream.write(pack_directory(merged.values(), end + end % 2, layout))
    stream.seek(8 if layout.big else 4)
    stream.write(layout("P").pack(end + end % 2))


def pack_directory(fields: Iterable[Field], start: int, layout: Layout) -> bytes:
    """Pack a directory that will lie `start` bytes into its block, then its values and the directories below it."""
    ordered = sorted(fields)
    room = len(layout("V").pack(b""))
    tail_start = start + layout("NP").size + len(ordered) * layout("HHPV").size
    table, tail = bytearray(layout("N").pack(len(ordered))), bytearray()
    for tag, kind, content, _, below in ordered:
        position = tail_start + len(tail)
        value, amount = content, len(content) // _BYTES[kind]
        if below:
            tail += pack_directory(below, position, layout)
            kind, amount, value = (_LONG8 if layout.big else LONG), 1, layout("P").pack(position)
        elif len(content) > room:
            tail += content
            value = layout("P").pack(position)
        tail += b"\0" * (len(tail) % 2)  # values start at even places
        table += layout("HHPV").pack(tag, kind, amount, value)
    return bytes(table + layout("P").pack(0) + tail)
