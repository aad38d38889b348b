"""Overlay planes (60xx): bits drawn over the pixels, enlarged by repetition so that they stay where they were."""

from __future__ import annotations

import math

import numpy as np
from pydicom import Dataset
from pydicom.pixels.utils import pack_bits

from mzsr_basicsr.fields.place import Place

_GROUPS = range(0x6000, 0x6020, 2)


def enlarge_overlays(header: Dataset, place: Place) -> list[str]:
    """Enlarge the overlays of a header in place.

    Args:
        header: of the image; overlays that have no data of their own are dropped.
        place: how the result lies on the image.

    Returns:
        A line about each that was dropped.
    """
    notices = []
    for group in _GROUPS:
        if not any(tag.group == group for tag in header.keys()):  # noqa: SIM118  a Dataset iterates over elements
            continue
        try:
            planes = header.overlay_array(group)
            _enlarge(header, group, planes if planes.ndim == 3 else planes[None], place)
        except (AttributeError, KeyError, TypeError, ValueError):  # what pydicom raises on one that is not whole
            for tag in [tag for tag in header.keys() if tag.group == group]:  # noqa: SIM118
                del header[tag]
            notices.append(f"overlay {group:04X} has no bits of its own, or is damaged; it was left out")
    return notices


def _enlarge(header: Dataset, group: int, planes: np.ndarray, place: Place) -> None:
    """Enlarge (frames, rows, columns) planes; an origin is (row, column), counted from 1."""
    origin = [int(value) for value in header[group, 0x0050].value]
    rows, top = _repeated(origin[0] - 1, planes.shape[1], place, place.y)
    columns, left = _repeated(origin[1] - 1, planes.shape[2], place, place.x)
    large = planes[:, rows[:, None], columns]
    header[group, 0x0010].value, header[group, 0x0011].value = len(rows), len(columns)
    header[group, 0x0050].value = [top + 1, left + 1]
    header[group, 0x3000].value = pack_bits(large.astype(np.uint8))
    header[group, 0x3000].VR = "OW"
    if (group, 0x1301) in header:  # the area of a region of interest, px
        header[group, 0x1301].value = int(large.sum())


def _repeated(first: int, count: int, place: Place, offset: float) -> tuple[np.ndarray, int]:
    """Give the plane's pixel that each pixel of the large one repeats, and where on the result the first one lies."""
    start = math.ceil(place.on_result(first - 0.5, offset))
    stop = math.ceil(place.on_result(first + count - 0.5, offset))
    places = (place.on_image(float(pixel), offset) for pixel in range(start, stop))
    nearest = [min(max(math.floor(at + 0.5) - first, 0), count - 1) for at in places]
    return np.array(nearest, np.intp), start
