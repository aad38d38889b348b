"""Pixels without data: where they are, what stands for them while an image is worked on, and what is learned without.

Infinite values and NaN are no data, in each band by itself. So is a declared value: in floats in each band by itself,
in 8 and 16 bits where all colours have it, as a band of a colour may well be 0 or 255 by itself.
"""

from typing import Any

import numpy as np

from mzsr_basicsr.errors import ImageError

FEWEST = 16  # px with data, in each band; from fewer nothing can be made
_HUGE = 1e30  # from here on a declared value may be a rounded text of the largest float
_ROUNDED = 1e-5
_RIM = 2  # px
_STRIP = 2**21  # px that are filled at once where others are near, so that memory stays small
_FAR = 64  # px
_BLOCK = 16  # px, what the part without holes is measured in, and _BLOCKS of them a side at most
_BLOCKS = 128
_SMALLEST = 64  # px; in a smaller part there is less to learn than neighbours that fill holes do harm


def find_holes(pixels: np.ndarray, colours: int, nodata: float | None) -> np.ndarray | None:
    """Find the pixels without data.

    Args:
        pixels: (H, W, C) whole numbers or floating.
        colours: how many of the first bands are colours, or plain bands; an alpha has no holes.
        nodata: the value that stands for no data; None for none.

    Returns:
        (H, W, 1) bool, or (H, W, colours) where bands differ; None where there is none.
    """
    bands = pixels[:, :, :colours]
    holes = np.zeros((*pixels.shape[:2], 1), bool)
    if pixels.dtype.kind == "f":
        holes = ~np.isfinite(bands)
        if nodata is not None and not np.isnan(nodata):
            holes |= _equal(bands, nodata)
    elif nodata is not None and float(nodata).is_integer() and holds(pixels.dtype, nodata):
        holes = (bands == int(nodata)).all(2, keepdims=True)
    return _simplest(holes)


def find_outliers(bands: np.ndarray, low: float, high: float) -> np.ndarray | None:
    """Find the values of (H, W, C) outside a range, as `find_holes` finds holes."""
    if bands.dtype.kind != "f" and low <= np.iinfo(bands.dtype).min and np.iinfo(bands.dtype).max <= high:
        return None
    return _simplest((bands < low) | (bands > high))


def holds(kind: np.dtype, value: float) -> bool:
    """Tell whether a type of whole numbers reaches as far as a value."""
    return bool(np.iinfo(kind).min <= value <= np.iinfo(kind).max)


def _simplest(mask: np.ndarray) -> np.ndarray | None:
    if not mask.any():
        return None
    return mask[:, :, :1] if (mask == mask[:, :, :1]).all() else mask


def check_data(holes: np.ndarray, name: str) -> None:
    """Refuse an image in which hardly any pixel has data.

    Raises:
        ImageError: fewer than `FEWEST`, in one of the bands.
    """
    empty = holes.sum((0, 1))
    left = int(holes.shape[0] * holes.shape[1] - empty.max())
    if left < FEWEST:
        where = "" if holes.shape[2] == 1 else f" in band {int(np.argmax(empty)) + 1}"
        raise ImageError(
            f"{name}: {left} px{where} hold data, all others NaN, infinite or no-data; at least {FEWEST} px must"
        )


def _equal(bands: np.ndarray, value: float) -> np.ndarray:
    with np.errstate(over="ignore"):  # a value beyond the type is infinite in it, and found as such
        if abs(value) < _HUGE:
            return bands == bands.dtype.type(value)
        low, high = sorted((value * (1 - _ROUNDED), value * (1 + _ROUNDED)))
        return (bands >= bands.dtype.type(low)) & (bands <= bands.dtype.type(high))


def fill_nearest(pixels: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Give hidden pixels all bands of the nearest other one.

    Args:
        pixels: (H, W, C).
        hidden: (H, W) bool.

    Returns:
        A copy, or the same where nothing or everything is hidden.
    """
    if not hidden.any() or hidden.all():
        return pixels
    filled = pixels.copy()
    box = (_around(hidden.any(axis=1)), _around(hidden.any(axis=0)))
    part, hidden = filled[box], hidden[box]  # a rim of others goes along, so what lies beyond is farther away
    step = max(_FAR, _STRIP // hidden.shape[1])
    near = all(_fill_rows(part, hidden, slice(top, top + step), _FAR) for top in range(0, hidden.shape[0], step))
    if not near:
        _fill_rows(part, hidden, slice(0, hidden.shape[0]), hidden.shape[0])
    return filled


def _fill_rows(part: np.ndarray, hidden: np.ndarray, rows: slice, far: int) -> bool:
    """Fill some rows from what lies at most so many px away, in place, or tell that it does not suffice."""
    first = max(0, rows.start - far)
    around, own = slice(first, rows.stop + far), slice(rows.start - first, rows.stop - first)
    import cv2  # few pictures have holes

    distance, labels = cv2.distanceTransformWithLabels(
        hidden[around].astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    wanted, seen = hidden[around][own], ~hidden[around]
    if far < hidden.shape[0] and distance[own].max() > far:
        return False
    values = np.empty((labels.max() + 1, part.shape[2]), part.dtype)
    values[labels[seen]] = part[around][seen]
    part[around][own][wanted] = values[labels[own][wanted]]
    return True


def _around(wanted: Any) -> slice:
    """Give the part of an axis from the first to the last wanted px, and a rim."""
    places = np.flatnonzero(wanted)
    return slice(max(0, int(places[0]) - _RIM), int(places[-1]) + 1 + _RIM)


def fill_holes(pixels: np.ndarray, colours: int, holes: np.ndarray, hidden: np.ndarray | None = None) -> np.ndarray:
    """Give pixels without data the values of the nearest one that has some, in each band that lacks them.

    Args:
        pixels: (H, W, C).
        colours: how many of the first bands may have holes.
        holes: (H, W, 1) or (H, W, colours) bool.
        hidden: (H, W) bool, pixels that are not taken from if there are others; None for none.

    Returns:
        A copy of the pixels.
    """
    filled = pixels.copy()
    for band in range(holes.shape[2]):
        same = slice(0, colours) if holes.shape[2] == 1 else slice(band, band + 1)
        lacking = holes[:, :, band]
        barred = lacking if hidden is None or (hidden | lacking).all() else hidden | lacking
        filled[lacking, same] = fill_nearest(pixels[:, :, same], barred)[lacking]
    return filled


def clear_part(spoilt: np.ndarray) -> tuple[slice, slice]:
    """Find the largest rectangle without spoilt pixels, to judge and to learn from; all where there is hardly any.

    Args:
        spoilt: (H, W) bool.

    Returns:
        Its rows and columns, in whole blocks.
    """
    height, width = spoilt.shape
    block = block_side(height, width)
    tops, lefts = np.arange(0, height, block), np.arange(0, width, block)
    return clear_blocks(~np.logical_or.reduceat(np.logical_or.reduceat(spoilt, tops, 0), lefts, 1), height, width)


def block_side(height: int, width: int) -> int:
    """Give the side, px, of the blocks that the part without holes of an image is measured in."""
    return max(_BLOCK, -(-max(height, width) // _BLOCKS))


def clear_blocks(clear: np.ndarray, height: int, width: int) -> tuple[slice, slice]:
    """Do as `clear_part` by the blocks of an image: (rows, columns) bool, True where nothing is spoilt."""
    block = block_side(height, width)
    top, bottom, left, right = (block * edge for edge in _largest_rectangle(clear))
    bottom, right = min(bottom, height), min(right, width)
    if min(bottom - top, right - left) < min(_SMALLEST, height, width):
        return slice(0, height), slice(0, width)
    return slice(top, bottom), slice(left, right)


def _largest_rectangle(clear: np.ndarray) -> tuple[int, int, int, int]:
    """Find top, bottom, left and right of the largest rectangle of True: of all that end in a row, row by row."""
    best, found = 0, (0, 0, 0, 0)
    heights = np.zeros(clear.shape[1], int)
    for row, line in enumerate(clear):
        heights = np.where(line, heights + 1, 0)
        open_at: list[tuple[int, int]] = []  # left edge and height of the rectangles that may grow, lowest first
        for column, height in enumerate([*heights.tolist(), 0]):
            left = column
            while open_at and open_at[-1][1] >= height:
                left, tall = open_at.pop()
                if tall * (column - left) > best:
                    best, found = tall * (column - left), (row + 1 - tall, row + 1, left, column)
            open_at.append((left, height))
    return found
