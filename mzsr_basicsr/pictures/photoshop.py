"""Image resources of Photoshop ("8BIM"), which bring IPTC data into JPEG and TIFF files."""

from __future__ import annotations

import struct
from collections.abc import Iterator

MARK = b"Photoshop 3.0\0"  # of the JPEG segment
_IPTC, _DIGEST = 0x0404, 0x0425
# What stays true of a larger picture: copyright flag, URLs, paths (their places are shares of the sides), and their
# name. Others hold thumbnails, guides and slices in px, and how to print.
_PATHS = (*range(2000, 2999), 2999)
_KEPT = {0x040A, 0x040B, 0x041E, *_PATHS}


def taken_apart(resources: bytes) -> tuple[bytes | None, bytes | None, bool]:
    """Split image resources.

    Args:
        resources: blocks, one after the other.

    Returns:
        The IPTC data; the blocks that are kept; and whether all is whole.
    """
    iptc, kept, last = None, b"", 0
    for code, block, content, end in _blocks(resources):
        iptc = content if code == _IPTC else iptc
        kept += block if code in _KEPT else b""
        last = end
    return iptc or None, kept or None, not resources[last:].strip(b"\0")


def put_together(iptc: bytes | None, photoshop: bytes | None) -> bytes:
    """Make image resources of IPTC data and other blocks."""
    head = b"" if iptc is None else b"8BIM" + struct.pack(">HHI", _IPTC, 0, len(iptc)) + iptc + b"\0" * (len(iptc) % 2)
    return head + (photoshop or b"")


def without_paths(photoshop: bytes | None) -> bytes | None:
    """Leave out what lies somewhere in the picture, for one that is turned."""
    return b"".join(block for code, block, _, _ in _blocks(photoshop or b"") if code not in _PATHS) or None


def _blocks(resources: bytes) -> Iterator[tuple[int, bytes, bytes, int]]:
    """Give code, block, content and end of each."""
    start = 0
    while resources[start : start + 4] == b"8BIM" and start + 12 <= len(resources):
        (code,) = struct.unpack_from(">H", resources, start + 4)
        place = start + 6 + (resources[start + 6] // 2 + 1) * 2  # a name of even length, its length before it
        if place + 4 > len(resources):
            return
        (size,) = struct.unpack_from(">I", resources, place)
        end = place + 4 + size
        if end > len(resources):
            return
        yield code, resources[start:end] + b"\0" * (size % 2), resources[place + 4 : end], end
        start = end + size % 2
