"""EXIF blocks changed in place, where their picture has changed: sizes, resolutions, positions, orientation.

Nothing is moved, as maker notes point to places in the block.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from mzsr_basicsr.pictures.exif import (
    DAMAGE,
    EXIF,
    INTEROP,
    LONG,
    ORIENTATION,
    PIXEL_HEIGHT,
    PIXEL_WIDTH,
    SHORT,
    Field,
    Layout,
    layout_of,
    read_fields,
    read_second,
)

THUMBNAIL = 1  # stands for the second directory; the main one is 0, others go by the tags that point to them
_RATIONAL = 5
_X, _Y, _UNIT = 282, 283, 296
_FOCAL_X, _FOCAL_Y = 0xA20E, 0xA20F  # px per unit of the sensor
_AREAS = (0x9214, 0xA214)  # SubjectArea, SubjectLocation: x, y, and a diameter, or width and height, px
_WIDTHS = ((0, 256), (EXIF, PIXEL_WIDTH), (INTEROP, 0x1001))
_HEIGHTS = ((0, 257), (EXIF, PIXEL_HEIGHT), (INTEROP, 0x1002))
_PER_INCH = {2: 1.0, 3: 2.54}  # by unit
Place = tuple[int, int]
Change = Callable[[Layout, Field], tuple[int, bytes] | None]  # gives a type and a value


def fields_of(exif: bytes | None) -> tuple[Layout, dict[Place, Field]] | None:
    """Give the layout of an EXIF block, and its fields by (directory, tag), the first of each; None if damaged."""
    if not exif:
        return None
    stream, found = io.BytesIO(exif), dict[Place, Field]()
    try:
        layout, _ = layout_of(stream)
        main = read_fields(stream)
    except DAMAGE:
        return None
    try:
        second = read_second(stream)
    except DAMAGE:
        second = []
    for where, fields in ((0, main), (THUMBNAIL, second)):
        _collect(found, where, fields)
    return layout, found


def _collect(found: dict[Place, Field], where: int, fields: Iterable[Field]) -> None:
    for field in fields:
        found.setdefault((where, field.tag), field)
        _collect(found, field.tag, field.below)


def changed(exif: bytes, changes: Mapping[Place, Change]) -> bytes:
    """Change fields in place where they are there; a value may not be longer than the one before, or than its place.

    Args:
        exif: any block; a damaged one stays as it is.
        changes: what gives a type and a value in place of a field, or None to leave it.
    """
    known = fields_of(exif)
    if known is None:
        return exif
    layout, fields = known
    block, value_at = bytearray(exif), struct.calcsize("<HHQ" if layout.big else "<HHI")
    for place, change in changes.items():
        field = fields.get(place)
        answer = None if field is None else change(layout, field)
        if field is None or answer is None:
            continue
        kind, value = answer
        at = field.place + value_at
        room = struct.calcsize("Q" if layout.big else "I")
        count = len(value) // {SHORT: 2, LONG: 4, _RATIONAL: 8}[kind]
        if len(field.value) > room:
            (at,) = layout("P").unpack_from(block, at)
            room = len(field.value)
        if len(value) <= room:
            layout("HHP").pack_into(block, field.place, place[1], kind, count)
            block[at : at + len(value)] = value
    return bytes(block)


def get_number(exif: bytes | None, tag: int, where: int = 0) -> int | None:
    """Look up a whole number in a directory of an EXIF block; None where it is not there."""
    known = fields_of(exif)
    field = None if known is None else known[1].get((where, tag))
    if known is None or field is None or field.kind not in (SHORT, LONG):
        return None
    number: int = known[0]("H" if field.kind == SHORT else "I").unpack_from(field.value)[0]
    return number


def number(value: int) -> Change:
    """Make a change to a whole number (0 to 2^32 - 1), whose type stays where that holds it."""

    def change(layout: Layout, field: Field) -> tuple[int, bytes] | None:
        if field.kind not in (SHORT, LONG):
            return None
        short = value < 2**16 and field.kind == SHORT
        return (SHORT, layout("H").pack(value)) if short else (LONG, layout("I").pack(value))

    return change


def sized(exif: bytes, width: int, height: int) -> bytes:
    """Set the sizes, px, where they are said."""
    sizes = {place: number(width) for place in _WIDTHS} | {place: number(height) for place in _HEIGHTS}
    return changed(exif, sizes)


def scaled(exif: bytes, scale: float) -> bytes:
    """Change resolutions, and positions in the picture, by a scale."""
    factor = Fraction(scale).limit_denominator(10_000)
    resolutions = [(0, _X), (0, _Y), (EXIF, _FOCAL_X), (EXIF, _FOCAL_Y)]
    places: dict[Place, Change] = {place: lambda layout, field: _times(layout, field, factor) for place in resolutions}
    grown = lambda numbers: [round(value * scale) for value in numbers]  # noqa: E731
    return changed(exif, {**places, **{(EXIF, tag): _numbers(grown) for tag in _AREAS}})


def turned(exif: bytes, orientation: int, width: int, height: int) -> bytes:
    """Say that a picture lies upright that was turned as its orientation says.

    Args:
        exif: the block.
        orientation: 2 to 8, by which the picture was turned.
        width: of the picture as it was, px.
        height: the same.
    """
    transposed, turn = divmod(orientation - 1, 4)

    def moved(numbers: list[int]) -> list[int]:
        x, y, *extent = numbers
        if transposed:
            x, y, extent = y, x, extent[::-1]
        across, down = (height, width) if transposed else (width, height)
        return [across - 1 - x if turn in (1, 2) else x, down - 1 - y if turn in (2, 3) else y, *extent]

    places: dict[Place, Change] = {(0, ORIENTATION): number(1), (THUMBNAIL, ORIENTATION): number(1)}
    places |= {(EXIF, tag): _numbers(moved) for tag in _AREAS}
    known = fields_of(exif)
    if transposed and known is not None:
        for where, one, other in ((0, _X, _Y), (EXIF, _FOCAL_X, _FOCAL_Y)):
            pair = [known[1].get((where, tag)) for tag in (one, other)]
            places |= {(where, one): _taking(pair[1]), (where, other): _taking(pair[0])}
    return changed(exif, places)


def dots_per_inch(exif: bytes | None) -> tuple[float, float] | None:
    """Read the resolution of the main directory; None where there is none."""
    known = fields_of(exif)
    unit = _PER_INCH.get(get_number(exif, _UNIT) or 2)
    pair = [] if known is None else [known[1].get((0, tag)) for tag in (_X, _Y)]
    values = [known[0]("II").unpack(f.value) for f in pair if known and f and f.kind == _RATIONAL and len(f.value) == 8]
    if unit is None or len(values) < 2 or not all(under for _, under in values):
        return None
    across, down = (over / under * unit for over, under in values)
    return across, down


def _times(layout: Layout, field: Field, factor: Fraction) -> tuple[int, bytes] | None:
    if field.kind != _RATIONAL or len(field.value) != 8:
        return None
    over, under = layout("II").unpack(field.value)
    value = Fraction(over, under) * factor if under else Fraction(0)
    if not value or max(value.numerator, value.denominator) >= 2**32:
        return None
    return _RATIONAL, layout("II").pack(value.numerator, value.denominator)


def _numbers(change: Callable[[list[int]], list[int]]) -> Change:
    """Make a change to two or more short numbers; one that does not fit any more is the largest that does."""

    def answer(layout: Layout, field: Field) -> tuple[int, bytes] | None:
        if field.kind != SHORT or len(field.value) < 4:
            return None
        count = len(field.value) // 2
        values = change(list(layout(f"{count}H").unpack(field.value[: 2 * count])))
        return SHORT, layout(f"{count}H").pack(*(min(max(value, 0), 2**16 - 1) for value in values))

    return answer


def _taking(other: Field | None) -> Change:
    return lambda _, field: (_RATIONAL, other.value) if other and other.kind == field.kind == _RATIONAL else None
