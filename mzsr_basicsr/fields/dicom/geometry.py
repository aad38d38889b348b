"""The geometry of a scan after it was enlarged: spacing of all kinds, positions, and places given in pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pydicom import Dataset
from pydicom.valuerep import DSfloat

from mzsr_basicsr.fields.place import Place

_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")  # mm, down and across
_SHUTTERS = ("Shutter", "Collimator")


def correct(header: Dataset, place: Place) -> list[str]:
    """Correct the geometry of a header in place.

    Args:
        header: of the image.
        place: how the result lies on the image.

    Returns:
        Lines about what could not be corrected.
    """
    header.Rows, header.Columns = place.height, place.width
    notices = []
    if not _correct_plane(header, place) and not _has_spacing(header):
        notices.append("no pixel spacing in the file: the result has none either, and keeps its position")
    for region in header.get("SequenceOfUltrasoundRegions") or []:
        _correct_region(region, place)
    for kind in _SHUTTERS:
        _correct_shutter(header, kind, place)
    return notices


def _has_spacing(header: Dataset) -> bool:
    return any(header.get(keyword) for keyword in (*_SPACINGS, "SequenceOfUltrasoundRegions"))


def _correct_plane(header: Dataset, place: Place) -> bool:
    """Correct the planes of a header and of its frames; tell whether any had a spacing and could be."""
    moved = False
    for plane, spaced, oriented in _planes(header):
        moved |= _move(plane, spaced, oriented, place)
    for holder in _holders_of_spacing(header):
        for keyword in _SPACINGS:
            spacing = holder.get(keyword)
            if spacing:
                setattr(holder, keyword, [_decimal(float(value) / place.scale) for value in spacing])
                moved = True
    return moved


def _holders_of_spacing(header: Dataset) -> Iterator[Dataset]:
    yield header
    for group in _groups(header):
        yield from group.get("PixelMeasuresSequence") or []


def _groups(header: Dataset) -> list[Dataset]:
    shared, frames = (header.get(f"{kind}FunctionalGroupsSequence") or [] for kind in ("Shared", "PerFrame"))
    return [*shared, *frames]


def _planes(header: Dataset) -> Iterator[tuple[Dataset, Sequence[float] | None, Sequence[float] | None]]:
    """Give each item that holds a position, with the spacing and the orientation that go with it, as they were."""
    spacing, orientation = header.get("PixelSpacing"), header.get("ImageOrientationPatient")
    yield header, spacing, orientation
    for detector in header.get("DetectorInformationSequence") or []:  # of nuclear medicine
        yield detector, spacing, detector.get("ImageOrientationPatient") or orientation
    shared = (header.get("SharedFunctionalGroupsSequence") or [None])[0]
    for group in _groups(header):
        for position in group.get("PlanePositionSequence") or []:
            yield (
                position,
                _in_groups(group, shared, "PixelMeasuresSequence", "PixelSpacing"),
                _in_groups(group, shared, "PlaneOrientationSequence", "ImageOrientationPatient"),
            )


def _in_groups(group: Dataset, shared: Dataset | None, sequence: str, keyword: str) -> Sequence[float] | None:
    """Look a value up in a frame's own group, and then in what the frames share."""
    for holder in (group, shared):
        for item in (holder.get(sequence) or []) if holder is not None else []:
            if item.get(keyword):
                return list(item.get(keyword))
    return None


def _move(plane: Dataset, spacing: Sequence[float] | None, orientation: Sequence[float] | None, place: Place) -> bool:
    """Move the centre of the first pixel (PS3.3 section C.7.6.2.1.1)."""
    position = plane.get("ImagePositionPatient")
    if not position or not spacing or not orientation or len(orientation) != 6 or len(position) != 3:
        return False
    x, y = place.origin
    down, across = (float(value) for value in spacing)
    along_row, along_column = ([float(value) for value in part] for part in (orientation[:3], orientation[3:]))
    plane.ImagePositionPatient = [
        _decimal(float(start) + x * across * right + y * down * below)
        for start, right, below in zip(position, along_row, along_column, strict=True)
    ]
    return True


def _correct_region(region: Dataset, place: Place) -> None:
    """Correct a region of ultrasound (PS3.3 section C.8.5.5): limits, spacing, and its reference pixel."""
    first: dict[str, int] = {}
    for axis, offset, size in (("X", place.x, place.width), ("Y", place.y, place.height)):
        low, high = region.get(f"RegionLocationMin{axis}0"), region.get(f"RegionLocationMax{axis}1")
        delta, step = f"PhysicalDelta{axis}", region.get(f"PhysicalDelta{axis}")
        if low is None or high is None:
            continue
        low, high = int(low), int(high)
        first[axis] = _within(math.ceil(place.on_result(low - 0.5, offset)), size)
        last = _within(math.ceil(place.on_result(high + 0.5, offset)) - 1, size)
        setattr(region, f"RegionLocationMin{axis}0", first[axis])
        setattr(region, f"RegionLocationMax{axis}1", last)
        _correct_reference(region, axis, low, first[axis], place)
        if step is not None:
            setattr(region, delta, float(step) / place.scale)
        for keyword in (f"DopplerSampleVolume{axis}Position", f"TMLinePosition{axis}0", f"TMLinePosition{axis}1"):
            if region.get(keyword) is not None:
                setattr(region, keyword, round(place.on_result(int(region.get(keyword)), offset)))


def _correct_reference(region: Dataset, axis: str, low: int, first: int, place: Place) -> None:
    """Move the reference pixel, which counts from the region's corner, and the physical value that it has."""
    offset = place.x if axis == "X" else place.y
    keyword, value = f"ReferencePixel{axis}0", f"ReferencePixelPhysicalValue{axis}"
    pixel, physical = region.get(keyword), region.get(value)
    if pixel is None:
        return
    target = round(place.on_result(low + int(pixel), offset))
    setattr(region, keyword, target - first)
    step = region.get(f"PhysicalDelta{axis}")
    if physical is not None and step is not None:
        lies = place.on_image(target, offset) - low
        setattr(region, value, float(physical) + (lies - int(pixel)) * float(step))


def _correct_shutter(header: Dataset, kind: str, place: Place) -> None:
    """Correct edges and corners, which are given as rows and columns counted from 1."""
    axes = {"LeftVertical": place.x, "RightVertical": place.x, "UpperHorizontal": place.y, "LowerHorizontal": place.y}
    for side, offset in axes.items():
        edge = header.get(f"{kind}{side}Edge")
        if edge is not None and edge != "":
            setattr(header, f"{kind}{side}Edge", _counted_from_one(edge, offset, place))
    for keyword in (f"CenterOfCircular{kind}", f"VerticesOfThePolygonal{kind}"):
        points = header.get(keyword)
        if points:
            offsets = (place.y, place.x) * (len(points) // 2)  # row, column, row, …
            moved = [_counted_from_one(point, offset, place) for point, offset in zip(points, offsets, strict=True)]
            setattr(header, keyword, moved)
    radius = header.get(f"RadiusOfCircular{kind}")
    if radius is not None and radius != "":
        setattr(header, f"RadiusOfCircular{kind}", round(int(radius) * place.scale))


def _counted_from_one(pixel: float, offset: float, place: Place) -> int:
    return round(place.on_result(int(pixel) - 1, offset)) + 1


def _within(pixel: int, size: int) -> int:
    return min(max(pixel, 0), size - 1)


def _decimal(value: float) -> DSfloat:
    return DSfloat(value, auto_format=True)  # as exact as 16 characters allow
