"""The tags of a TIFF file that tell what it is: a scene, a stack of pages, or an ordinary picture.

This module imports the standard library alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from mzsr_basicsr.pictures.exif import Layout, layout_of

# ModelPixelScale, ModelTiepoint, ModelTransformation, GeoKeyDirectory, RPCCoefficient
GEO = frozenset({33550, 33922, 34264, 34735, 50844})
WORLD_FILES = (".tfw", ".tifw", ".tiffw", ".wld")  # beside a picture, say where it lies
LARGE = 2**26  # px; from here on an ordinary picture is worked on window by window
_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COLOURS, _DESCRIPTION, _FORMAT = 254, 255, 256, 257, 258, 262, 270, 339
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_OLD_REDUCED = 2
_STACKS = (b"ImageJ=", b"<?xml", b"<OME")  # descriptions that say what pages are; an XML one is looked into
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MOST_PAGES = 2**20
_SEEN = 4096  # bytes of a description that are looked at
_PLAIN_COLOURS = {1, 2}  # black is zero, RGB
_PLAIN_KINDS = {(8, 1), (16, 1), (32, 3), (64, 3)}  # bits and format of samples


@dataclass
class Directory:
    """What one directory says, as far as it is read here: the first number of each tag, and the tags there are."""

    numbers: dict[int, int] = field(default_factory=dict)
    tags: set[int] = field(default_factory=set)
    description: bytes = b""

    @property
    def is_page(self) -> bool:
        """Whether it is a page of full size, and not an overview or a mask."""
        aside = self.numbers.get(_SUBFILE, 0) & (_REDUCED | _MASK)
        return not aside and self.numbers.get(_OLD_SUBFILE) != _OLD_REDUCED

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.numbers.get(_WIDTH, 0) * self.numbers.get(_HEIGHT, 0)


def tiff_field(path: Path, target: Path | None = None) -> str | None:
    """Name the module that a TIFF file is upscaled by; None for an ordinary picture, or what is none.

    A very large picture is worked on as a scene is, where the library for that is there and the result is a TIFF file.

    Args:
        path: the file.
        target: of the result; None if that does not matter.
    """
    try:
        if not path.is_file():  # a device must not be read
            return None
        with path.open("rb") as stream:
            pages = [page for page in directories(stream) if page.is_page]
    except (OSError, ValueError, struct.error, OverflowError, MemoryError):
        return None
    if not pages:
        return None
    if any(page.tags & GEO for page in pages) or any(path.with_suffix(end).is_file() for end in WORLD_FILES):
        return "scene"
    if len(pages) > 1 or _is_stack(pages[0].description):
        return "pages"
    to_tiff = target is not None and target.suffix.lower() in (".tif", ".tiff")
    return "scene" if to_tiff and _is_large(pages[0]) and _has_rasterio() else None


def directories(stream: BinaryIO) -> Iterator[Directory]:
    """Read the chain of directories of a TIFF or BigTIFF file; what SubIFDs hold is not looked at.

    Raises:
        ValueError, struct.error, OverflowError, OSError, MemoryError: it is damaged, or no TIFF file.
    """
    layout, place = layout_of(stream)
    seen: set[int] = set()
    while place and place not in seen and len(seen) < _MOST_PAGES:
        seen.add(place)
        found, place = _directory(stream, place, layout)
        yield found


def _directory(stream: BinaryIO, place: int, layout: Layout) -> tuple[Directory, int]:
    number, entry, pointer = layout("N"), layout("HHPV"), layout("P")
    stream.seek(place)
    (count,) = number.unpack(stream.read(number.size))
    table = stream.read(min(count, 2**16) * entry.size + pointer.size)
    found = Directory()
    for index in range(count):
        tag, kind, amount, value = entry.unpack_from(table, index * entry.size)
        found.tags.add(tag)
        if kind in _NUMBERS:
            form = struct.Struct(layout.order + _NUMBERS[kind])
            inside = form.size * amount <= len(value)
            found.numbers[tag] = form.unpack(value[: form.size] if inside else _at(stream, layout, value, form.size))[0]
        elif tag == _DESCRIPTION:
            found.description = value if amount <= len(value) else _at(stream, layout, value, min(amount, _SEEN))
    return found, pointer.unpack_from(table, count * entry.size)[0]


def _at(stream: BinaryIO, layout: Layout, value: bytes, size: int) -> bytes:
    """Read the content that a field points to."""
    stream.seek(layout("P").unpack(value)[0])
    return stream.read(size)


def _is_stack(description: bytes) -> bool:
    text = description.lstrip()
    return text.startswith(_STACKS) and (text.startswith(b"ImageJ=") or b"<OME" in text or b"<ome:OME" in text)


def _is_large(page: Directory) -> bool:
    """Tell a large picture of a kind that is the same to all libraries."""
    kind = page.numbers.get(_BITS, 1), page.numbers.get(_FORMAT, 1)
    return page.pixels > LARGE and page.numbers.get(_COLOURS) in _PLAIN_COLOURS and kind in _PLAIN_KINDS


def _has_rasterio() -> bool:
    from importlib.util import find_spec

    return find_spec("rasterio") is not None
