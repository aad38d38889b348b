"""The kernels that a file holds: .mat of MATLAB 4 to 7.3, .npy, .npz, .png; one, a stack, or a cell array of them."""

from __future__ import annotations

import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mzsr_basicsr.degradation.kernel_hdf5 import is_hdf5, read_hdf5
from mzsr_basicsr.degradation.kernel_mat import read_mat
from mzsr_basicsr.degradation.kernel_text import InFile
from mzsr_basicsr.errors import KernelError

_LARGEST = 64 * 2**20  # bytes of a file, and of what is packed in it
_SHOWN = 12  # entries of a list of kernels, for people
_NUMBERS = "fiubc"
_DRAWN = ("PNG", "BMP", "GIF", "JPEG", "TIFF", "WEBP")  # what a file named .png may really be; none of them runs code
_ERRORS = (
    *(OSError, EOFError, MemoryError, RuntimeError, ValueError, TypeError, LookupError, AttributeError, OverflowError),
    *(SyntaxError, AssertionError, struct.error, zlib.error, zipfile.BadZipFile, tokenize.TokenError),
)  # what NumPy, Pillow and h5py are known to raise on damaged files


class Found(NamedTuple):
    """An array of a file, 2-D if it is a kernel, and the variable that it stands in ("" where there are none)."""

    name: str
    weights: np.ndarray


def kernels_in(path: Path) -> list[Found]:
    """Read all kernels of a file, in their order: MATLAB's in a cell array, along the axis of a stack.

    Of a `.mat` file these are the variable `Kernel`, or else all numeric arrays of more than one value, and of these
    the matrices if there are any. A stack is (n, k, k) or (k, k, n); nothing that is pickled is opened.

    Raises:
        KernelError: one line: the file is too large or damaged, or holds no kernel.
    """
    if path.stat().st_size > _LARGEST:
        raise KernelError(f"{path}: larger than {_LARGEST >> 20} MiB, so no file of kernels")
    try:
        found = _READERS[path.suffix.lower()](path)
    except KernelError:
        raise
    except _ERRORS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise KernelError(f"{path}: cannot read a kernel from this file ({reason[:300]})") from error
    return found


def choose(found: list[Found], asked: InFile) -> np.ndarray:
    """Take the kernel that was asked for.

    Raises:
        KernelError: there are several and none was named, or not so many; the line lists them.
    """
    path, number = asked
    if number is None and len(found) == 1:
        return found[0].weights
    if number is not None and 1 <= number <= len(found):
        return found[number - 1].weights
    there = f"holds {len(found)} kernels" if len(found) > 1 else "holds one kernel"
    how = (
        f"choose one by its number, as in '{path}[1]'"
        if number is None
        else f"there is no [{number}]; the first is [1]"
    )
    raise KernelError(f"{path}: {there}; {how}: {_listed(found)}")


def _listed(found: list[Found]) -> str:
    """Give all kernels of a file in a line: their numbers, variables and shapes."""
    entries = []
    labels = [f"{name} {'x'.join(map(str, weights.shape))}".strip() for name, weights in found]
    for label, group in groupby(enumerate(labels, 1), key=lambda pair: pair[1]):
        numbers = [number for number, _ in group]
        entries.append((f"[{numbers[0]}] to " if len(numbers) > 1 else "") + f"[{numbers[-1]}] {label}")
    more = f", and so on to [{len(found)}]" if len(entries) > _SHOWN else ""
    return ", ".join(entries[:_SHOWN]) + more


def _read_mat(path: Path) -> list[Found]:
    variables = read_hdf5(path, _LARGEST) if is_hdf5(path) else read_mat(path.read_bytes(), str(path), _LARGEST)
    chosen = {"Kernel": variables["Kernel"]} if "Kernel" in variables else variables
    arrays = [Found(name, array) for name, value in chosen.items() for array in _unfolded(value, last=True)]
    if "Kernel" not in variables:
        arrays = [one for one in arrays if one.weights.size > 1]
        arrays = [one for one in arrays if one.weights.ndim == 2 and min(one.weights.shape) > 1] or arrays
    if not arrays:
        names = ", ".join(variables) or "none"
        raise KernelError(f"{path}: needs the variable 'Kernel', or 2-D numeric arrays; variables: {names[:300]}")
    return arrays


def _read_npy(path: Path) -> list[Found]:
    with path.open("rb") as stream:
        return [Found("", one) for one in _unfolded(np.lib.format.read_array(stream, allow_pickle=False), last=False)]


def _read_npz(path: Path) -> list[Found]:
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
            raise KernelError(f"{path}: unpacks to more than {_LARGEST >> 20} MiB, so no file of kernels")
    with np.load(path, allow_pickle=False) as arrays:
        found = [Found(name, one) for name in arrays.files for one in _unfolded(arrays[name], last=False)]
    if not found:
        raise KernelError(f"{path}: holds no array")
    return found


def _read_png(path: Path) -> list[Found]:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=_DRAWN) as image:
                if 8 * image.width * image.height > _LARGEST:
                    raise KernelError(f"{path}: {image.width}x{image.height} px are no kernel")
                grey = np.asarray(image if image.mode.startswith("I") else image.convert("L"), dtype=np.float64)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise ValueError(str(error)) from error
    if grey.sum() <= 0:
        raise KernelError(f"{path}: the image is all black, so it is no kernel; it must sum to more than 0")
    return [Found("", grey / grey.sum())]


def _unfolded(value: object, last: bool) -> Iterator[np.ndarray]:
    """Give the arrays of numbers in an array, a cell array, a structure or a list; `last`: the axis of most stacks."""
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _unfolded(part, last)
    elif not isinstance(value, np.ndarray):
        return
    elif value.dtype.names:
        for name in value.dtype.names:
            yield from _unfolded(value[name], last)
    elif value.dtype.kind == "O":
        for part in value.ravel(order="F"):
            yield from _unfolded(part, last)
    elif value.dtype.kind in _NUMBERS:
        yield from _unstacked(value.squeeze() if value.ndim > 2 else value, last)


def _unstacked(array: np.ndarray, last: bool) -> Iterator[np.ndarray]:
    """Take a stack of kernels apart, along the axis that is not one of two equal ones."""
    if array.ndim != 3:
        yield array
        return
    low, middle, high = array.shape
    surely_last, surely_first = low == middle != high, low != middle == high
    yield from np.moveaxis(array, 2 if surely_last or (last and not surely_first) else 0, 0)


_READERS: Mapping[str, Callable[[Path], list[Found]]] = {
    ".mat": _read_mat,
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".png": _read_png,
}
