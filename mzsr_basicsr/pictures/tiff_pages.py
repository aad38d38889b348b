"""The pages of a TIFF file, and what a page says about its resolution."""

from __future__ import annotations

import struct

import tifffile

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.exif import layout_of
from mzsr_basicsr.pictures.picture import FAILURES, clean_dpi

_X, _Y, _UNIT, _NO_UNIT = 282, 283, 296, 1
_MOST = 2**20
_LINKS = ("its chain of pages",)


def page_count(file: tifffile.TiffFile) -> int:
    """Count the directories of a file, at least one, up to where their chain is damaged or loops.

    tifffile follows a loop for ever, so that pages are asked for by numbers below this count.
    """
    return len(_chain(file)[0])


def _chain(file: tifffile.TiffFile) -> tuple[list[int], bool]:
    """Give the places of all directories, and whether their chain comes to a proper end."""
    stream = file.filehandle
    layout, place = layout_of(stream)  # type: ignore[arg-type]  # it reads and seeks as a stream does
    number, entry, pointer = layout("N"), layout("HHPV"), layout("P")
    places: list[int] = []
    seen: set[int] = set()
    while place and place not in seen and len(places) < _MOST:
        stream.seek(place)
        try:
            (count,) = number.unpack(stream.read(number.size))
            if not 0 < count <= 4096:
                break
            stream.seek(place + number.size + count * entry.size)
            following = pointer.unpack(stream.read(pointer.size))[0]
        except struct.error:
            break
        places.append(place)
        seen.add(place)
        place = following
    return places or [0], not place


def only_page(file: tifffile.TiffFile, name: str) -> tuple[tifffile.TiffPage, tuple[str, ...]]:
    """Find the page of a file of one picture, and what is damaged of the chain of pages.

    Raises:
        ImageError: there are several pictures, or none.
    """
    found, faults = _pages(file)
    pages = [page for page in found if not page.is_reduced]
    if not pages:
        raise ImageError(f"{name}: no page of full size; the TIFF file is damaged, replace it")
    if len(pages) > 1 or pages[0].imagedepth != 1:  # previews are reduced pages
        raise ImageError(f"{name}: {len(found)} pages; a TIFF of one page is read: save each page as a file")
    return pages[0], faults


def _pages(file: tifffile.TiffFile) -> tuple[list[tifffile.TiffPage], tuple[str, ...]]:
    places, whole = _chain(file)
    pages = [file.pages.first]
    for number in range(1, len(places)):
        try:
            page = file.pages[number]
        except FAILURES:
            return pages, _LINKS
        if not isinstance(page, tifffile.TiffPage) or page.imagewidth < 1:
            return pages, _LINKS
        pages.append(page)
    return pages, () if whole else _LINKS


def dpi_of(page: tifffile.TiffPage) -> tuple[float, float] | None:
    """Read dots per inch; None where there are none."""
    scale = {2: 1.0, 3: 2.54}.get(page.tags.valueof(_UNIT, 2))
    shares = _resolution(page)
    return scale and shares and clean_dpi((shares[0] * scale, shares[1] * scale)) or None


def aspect_of(page: tifffile.TiffPage) -> tuple[float, float] | None:
    """Read the shape of pixels that are not square and have no size; None for others."""
    shares = _resolution(page) if page.tags.valueof(_UNIT, 2) == _NO_UNIT else None
    return shares if shares and shares[0] != shares[1] else None


def _resolution(page: tifffile.TiffPage) -> tuple[float, float] | None:
    fractions = page.tags.valueof(_X), page.tags.valueof(_Y)
    try:
        across, down = (over / under for over, under in fractions)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return clean_dpi((across, down))
