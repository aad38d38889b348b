"""One DICOM file from its stored values to a DICOM file of enlarged ones, frame by frame."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from time import perf_counter
from typing import BinaryIO

import numpy as np
from pydicom import DataElement, dcmwrite

from mzsr_basicsr.degradation.resize import output_length
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.fields.dicom.geometry import correct
from mzsr_basicsr.fields.dicom.header import derive, little_endian
from mzsr_basicsr.fields.dicom.overlays import enlarge_overlays
from mzsr_basicsr.fields.dicom.reading import FAILURES, Scan, open_scan, reading
from mzsr_basicsr.fields.dicom.series import planned, with_choices
from mzsr_basicsr.fields.frames import NOT_FOR_DIAGNOSIS, Planned, Values, enlarge
from mzsr_basicsr.fields.place import Place, place_of
from mzsr_basicsr.fields.whole import whole
from mzsr_basicsr.pictures.picture import reason
from mzsr_basicsr.upscaling.described import Record, describe_run
from mzsr_basicsr.upscaling.plan import Plan
from mzsr_basicsr.upscaling.render import Progress
from mzsr_basicsr.upscaling.upscaler import Upscaler

_MOST_BYTES = 2**32 - 2  # of an element, PS3.5 section 7.1
_MOST_SIDE = 2**16 - 1


def upscale_file(source: Path, target: Path, upscaler: Upscaler, progress: Progress | None = None) -> Record:
    """Upscale a DICOM file into another.

    Args:
        source: of one frame or many.
        target: written whole or not at all.
        upscaler: the network and its choices.
        progress: called with (done, in all), px of the one frame, or frames.

    Returns:
        A record of what was done.

    Raises:
        MZSRError: one line.
    """
    scan = open_scan(source)
    size = _check_size(scan, upscaler.settings.scale)
    values = with_choices(scan, upscaler)
    plan = planned(scan, upscaler)
    height, width = int(scan.header.Rows), int(scan.header.Columns)
    start = perf_counter()
    notices = _correct(scan, place_of(plan.plan.chosen.degradation, upscaler.settings.scale, size))
    with whole(target) as part, tempfile.TemporaryFile(dir=target.parent) as pixels:
        _write_frames(scan, plan, values, upscaler, progress, pixels)
        notices += _write(scan, plan.plan, upscaler, pixels, part)
        memory = plan.remember(upscaler)
    seconds = {**plan.plan.seconds, "upscaling": perf_counter() - start}
    record = describe_run(plan.plan, upscaler.settings, np.empty((height, width, 0)), seconds)
    notices = [NOT_FOR_DIAGNOSIS, *record["notices"], *(f"{source}: {notice}" for notice in notices)]
    return {**record, "notices": notices, "memory": memory, "frames": scan.frames, "kind": "DICOM"}


def _check_size(scan: Scan, scale: float) -> tuple[int, int]:
    """Give (width, height) of a result, px, or refuse one that is too large."""
    width, height = (output_length(int(side), scale) for side in (scan.header.Columns, scan.header.Rows))
    size = height * width * scan.bands * scan.values.dtype.itemsize * scan.frames
    if max(height, width) > _MOST_SIDE or size > _MOST_BYTES:
        raise ImageError(
            f"{scan.path}: {scan.frames} frames of {width}x{height} px are more than a DICOM file holds "
            f"({_MOST_SIDE} px a side, 4 GiB); give a smaller --scale"
        )
    return width, height


def _correct(scan: Scan, place: Place) -> list[str]:
    """Correct what a header says of places, before the work, as damaged ones are found so."""
    header = scan.header
    with reading(scan.path):
        if header.original_encoding[1] is False:
            little_endian(header)
        return [*correct(header, place), *enlarge_overlays(header, place)]


def _write_frames(
    scan: Scan, plan: Planned, values: Values, upscaler: Upscaler, progress: Progress | None, pixels: BinaryIO
) -> None:
    """Enlarge all frames into a stream, little-endian and one after the other."""
    within = progress if scan.frames == 1 else None
    for index, frame in enumerate(scan.all_frames()):
        large = enlarge(frame, plan, values, upscaler, str(scan.path), within)
        pixels.write(np.ascontiguousarray(large, large.dtype.newbyteorder("<")).tobytes())
        if progress and within is None:
            progress(index + 1, scan.frames)
    if pixels.tell() % 2:
        pixels.write(b"\0")  # elements are of even length
    pixels.seek(0)


def _write(scan: Scan, plan: Plan, upscaler: Upscaler, pixels: BinaryIO, part: Path) -> list[str]:
    """Write the header of a result and its pixels; give what there is to say of it."""
    header = scan.header
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notices = derive(scan, plan, upscaler)
            header.add(DataElement(0x7FE00010, "OB" if header.BitsAllocated <= 8 else "OW", pixels))
            dcmwrite(part, header, enforce_file_format=True)
    except OSError:  # of the target, see `whole`
        raise
    except FAILURES as error:
        raise ImageError(f"{scan.path}: its header cannot be written anew ({reason(error)}); repair it") from error
    return notices
