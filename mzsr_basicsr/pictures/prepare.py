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
    bands = describe(pixels, alpha, name)
    outliers = find_outliers(pixels[:, :, :colours], bands.low, bands.high)
    if outliers is not None:
        pixels = fill_holes(pixels, colours, outliers, hidden)
        outliers = outliers if holes is None else outliers & ~holes  # a hole may have been filled by one
    return Prepared(pixels, bands, holes, outliers, nodata)
