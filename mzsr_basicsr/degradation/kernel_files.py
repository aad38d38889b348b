"""Blur kernels from a short text or a file, and back into a file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from torch import Tensor

from mzsr_basicsr.degradation.kernel_readers import choose, kernels_in
from mzsr_basicsr.degradation.kernel_text import Written, read_text
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel, validate_kernel
from mzsr_basicsr.degradation.repair import needed
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


def load_kernel(spec: str) -> Tensor:
    """Read the kernel that a text names.

    Args:
        spec: One of: a path to `.mat` (of MATLAB 7.3, too), `.npy` (never pickled), `.npz` or `.png`, see
            `kernel_readers`; `FILE[3]`, the third of a file's kernels, of cell arrays and stacks;
            `gaussian:L1[,L2[,THETA[,SIZE]]]` with variances in px^2 (L2 = L1), radians (0) and an odd side in
            px (15); `disk:RADIUS`, `box:SIDE`, `motion:LENGTH[,DEGREES]`, `pair:VARIANCE,DISTANCE[,DEGREES]`, see
            `shapes`, px and px^2; `shake:SEED[,SIZE]`, a camera shake of an odd side in px (25), see `shake`;
            `delta`, the 1x1 kernel that blurs nothing.

    Returns:
        (k, k) float64 kernel, checked by `validate_kernel`; values of .mat and .npy files keep every bit.

    Raises:
        KernelError: If the file is missing or damaged, the text is unknown, or the array is not a kernel.

    Example:
        >>> load_kernel("gaussian:2,1").shape
        torch.Size([15, 15])
        >>> load_kernel("box:2").tolist()
        [[0.0625, 0.125, 0.0625], [0.125, 0.25, 0.125], [0.0625, 0.125, 0.0625]]
    """
    found = read_text(spec)
    if isinstance(found, Written):
        return _BUILDERS[found.shape](*found.numbers)
    weights = read_weights(spec)
    return as_kernel(weights, spec, weights)


def as_kernel(weights: np.ndarray, spec: str, given: np.ndarray) -> Tensor:
    """Check weights by `validate_kernel`; a refusal names the repairs that what was given needs.

    Raises:
        KernelError: they are no kernel.

    Example:
        >>> weights = np.full((3, 3), 1.0)
        >>> as_kernel(weights, "mine.npy", weights)
        Traceback (most recent call last):
            ...
        mzsr_basicsr.errors.KernelError: mine.npy: kernel sums to 9; ... mzsr kernel convert 'mine.npy' ... --normalise
    """
    try:
        return validate_kernel(weights, spec)
    except KernelError as error:
        repairs = needed(given)
        if not repairs:
            raise
        raise KernelError(f"{error}; repair it: mzsr kernel convert '{spec}' -o NEW.npy {' '.join(repairs)}") from None


def read_weights(spec: str) -> np.ndarray:
    """Read the array that a text names; unlike `load_kernel`, whatever its shape, its sum and its signs.

    Returns:
        Real numbers in float64; kernels drawn as .png are divided by their sum.

    Raises:
        KernelError: The file is missing or damaged, the text is unknown, or the array does not hold real numbers.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/mine.npy", np.full((3, 3), 2))
        ...     read_weights(f"{folder}/mine.npy").sum().item()
        18.0
    """
    found = read_text(spec)
    if isinstance(found, Written):
        return load_kernel(spec).numpy()
    weights = choose(kernels_in(found.path), found)
    if weights.dtype.kind not in "fiub":
        raise KernelError(f"{spec}: kernel has the type {weights.dtype}; it must hold real numbers")
    return weights.astype(np.float64)


def save_kernel(kernel: Tensor, path: str | os.PathLike[str]) -> None:
    """Write a kernel so that `load_kernel` reads it back; the file appears whole or not at all.

    Args:
        kernel: (k, k) kernel, checked first.
        path: `.mat` (variable `Kernel`) or `.npy`, both exact float64; or `.png`, 16-bit grey with the largest weight
            at 65535, exact to 2e-5 of that weight.

    Raises:
        KernelError: If it is not a kernel, the suffix is unknown or the folder cannot be written.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> kernel = gaussian_kernel(2.0, 1.0, 0.5)
        >>> with TemporaryDirectory() as folder:
        ...     save_kernel(kernel, f"{folder}/mine.mat")
        ...     load_kernel(f"{folder}/mine.mat").equal(kernel)  # every bit
        True
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


def _write_mat(stream: BinaryIO, kernel: np.ndarray) -> None:
    import scipy.io

    scipy.io.savemat(stream, {"Kernel": kernel})


def _write_npy(stream: BinaryIO, kernel: np.ndarray) -> None:
    np.save(stream, kernel, allow_pickle=False)


def _write_png(stream: BinaryIO, kernel: np.ndarray) -> None:
    from PIL import Image

    grey = np.round(kernel.clip(min=0) / kernel.max() * 65535).astype(np.uint16)
    Image.fromarray(grey).save(stream, format="PNG")


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
