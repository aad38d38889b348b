"""A series of files: one of them, the same whatever is upscaled first, speaks for all."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from pydicom import Dataset, dcmread

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.fields.dicom.reading import Scan, open_scan, reading
from mzsr_basicsr.fields.frames import Planned, Values, from_the_middle, has_content, make_plan
from mzsr_basicsr.fields.kinds import field_of
from mzsr_basicsr.upscaling.upscaler import Upscaler

_Key = tuple[str, ...]
_TOLD_BY = ["SeriesInstanceUID", "InstanceNumber", "Rows", "Columns", "SamplesPerPixel", "NumberOfFrames"]


def planned(scan: Scan, upscaler: Upscaler) -> Planned:
    """Plan by the middle frame of a file, or by the middle file of the series that lies in its folder.

    A frame that holds nothing, or cannot be read, is passed over for the next one to the middle.

    Raises:
        ImageError, KernelError: see `Upscaler.plan`.
    """
    files = [scan.path] if scan.frames > 1 else _series_of(scan)
    return _planned_by(tuple(str(file) for file in files), upscaler)


def with_choices(scan: Scan, upscaler: Upscaler) -> Values:
    """Give what may be stored of a scan; a value of no data that the settings name goes before the file's."""
    values, asked = scan.values, upscaler.settings.nodata
    if asked is None:
        return values
    return Values(values.dtype, values.low, values.high, asked)


@lru_cache(maxsize=8)
def _planned_by(files: tuple[str, ...], upscaler: Upscaler) -> Planned:
    """Plan once for a series; the names of a few may alternate in a folder."""
    first = None
    for place in from_the_middle(len(files)):
        try:
            scan = open_scan(Path(files[place]))
            values = with_choices(scan, upscaler)
            for index in from_the_middle(scan.frames):
                frame = scan.frame(index)
                first = first or (frame, values, files[place])
                if has_content(frame, values):
                    return make_plan(frame, values, upscaler, files[place])
        except ImageError:
            if len(files) == 1:
                raise
    if first is None:
        raise ImageError(f"{files[0]}: no file of its series can be read")
    return make_plan(*first[:2], upscaler, first[2])


def _series_of(scan: Scan) -> list[Path]:
    """List the files of single frames in a file's folder that share its series and its size, by their numbers."""
    own = _key(scan.header)
    folder = scan.path.parent
    known = _series_in(folder, os.stat(folder).st_mtime_ns)
    return known.get(own, [scan.path]) if own[0] else [scan.path]


@lru_cache(maxsize=2)
def _series_in(folder: Path, changed: int) -> dict[_Key, list[Path]]:
    """Sort the files of a folder into series; it is read again when it has changed."""
    found: dict[_Key, list[tuple[int, str, Path]]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.is_file() or field_of(path) != "dicom":
            continue
        try:
            with reading(path):
                header = dcmread(path, stop_before_pixels=True, specific_tags=_TOLD_BY)  # type: ignore[arg-type]
                number = int(header.get("InstanceNumber") or 0)
                if int(header.get("NumberOfFrames") or 1) == 1:
                    found.setdefault(_key(header), []).append((number, path.name, path))
        except ImageError:
            continue  # it is reported where it is upscaled
    return {key: [path for _, _, path in sorted(files)] for key, files in found.items()}


def _key(header: Dataset) -> _Key:
    values = (header.get(keyword) for keyword in ("SeriesInstanceUID", "Rows", "Columns", "SamplesPerPixel"))
    return tuple("" if value is None else str(value) for value in values)
