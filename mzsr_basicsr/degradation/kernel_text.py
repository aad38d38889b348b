"""How kernels are written: a shape and its numbers, as `gaussian:2,1,0.5` or `disk:3`, or a file, as `k.mat[3]`.

This module imports the standard library alone, so that a wrong text or a missing file is refused before anything heavy
is loaded.
"""

import math
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from mzsr_basicsr.errors import KernelError

FILE_SUFFIXES = (".mat", ".npy", ".npz", ".png")
_ONE_OF_MANY = re.compile(r"(?P<path>.+)\[(?P<number>\d{1,9})\]", re.DOTALL)
_GAUSSIAN = "gaussian:L1[,L2[,THETA[,SIZE]]]"
_SHAKE = "shake:SEED[,SIZE]"
_SMALLEST, _LARGEST = 0.1, 40.0  # px or px², of any extent of a shape
_SIDES = (5, 81)  # px, of camera shakes


class Shape(NamedTuple):
    """How a shape that is no Gaussian is written: its extents, whether degrees may follow, and all of it for people."""

    extents: tuple[str, ...]
    turns: bool
    form: str


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "disk": Shape(("radius",), False, "disk:RADIUS"),
        "box": Shape(("side",), False, "box:SIDE"),
        "motion": Shape(("length",), True, "motion:LENGTH[,DEGREES]"),
        "pair": Shape(("variance", "distance"), True, "pair:VARIANCE,DISTANCE[,DEGREES]"),
    }
)
_FORMS = ", ".join([_GAUSSIAN, *(shape.form for shape in SHAPES.values()), _SHAKE])
ALLOWED = f"a .mat, .npy, .npz or .png file (FILE[3]: the third kernel in it), {_FORMS}, or delta"

TURNED = "turn the given kernel by 180 degrees: it is of a project that convolves (default: correlate, as it is)"


class Written(NamedTuple):
    """A kernel as it was written: a shape with its numbers, in the order of its function's parameters."""

    shape: str
    numbers: tuple[float, ...] = ()


class InFile(NamedTuple):
    """A kernel in a file that is there; the number counts the file's kernels from 1, None is for a file of one."""

    path: Path
    number: int | None = None


def read_text(spec: str, words: tuple[str, ...] = ()) -> Written | InFile:
    """Take apart the text that names a kernel; see `kernel_files.load_kernel`.

    Args:
        spec: the text.
        words: that stand for a kernel where it is asked for, too; they are named in the refusal of others.

    Raises:
        KernelError: the text is unknown, a number is wrong, or the file it names is not there.
    """
    name = spec.partition(":")[0]
    if spec == "delta":
        return Written(spec)
    if spec.startswith("gaussian:"):
        return Written(name, _gaussian(spec))
    if spec.startswith("shake:"):
        return Written(name, _shake(spec))
    if name in SHAPES:
        return Written(name, _shape(name, spec))
    chosen = _ONE_OF_MANY.fullmatch(spec)
    path, number = (Path(chosen["path"]), int(chosen["number"])) if chosen else (Path(spec), None)
    if path.suffix.lower() not in FILE_SUFFIXES:
        near = get_close_matches(name.lower(), (*words, "gaussian", *SHAPES, "shake", "delta"), n=1)
        meant = f", did you mean {near[0]}?" if near else ";"
        raise KernelError(f"{spec}: unknown kernel{meant} allowed: {', '.join((*words, ALLOWED))}")
    if not os.path.isfile(path):  # unlike the path's own method, no error where a name is too long
        raise KernelError(f"{spec}: kernel file not found; allowed: {ALLOWED}")
    return InFile(path, number)


def files_of(*specs: str) -> list[Path]:
    """Name the files that texts take kernels from, so that none of them is written over.

    Raises:
        KernelError: as `read_text`.
    """
    return [found.path for spec in specs if isinstance(found := read_text(spec), InFile)]


def check_extents(shape: str, *extents: float) -> None:
    """Refuse extents of a shape that are too small or too large, in the order of `SHAPES`.

    Raises:
        KernelError: one line.
    """
    for name, extent in zip(SHAPES[shape].extents, extents, strict=True):
        unit = "px²" if name == "variance" else "px"
        if not _SMALLEST <= extent <= _LARGEST:
            raise KernelError(f"{shape} kernel: {name} {extent:g} must be {_SMALLEST:g} to {_LARGEST:g} {unit}")


def _gaussian(spec: str) -> tuple[float, float, float, int]:
    fields = spec.removeprefix("gaussian:").split(",")
    try:
        numbers = [float(field) for field in fields[:3]]
        size = int(fields[3]) if len(fields) > 3 else 15
    except ValueError as error:
        raise KernelError(f"{spec}: not numbers; write {_GAUSSIAN}") from error
    if len(fields) > 4:
        raise KernelError(f"{spec}: {len(fields)} numbers; write {_GAUSSIAN}")
    lambda1 = numbers[0]
    lambda2 = numbers[1] if len(numbers) > 1 else lambda1
    theta = numbers[2] if len(numbers) > 2 else 0.0
    if not (0 < lambda1 < math.inf and 0 < lambda2 < math.inf and math.isfinite(theta)):
        raise KernelError(f"{spec}: variances must be positive px^2 and the angle finite radians")
    if size < 1 or size % 2 == 0:
        raise KernelError(f"{spec}: size {size} must be an odd positive number of pixels")
    return lambda1, lambda2, theta, size


def _shake(spec: str) -> tuple[int, int]:
    fields = spec.removeprefix("shake:").split(",")
    try:
        seed, size = (int(field) for field in (fields if len(fields) > 1 else [*fields, "25"]))
    except ValueError as error:
        raise KernelError(f"{spec}: needs one or two integers; write {_SHAKE}") from error
    if not 0 <= seed < 2**32:
        raise KernelError(f"{spec}: the seed must be 0 to {2**32 - 1}; write {_SHAKE}")
    if not _SIDES[0] <= size <= _SIDES[1] or size % 2 == 0:
        raise KernelError(f"{spec}: size {size} must be an odd number of px from {_SIDES[0]} to {_SIDES[1]}")
    return seed, size


def _shape(name: str, spec: str) -> tuple[float, ...]:
    extents, turns, form = SHAPES[name]
    try:
        numbers = tuple(float(field) for field in spec.partition(":")[2].split(","))
    except ValueError as error:
        raise KernelError(f"{spec}: not numbers; write {form}") from error
    fewest, most = len(extents), len(extents) + turns
    if not fewest <= len(numbers) <= most or not all(map(math.isfinite, numbers)):
        raise KernelError(f"{spec}: needs {fewest} to {most} finite numbers; write {form}")
    try:
        check_extents(name, *numbers[:fewest])
    except KernelError as error:
        raise KernelError(f"{spec}: {error}; write {form}") from error
    return numbers
