"""What the pages of a stack say of themselves, copied to larger pages: calibration, ImageJ's data, OME-XML, names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tifffile

from mzsr_basicsr.fields.ome import enlarged_xml
from mzsr_basicsr.pictures.exif import ICC_PROFILE

_X, _Y, _UNIT, _DESCRIPTION, _NODATA = 282, 283, 296, 270, 42113
# Make, Model, Orientation, PageName, PageNumber, Software, DateTime, Artist, HostComputer, Copyright
_NAMES = (271, 272, 274, 285, 297, 305, 306, 315, 316, 33432)
_STALE = ('{"shape"', "shape=")  # descriptions by which programs find the pixels
_DRAWN = ("ROI", "Overlays")  # of ImageJ, in px of the source


def tags_of(
    page: tifffile.TiffPage, first: bool, scale: float, names: tuple[Path, Path]
) -> tuple[dict[str, Any], list[str]]:
    """Say what a larger page is to be told beside its pixels.

    Args:
        page: of the source.
        first: whether it is the first, which describes the whole stack.
        scale: output over input.
        names: of the source and of the result.

    Returns:
        Arguments of `TiffWriter.write`, and a line for each thing that is lost.

    Raises:
        ImageError: its OME-XML is damaged.
    """
    told: dict[str, Any] = _resolution(page, scale)
    extra: list[Any] = [_copied(page, code) for code in (*_NAMES, ICC_PROFILE, _NODATA) if code in page.tags]
    text, notices = page.description, list[str]()
    if first and page.is_ome:
        text, notices = enlarged_xml(text, scale, (names[0].name, names[1].name))
    if first and page.is_imagej:
        own, lost = _imagej(page)
        extra, notices = extra + own, notices + lost
    if text and not text.startswith(_STALE):
        extra.append((_DESCRIPTION, 2, 0, text.encode("utf-8"), True))
    told["extratags"] = extra
    return told, [f"{names[0]}: {line}" for line in notices]


def images_behind(file: tifffile.TiffFile, pages: int) -> int:
    """Give how many images the description of ImageJ counts, where it counts more than there are pages; else 0."""
    told = file.imagej_metadata or {}
    images = told.get("images", 1)
    return images if isinstance(images, int) and images > pages else 0


def _resolution(page: tifffile.TiffPage, scale: float) -> dict[str, Any]:
    """Give the resolution, px of the result in the same unit; nothing where there is none."""
    fractions = page.tags.valueof(_X), page.tags.valueof(_Y)
    try:
        across, down = (over / under * scale for over, under in fractions)
    except (TypeError, ValueError, ZeroDivisionError):
        return {}
    return {"resolution": (across, down), "resolutionunit": int(page.tags.valueof(_UNIT, 2))}


def _copied(page: tifffile.TiffPage, code: int) -> tuple[int, int, int, Any, bool]:
    """Give a tag as it is: a text, bytes, or one or two short numbers."""
    value = page.tags.valueof(code)
    if isinstance(value, str):
        return code, 2, 0, value.encode("utf-8"), True
    if isinstance(value, bytes):
        return code, 7, len(value), value, True
    numbers = tuple(int(number) for number in value) if isinstance(value, tuple) else (int(value),)
    return code, 3, len(numbers), numbers if len(numbers) > 1 else numbers[0], True


def _imagej(page: tifffile.TiffPage) -> tuple[list[Any], list[str]]:
    """Give ImageJ's own tags, without what was drawn on the pixels of the source."""
    told = page.tags.valueof(50839)
    if not isinstance(told, dict):
        return [], []
    kept = {name: value for name, value in told.items() if name not in _DRAWN}
    tags = list(tifffile.tifffile.imagej_metadata_tag(kept, page.parent.byteorder)) if kept else []
    lost = len(kept) < len(told)
    return tags, ["its regions of interest are left out: they are drawn in the pixels of the source"] * lost
