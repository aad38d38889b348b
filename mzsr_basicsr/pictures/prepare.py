"""An image made ready for a network: checked, its range known, and nothing in it that is no colour."""

from typing import NamedTuple

import numpy as np

from mzsr_basicsr.pictures.bands import Bands, check_image, describe, fill_transparent
from mzsr_basicsr.pictures.holes import check_data, clear_part, fill_holes, find_holes, find_outliers


class Prepared(NamedTuple):
    """An image as a network may see it.

    Attributes:
        pixels: (H, W, C), the image's own, but hidden colours, holes and outliers are filled by their neighbours.
        bands: how many, and their range.
        holes: (H, W, 1), or (H, W, colours) where bands differ, bool: pixels without data; None where there are none.
        outliers: (H, W, 1), or (H, W, colours) where bands differ, bool: values outside the range; None for none.
        nodata: the value that stands for no data beside NaN and infinite ones; None for none.
    """

    pixels: np.ndarray
    bands: Bands
    holes: np.ndarray | None = None
    outliers: np.ndarray | None = None
    nodata: float | None = None

    def to_judge(self) -> np.ndarray:
        """Give what to judge and to learn from: all, or the largest rectangle without holes and outliers."""
        filled = [np.asarray(mask.any(2)) for mask in (self.holes, self.outliers) if mask is not None]
        if not filled:
            return self.pixels
        rows, columns = clear_part(filled[0] | filled[-1])
        return self.pixels[rows, columns]


def prepared(pixels: np.ndarray, alpha: bool, name: str, nodata: float | None = None) -> Prepared:
    """Check an image, measure its range, and fill what is hidden, missing or out of range.

    Args:
        pixels: (H, W, C) uint8, uint16 or floating.
        alpha: the last band is straight alpha.
        name: for messages.
        nodata: the value that stands for no data; NaN and infinite values always do.

    Raises:
        ImageError: see `describe` and `check_data`.
    """
    check_image(pixels, alpha, name)
    colours = pixels.shape[2] - alpha
    hidden = pixels[:, :, -1] <= 0 if alpha else None
    holes = find_holes(pixels, colours, nodata)
    if holes is not None:
        check_data(holes, name)
        pixels = fill_holes(pixels, colours, holes, hidden)
    if alpha:
        pixels = fill_transparent(pixels)
    return _within(pixels, describe(pixels, alpha, name), holes, hidden, nodata)


def prepared_part(
    pixels: np.ndarray, bands: Bands, nodata: float | None = None, missing: np.ndarray | None = None
) -> Prepared:
    """Fill what is hidden, missing or out of range in a part of an image whose range is known.

    Args:
        pixels: (h, w, C) whole numbers or floating.
        bands: of the whole image.
        nodata: the value that stands for no data; NaN and infinite values always do.
        missing: (h, w) bool, pixels without data by the image's mask; None for none.
    """
    hidden = pixels[:, :, -1] <= 0 if bands.alpha else None
    holes = find_holes(pixels, bands.colours, nodata)
    if missing is not None and missing.any():
        holes = missing[:, :, None] if holes is None else holes | missing[:, :, None]
    if holes is not None:
        pixels = fill_holes(pixels, bands.colours, holes, hidden)
        for band in np.flatnonzero(holes.all((0, 1))):  # nothing near to take from
            pixels[:, :, slice(0, bands.colours) if holes.shape[2] == 1 else band] = bands.low
    if bands.alpha:
        pixels = fill_transparent(pixels)
    return _within(pixels, bands, holes, hidden, nodata)


def _within(
    pixels: np.ndarray, bands: Bands, holes: np.ndarray | None, hidden: np.ndarray | None, nodata: float | None
) -> Prepared:
    """Fill what is out of range, the last that is to be filled."""
    colours = bands.colours
    outliers = find_outliers(pixels[:, :, :colours], bands.low, bands.high)
    if outliers is not None:
        pixels = fill_holes(pixels, colours, outliers, hidden)
        outliers = outliers if holes is None else outliers & ~holes  # a hole may have been filled by one
    return Prepared(pixels, bands, holes, outliers, nodata)
