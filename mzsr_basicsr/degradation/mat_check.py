"""Whether a MATLAB file of version 5 is laid out as such files are: SciPy's reader trusts them, and may crash."""

import struct
import zlib

_HEAD = 128  # bytes before the first element
_MATRIX, _COMPRESSED = 14, 15  # data types that hold elements of their own, table 1-1 of the format's description
_TYPES = frozenset({1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 14, 15, 16, 17, 18})
MOST = 2**26  # bytes that a compressed element may have unpacked; a kernel has thousands
_DEPTH = 8  # cells within cells


def check_mat(content: bytes) -> None:
    """Refuse a damaged file; one of another version, or a sound one, passes.

    Raises:
        ValueError: an element is of no type that there is, or does not lie in the file.
    """
    mark = content[126:128]
    if mark not in (b"IM", b"MI") or len(content) < _HEAD:
        return
    _check(content[_HEAD:], "<" if mark == b"IM" else ">", 0)


def _check(data: bytes, order: str, depth: int) -> None:
    """Walk over elements: a tag of type and size, or both in the first half of 8 bytes where the content fits."""
    if depth > _DEPTH:
        raise ValueError("cells within cells, too deep")
    place = 0
    while place + 8 <= len(data):
        kind, size = struct.unpack_from(order + "II", data, place)
        start = place + 8
        if kind >> 16:  # a small element
            kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
        inside = size <= 4 if start < place + 8 else start + size <= len(data)
        if kind not in _TYPES or not inside:
            raise ValueError(f"an element of the type {kind} and {size} bytes, which no sound file has")
        if kind == _COMPRESSED:
            _check(_unpacked(data[start : start + size]), order, depth + 1)
        elif kind == _MATRIX:
            _check(data[start : start + size], order, depth + 1)
        place = start + size if kind == _COMPRESSED else place + 8 if start < place + 8 else start + -(-size // 8) * 8


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    found = unpacker.decompress(data, MOST)
    if unpacker.unconsumed_tail:
        raise ValueError(f"more than {MOST >> 20} MiB are packed in it")
    return found
