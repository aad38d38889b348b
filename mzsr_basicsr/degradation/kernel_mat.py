"""Numeric variables of MATLAB's files of versions 4 to 7, which are no HDF5.

Read here and not by SciPy, whose compiled reader ends the process on some damaged files. The formats are those of
"MAT-File Format" (MathWorks): level 5, which is a tree of tagged elements, and level 4.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from mzsr_basicsr.errors import KernelError

_SIGNED, _UNSIGNED = {1: "i1", 3: "i2", 5: "i4", 12: "i8"}, {2: "u1", 4: "u2", 6: "u4", 13: "u8"}
_TYPES = {**_SIGNED, **_UNSIGNED, 7: "f4", 9: "f8"}  # of data elements
_MATRIX, _PACKED = 14, 15  # elements that hold others
_CELL, _STRUCT, _OBJECT = 1, 2, 3  # classes of matrices
_NUMERIC = range(6, 16)
_COMPLEX = 0x0800
_TYPES_4 = ("f8", "f4", "i4", "i2", "u2", "u1")


def read_mat(content: bytes, where: str, largest: int) -> dict[str, object]:
    """Read the variables of a file: arrays, cell arrays and structures as lists, None for what is not numeric.

    Args:
        content: of the file.
        where: the file, for the message.
        largest: bytes that it may unpack to.

    Raises:
        KernelError: it unpacks to more.
        ValueError, LookupError, RuntimeError, struct.error, zlib.error: it is damaged, or no such file.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None or 0 in content[:4]:
        return dict(_level_4(content))
    found: dict[str, object] = {}
    left = largest
    for kind, data in _elements(memoryview(content)[128:], order):
        whole = data
        if kind == _PACKED:
            whole = memoryview(zlib.decompressobj().decompress(data, left + 1))
            left -= len(whole)
            if left < 0:
                raise KernelError(f"{where}: unpacks to more than {largest >> 20} MiB, so no file of kernels")
            (kind, whole), *_ = _elements(whole, order)
        if kind == _MATRIX:
            name, value = _matrix(whole, order)
            found |= {name: value} if name else {}  # MATLAB's own has no name
    return found


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Give the type and the data of each element; one of at most four bytes may stand in its own tag."""
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        if small := kind >> 16:
            kind, size, begin = kind & 0xFFFF, small, at + 4
        else:
            begin = at + 8
        if size > (4 if small else len(data) - begin):
            raise ValueError("an element is cut off")
        yield kind, data[begin : begin + size]
        at = at + 8 if small else begin + size + (0 if kind == _PACKED else -size % 8)


def _matrix(data: memoryview, order: str) -> tuple[str, object]:
    """Read an element that is a matrix: its name and its value."""
    if not data:  # an empty cell
        return "", None
    head, shape_of, named, *parts = _elements(data, order)
    flags, shape = int(_numbers(*head, order)[0]), tuple(_numbers(*shape_of, order).tolist())
    name, kind = bytes(named[1]).decode("latin-1"), flags & 0xFF
    if kind in (_CELL, _STRUCT, _OBJECT):
        return name, [_matrix(part, order)[1] for type_, part in parts if type_ == _MATRIX]
    if kind not in _NUMERIC:
        return name, None
    value = _numbers(*parts[0], order)
    if flags & _COMPLEX:
        value = value + 1j * _numbers(*parts[1], order)
    return name, value.reshape(shape, order="F")


def _numbers(kind: int, data: memoryview, order: str) -> np.ndarray:
    return np.frombuffer(data, dtype=f"{order}{_TYPES[kind]}")


def _level_4(content: bytes) -> Iterator[tuple[str, object]]:
    """Read a file of MATLAB 4: variables one after the other, each behind five numbers and its name."""
    at = 0
    while at < len(content):
        order = "<" if 0 <= struct.unpack_from("<i", content, at)[0] < 100 else ">"
        sort, rows, columns, imaginary, length = struct.unpack_from(f"{order}5i", content, at)
        sort -= 0 if order == "<" else 1000  # the thousands are the order of bytes
        if not 0 <= sort < 60 or rows < 0 or columns < 0 or length < 1:
            raise ValueError("no file of MATLAB")
        begin, type_ = at + 20 + length, f"{order}{_TYPES_4[sort // 10]}"
        count = rows * columns
        value = np.frombuffer(content, type_, count * (2 if imaginary else 1), begin)
        at = begin + value.nbytes
        whole = value[:count] + 1j * value[count:] if imaginary else value
        name = content[begin - length : begin].rstrip(b"\0").decode("latin-1")
        yield name, whole.reshape((rows, columns), order="F") if sort % 10 == 0 else None  # else a text, or sparse
