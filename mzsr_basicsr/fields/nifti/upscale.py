"""One NIfTI file from its stored values to a NIfTI file of enlarged ones, slice by slice; the affine follows."""

from __future__ import annotations

import gzip
import math
import os
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from mzsr_basicsr.degradation.resize import output_length
from mzsr_basicsr.fields.frames import (
    NOT_FOR_DIAGNOSIS,
    Planned,
    Values,
    enlarge,
    from_the_middle,
    has_content,
    make_plan,
)
from mzsr_basicsr.fields.nifti.header import derived_header
from mzsr_basicsr.fields.nifti.volume import Volume, open_volume
from mzsr_basicsr.fields.place import place_of
from mzsr_basicsr.fields.whole import whole
from mzsr_basicsr.upscaling.described import Record, describe_run
from mzsr_basicsr.upscaling.render import Progress
from mzsr_basicsr.upscaling.upscaler import Upscaler

_CHUNK = 2**22  # bytes written at once


def upscale_file(source: Path, target: Path, upscaler: Upscaler, progress: Progress | None = None) -> Record:
    """Upscale a NIfTI file into another.

    Args:
        source: of two dimensions or more.
        target: .nii or .nii.gz, written whole or not at all.
        upscaler: the network and its choices.
        progress: called with (slices done, slices in all).

    Returns:
        A record of what was done.

    Raises:
        MZSRError: one line.
    """
    volume = open_volume(source, upscaler.settings.nodata)
    plan = _planned(volume, upscaler)
    start = perf_counter()
    scale, (across, down) = upscaler.settings.scale, volume.plane
    shape = list(volume.stored.shape)
    shape[across], shape[down] = (output_length(shape[axis], scale) for axis in (across, down))
    place = place_of(plan.plan.chosen.degradation, scale, (shape[across], shape[down]))
    beginning, notices = derived_header(volume, place, tuple(shape))
    with whole(target) as part, tempfile.TemporaryFile(dir=target.parent) as room:
        dtype = volume.values.dtype
        os.posix_fallocate(room.fileno(), 0, math.prod(shape) * dtype.itemsize)  # a full disk is told here
        large = np.memmap(room, dtype, "r+", shape=tuple(shape), order="F")
        _enlarge_all(volume, plan, upscaler, large, progress)
        _write(beginning, large, volume.image.get_data_dtype(), part, target.name.lower().endswith(".gz"))
        memory = plan.remember(upscaler)
    seconds = {**plan.plan.seconds, "upscaling": perf_counter() - start}
    height, width = (volume.stored.shape[axis] for axis in (down, across))
    record = describe_run(plan.plan, upscaler.settings, np.empty((height, width, 0)), seconds)
    notices = [NOT_FOR_DIAGNOSIS, *record["notices"], *(f"{source}: {notice}" for notice in notices)]
    frames = volume.slices * shape[3]
    return {**record, "notices": notices, "memory": memory, "frames": frames, "kind": "NIfTI"}


def _planned(volume: Volume, upscaler: Upscaler) -> Planned:
    """Plan by the slice with the most in it, of the middle third of the middle volume."""
    number, count = volume.stored.shape[3] // 2, volume.slices
    middle = list(from_the_middle(count))[: max(1, count // 3)]
    if not any(has_content(volume.slice_of(number, index), volume.values) for index in middle):
        middle = list(range(count))
    best = max(middle, key=lambda index: _content(volume.slice_of(number, index), volume.values))
    return make_plan(volume.slice_of(number, best), volume.values, upscaler, str(volume.path))


def _content(frame: np.ndarray, values: Values) -> float:
    """Measure how much is in a slice: its mean step from pixel to pixel."""
    shown = np.nan_to_num(values.shown(frame)[:, :, 0].astype(np.float64), posinf=0, neginf=0)
    return float(np.abs(np.diff(shown, axis=0)).mean() + np.abs(np.diff(shown, axis=1)).mean())


def _enlarge_all(
    volume: Volume, plan: Planned, upscaler: Upscaler, large: np.ndarray, progress: Progress | None
) -> None:
    numbers = volume.stored.shape[3]
    for number in range(numbers):
        for index in range(volume.slices):
            frame = volume.slice_of(number, index)
            result = enlarge(frame, plan, volume.values, upscaler, str(volume.path))
            large[volume.where(number, index)] = result[:, :, 0].T
            if progress:
                progress(number * volume.slices + index + 1, numbers * volume.slices)


def _write(start: bytes, large: np.ndarray, kind: np.dtype, part: Path, packed: bool) -> None:
    """Write the bytes of a header and the values, of a type and byte order, the first axis running fastest."""
    with part.open("wb") as raw:
        stream: Any = gzip.GzipFile("", "wb", 6, raw, mtime=0) if packed else raw  # mtime: the same for the same work
        stream.write(start)
        flat, step = large.reshape(-1, order="F"), _CHUNK // large.itemsize
        for first in range(0, flat.size, step):
            stream.write(np.asarray(flat[first : first + step]).astype(kind).tobytes())
        if packed:
            stream.close()
