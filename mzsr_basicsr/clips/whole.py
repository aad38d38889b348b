"""Files that break off: the demuxer would end such a clip without a word."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from mzsr_basicsr.errors import ImageError

_MATROSKA, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"
_ASF, _ASF_FILE = bytes.fromhex("3026b2758e66cf11"), bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
# Of ISO 14496-12 and QuickTime, at the top of a file; behind anything else lies no box that could be believed.
_BOXES = b"ftyp moov mdat moof mfra free skip wide styp sidx ssix uuid meta pnot PICT udta emsg prft junk pdin".split()


def check_whole(source: Path) -> None:
    """Refuse a Matroska, MP4, MOV or WMV file that is shorter than it says itself.

    Raises:
        ImageError: it is.
    """
    with source.open("rb") as stream:
        head = stream.read(4096)
        size = os.fstat(stream.fileno()).st_size
        if head.startswith(_MATROSKA):
            end = _segment_end(head)
        elif head.startswith(_ASF):
            end = _asf_end(head)
        else:
            end = _boxes_end(stream, size)
    if end > size:
        raise ImageError(f"{source}: breaks off after {size} bytes of {end}; fetch or copy the file again")


def _segment_end(head: bytes) -> int:
    segment = _element_end(head, 0)
    return _element_end(head, segment) if head[segment : segment + 4] == _SEGMENT else 0


def _element_end(head: bytes, start: int) -> int:
    """Give the offset after an EBML element with an id of 4 bytes, 0 if its size is left open."""
    at = start + 4
    length = 9 - int.from_bytes(head[at : at + 1], "big").bit_length()
    most = (1 << 7 * length) - 1
    size = int.from_bytes(head[at : at + length], "big") & most
    return 0 if size == most else at + length + size


def _asf_end(head: bytes) -> int:
    """Give the size that a WMV file tells of, 0 for a broadcast, which does not know."""
    at = head.find(_ASF_FILE)
    live = head[at + 88 : at + 89] in (b"", b"\1", b"\3")
    return 0 if at < 0 or live else int.from_bytes(head[at + 40 : at + 48], "little")


def _boxes_end(stream: BinaryIO, size: int) -> int:
    """Give the offset after the last box that begins in a file, 0 if its size is left open."""
    at = 0
    while at < size:
        stream.seek(at)
        head = stream.read(16)
        if head[4:8] not in _BOXES:
            break
        length = int.from_bytes(head[:4], "big")
        if length == 1:  # the size follows in 8 bytes
            length = int.from_bytes(head[8:16], "big")
        if length < 8:
            return 0
        at += length
    return at
