"""JPEG files taken apart: what is needed for the pixels, what is said about them, and what follows them."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from PIL.JpegImagePlugin import JpegImageFile

START, END = b"\xff\xd8", b"\xff\xd9"
_SCAN, _APP0, _APP14, _COMMENT = 0xDA, 0xE0, 0xEE, 0xFE
_FRAMES = {0xC0, 0xC1, 0xC2}
_ALONE = {0x01, *range(0xD0, 0xD8)}
_AFTER_DATA = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")  # what ends the data of a scan; restart marks belong to them
_TABLE = re.compile(rb"\xff[\xc0-\xc2\xc4\xdb]\x00")  # a frame or a table, of less than 256 bytes


class Parts(NamedTuple):
    """A JPEG file taken apart.

    Attributes:
        pixels: a file of what is needed to decode; its end marker is missing where the file's is.
        said: (marker, content) of all application segments and comments.
        rest: what follows the end of the picture.
        ended: whether there is an end marker.
        faults: see `Metadata`.
    """

    pixels: bytes
    said: list[tuple[int, bytes]]
    rest: bytes
    ended: bool
    faults: tuple[str, ...]


def taken_apart(content: bytes) -> Parts:
    """Take a file apart, from its start marker on.

    Raises:
        ValueError: it ends before any pixels.
    """
    kept, said, faults = [START], list[tuple[int, bytes]](), dict[str, None]()
    position, scanned = 2, False
    while True:
        position, marker = _next_marker(content, position)
        if marker in (0, 0xD8, 0xD9) and scanned:
            break
        if not marker:
            raise ValueError("the file ends too early")
        if marker in _ALONE or marker in (0xD8, 0xD9):
            continue
        end = position + int.from_bytes(content[position : position + 2], "big")
        told = marker >= _APP0
        if end > len(content) or end < position + 2:
            found = _TABLE.search(content, position) if told else None
            if found is None:
                raise ValueError("the file ends too early")
            faults[f"the length of its segment {name_of(marker)}"] = None
            position = found.start()
            continue
        if told:
            said.append((marker, content[position + 2 : end]))
        if not told or marker in (_APP0, _APP14):
            kept.append(b"\xff" + bytes((marker,)) + content[position:end])
        position = end
        if marker == _SCAN:
            scanned, found = True, _AFTER_DATA.search(content, position)
            stop = len(content) if found is None else found.start()
            kept.append(content[position:stop])
            position = stop
    pixels = b"".join(kept)
    if marker == 0xD9:
        return Parts(pixels + END, said, content[position:], True, tuple(faults))
    rest = content[position - 2 :] if marker else b""
    return Parts(pixels.rstrip(b"\xff"), said, rest, False, (*faults, "its end marker is missing"))


def _next_marker(content: bytes, position: int) -> tuple[int, int]:
    """Give where the next marker ends, and which it is; 0 for none."""
    found = re.compile(rb"\xff+[^\x00\xff]").search(content, position)
    return (len(content), 0) if found is None else (found.end(), content[found.end() - 1])


def name_of(marker: int) -> str:
    """Name a marker of an application or a comment."""
    return "COM" if marker == _COMMENT else f"APP{marker - _APP0}"


def is_comment(marker: int) -> bool:
    """Tell a comment."""
    return marker == _COMMENT


def check_complete(pixels: bytes) -> None:
    """Refuse a file without end marker of which pixels are missing, too: what follows it must not change any.

    Args:
        pixels: the file up to where its end marker should be.

    Raises:
        ValueError: pixels are missing.
    """
    decoded = {_decoded(pixels + more + END) for more in (b"", _noise(0x55), _noise(0xA6))}
    if len(decoded) > 1 or not _all_bits(pixels):
        raise ValueError("the file ends too early")


def _noise(value: int) -> bytes:
    """Make what may follow in a scan, with every restart mark."""
    return bytes((value,)) * 64 + b"".join(b"\xff" + bytes((0xD0 + k % 8, *[value] * 16)) for k in range(16))


def _decoded(content: bytes) -> bytes:
    with JpegImageFile(io.BytesIO(content)) as image:
        return image.tobytes()


def _all_bits(pixels: bytes) -> bool:
    """Tell whether the scans bring every bit of all 64 coefficients of each component."""
    lacking: dict[int, list[int]] = {}
    for marker, content in _segments(pixels):
        if marker in _FRAMES:
            lacking = {component: [99] * 64 for component in content[6::3]}
        if marker == _SCAN and content:
            count = content[0]
            first, last, bits = struct.unpack_from("BBB", content, 1 + 2 * count)
            for component in content[1 : 1 + 2 * count : 2]:
                lacking.setdefault(component, [99] * 64)[first : last + 1] = [bits & 15] * (last + 1 - first)
    return bool(lacking) and not any(any(bits) for bits in lacking.values())


def _segments(pixels: bytes) -> Iterator[tuple[int, bytes]]:
    position = 2
    while True:
        position, marker = _next_marker(pixels, position)
        if not marker:
            return
        if marker not in _ALONE and marker not in (0xD8, 0xD9):
            end = position + int.from_bytes(pixels[position : position + 2], "big")
            yield marker, pixels[position + 2 : end]
            position = end
