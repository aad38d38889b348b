"""Reading and writing blur kernels: .mat, .npy and .png files, and kernels given by a short text."""

from __future__ import annotations

import os
import secrets
import struct
import tokenize
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from torch import Tensor

from mzsr_basicsr.degradation.kernel_text import Written, read_text
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel, validate_kernel
from mzsr_basicsr.degradation.mat_check import check_mat
from mzsr_basicsr.degradation.shake import seeded_shake
from mzsr_basicsr.degradation.shapes import box_kernel, disk_kernel, motion_kernel, pair_kernel
from mzsr_basicsr.errors import KernelError

_BUILDERS: dict[str, Callable[..., Tensor]] = {
    "delta": delta_kernel,
    "gaussian": gaussian_kernel,
    "disk": disk_kernel,
    "box": box_kernel,
    "motion": motion_kernel,
    "pair": pair_kernel,
    "shake": seeded_shake,
}
_LARGEST = 4096  # px of a side of a drawn kernel
_READ_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    NotImplementedError,
    ArithmeticError,
    MemoryError,
    NameError,  # of SciPy, for cells that are cut off
    SyntaxError,
    tokenize.TokenError,  # of the header of .npy files, as the one before
    struct.error,
    zlib.error,
)


def load_kernel(spec: str) -> Tensor:
    """Read the kernel that a text names.

    Args:
        spec: One of: a path to `.mat` (the variable `Kernel`, else the only 2-D numeric array with more than one
            value), `.npy` (never pickled) or `.png` (grey intensities read with Pillow, divided by their sum);
            `gaussian:L1[,L2[,THETA[,SIZE]]]` with variances in px^2 (L2 = L1), radians (0) and an odd side in
            px (15); `disk:RADIUS`, `box:SIDE`, `motion:LENGTH[,DEGREES]`, `pair:VARIANCE,DISTANCE[,DEGREES]`, see
            `shapes`, px and px^2; `shake:SEED[,SIZE]`, a camera shake of an odd side in px (25), see `shake`;
            `delta`, the 1x1 kernel that blurs nothing.

    Returns:
        (k, k) float64 kernel, checked by `validate_kernel`; values of .mat and .npy files keep every bit.

    Raises:
        KernelError: If the file is missing or damaged, the text is unknown, or the array is not a kernel.
    """
    found = read_text(spec)
    if isinstance(found, Written):
        return _BUILDERS[found.shape](*found.numbers)
    try:
        array = _READERS[found.suffix.lower()](found)
    except KernelError:
        raise
    except _READ_ERRORS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise KernelError(f"{spec}: cannot read a kernel from this file ({reason})") from error
    return validate_kernel(array, spec)


def save_kernel(kernel: Tensor, path: str | os.PathLike[str]) -> None:
    """Write a kernel so that `load_kernel` reads it back; the file appears whole or not at all.

    Args:
        kernel: (k, k) kernel, checked first.
        path: `.mat` (variable `Kernel`) or `.npy`, both exact float64; or `.png`, 16-bit grey with the largest weight
            at 65535, exact to 2e-5 of that weight.

    Raises:
        KernelError: If it is not a kernel, the suffix is unknown or the folder cannot be written.
    """
    target = Path(path)
    writer = _WRITERS.get(target.suffix.lower())
    if writer is None:
        raise KernelError(f"{target}: cannot save a kernel as '{target.suffix}'; allowed: {', '.join(_WRITERS)}")
    array = validate_kernel(kernel.detach().cpu(), str(target)).numpy()
    try:
        _write_atomically(target, lambda stream: writer(stream, array))
    except OSError as error:
        raise KernelError(f"{target}: cannot write the kernel ({error.strerror or error})") from error


def _read_mat(path: Path) -> np.ndarray:
    import scipy.io  # slow to import, and few kernels are .mat files

    check_mat(path.read_bytes())
    try:
        content = scipy.io.loadmat(path)
    except scipy.io.matlab.MatReadError as error:
        raise ValueError(str(error)) from error
    variables = {name: value for name, value in content.items() if not name.startswith("__")}
    if "Kernel" in variables:
        return _numeric(variables["Kernel"], path)
    arrays = [value for value in variables.values() if _is_matrix(value)]
    if len(arrays) != 1:
        names = ", ".join(variables) or "none"
        raise KernelError(f"{path}: needs the variable 'Kernel' or exactly one 2-D numeric array; variables: {names}")
    return arrays[0].astype(np.float64)


def _is_matrix(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 2 and value.size > 1 and value.dtype.kind in "fiu"


def _read_npy(path: Path) -> np.ndarray:
    with path.open("rb") as stream:
        return _numeric(np.lib.format.read_array(stream, allow_pickle=False), path)


def _read_png(path: Path) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(path) as image:
            if max(image.size) > _LARGEST:
                raise ValueError(f"{image.width}x{image.height} px are no kernel; at most {_LARGEST} px a side")
            grey = np.asarray(image if image.mode.startswith("I") else image.convert("L"), dtype=np.float64)
    except Image.DecompressionBombError as error:
        raise ValueError(f"more pixels than any kernel has; at most {_LARGEST} px a side") from error
    if grey.sum() <= 0:
        raise KernelError(f"{path}: the image is all black, so it is no kernel; it must sum to more than 0")
    return grey / grey.sum()


def _numeric(value: np.ndarray, path: Path) -> np.ndarray:
    if value.dtype.kind not in "fiu":
        raise KernelError(f"{path}: kernel has the type {value.dtype}; it must hold real numbers")
    return value.astype(np.float64)


def _write_mat(stream: BinaryIO, kernel: np.ndarray) -> None:
    import scipy.io

    scipy.io.savemat(stream, {"Kernel": kernel})


def _write_npy(stream: BinaryIO, kernel: np.ndarray) -> None:
    np.save(stream, kernel, allow_pickle=False)


def _write_png(stream: BinaryIO, kernel: np.ndarray) -> None:
    from PIL import Image

    grey = np.round(kernel.clip(min=0) / kernel.max() * 65535).astype(np.uint16)
    Image.fromarray(grey).save(stream, format="PNG")


_READERS: dict[str, Callable[[Path], np.ndarray]] = {".mat": _read_mat, ".npy": _read_npy, ".png": _read_png}
_WRITERS: dict[str, Callable[[BinaryIO, np.ndarray], None]] = {
    ".mat": _write_mat,
    ".npy": _write_npy,
    ".png": _write_png,
}


def _write_atomically(target: Path, write: Callable[[BinaryIO], None]) -> None:
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with part.open("xb") as stream:  # not mkstemp, whose files only their owner may read
            write(stream)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
