"""Variables of MATLAB 7.3 files, which are HDF5: read by h5py, which is imported where there is such a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mzsr_basicsr.errors import KernelError

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MOST = 10_000  # arrays of a file
_DEEPEST = 8  # levels of cell arrays and structures within each other
_INTERNAL = "#"  # what MATLAB's own groups begin with


def is_hdf5(path: Path) -> bool:
    """Tell whether a file is HDF5; MATLAB puts 512 bytes before it."""
    with path.open("rb") as stream:
        start = stream.read(4096)
    return any(start[at : at + 8] == _SIGNATURE for at in (0, 512, 1024, 2048))


def read_hdf5(path: Path, largest: int) -> dict[str, object]:
    """Read the numeric variables of a file: arrays in MATLAB's order of axes, cell arrays and structures as lists.

    Nothing outside of the file is opened: links to other files, and data that lie in them, are left out.

    Args:
        path: of the file.
        largest: bytes that all arrays may have together.

    Raises:
        KernelError: h5py is not installed, or the arrays are larger.
    """
    try:
        import h5py
    except ImportError:
        raise KernelError(
            f"{path}: a MATLAB 7.3 file, which needs the package h5py; run: pip install h5py, or save it in MATLAB by "
            "save(…, '-v7')"
        ) from None
    with h5py.File(path, "r") as file:
        reader = _Reader(h5py, file, path, largest)
        return {name: list(reader.arrays(item, 0)) for name, item in reader.items(file)}


class _Reader:
    """Walks through a file, and counts what it reads."""

    def __init__(self, h5py: Any, file: Any, path: Path, largest: int) -> None:
        self._h5py, self._file, self._path = h5py, file, path
        self._arrays_left, self._bytes_left = _MOST, largest

    def items(self, group: Any) -> Iterator[tuple[str, Any]]:
        for name in group:
            if not name.startswith(_INTERNAL) and isinstance(group.get(name, getlink=True), self._h5py.HardLink):
                yield name, group[name]

    def arrays(self, item: Any, depth: int) -> Iterator[np.ndarray]:
        self._arrays_left -= 1
        if depth > _DEEPEST or self._arrays_left < 0:
            raise KernelError(f"{self._path}: more than {_MOST} arrays, or {_DEEPEST} levels, so no file of kernels")
        if isinstance(item, self._h5py.Group):
            for _, part in self.items(item):
                yield from self.arrays(part, depth + 1)
        elif isinstance(item, self._h5py.Dataset) and item.shape is not None and not item.external:
            yield from self._of_dataset(item, depth)

    def _of_dataset(self, data: Any, depth: int) -> Iterator[np.ndarray]:
        kind = data.attrs.get("MATLAB_class")
        if data.is_virtual or "MATLAB_empty" in data.attrs or kind in (b"char", "char"):
            return
        refers = self._h5py.check_ref_dtype(data.dtype) is self._h5py.Reference
        if not refers and data.dtype.kind not in "fiu":
            return
        self._bytes_left -= data.size * data.dtype.itemsize
        if self._bytes_left < 0:
            raise KernelError(f"{self._path}: unpacks to more than its arrays may have, so no file of kernels")
        if refers:
            for reference in data[()].ravel():  # in this order, since the axes are reversed
                yield from self.arrays(self._file[reference], depth + 1)
        else:
            yield data[()] if kind is None else data[()].T  # MATLAB reverses the axes, h5py does not
