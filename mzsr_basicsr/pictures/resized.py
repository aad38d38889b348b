"""A picture with other pixels: what its file says is corrected where it depends on how many they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mzsr_basicsr.pictures import xmp
from mzsr_basicsr.pictures.exif_edit import scaled
from mzsr_basicsr.pictures.metadata import Metadata
from mzsr_basicsr.pictures.picture import Picture, clean_dpi


def resized(picture: Picture, pixels: np.ndarray, scale: float) -> Picture:
    """Put other pixels in place of a picture's, which show the same at another scale.

    What was scanned or printed is as large as before, so that there are `scale` times as many dots per inch; positions
    in px are multiplied, too. Sizes are set when the picture is written, and thumbnails made anew.

    Args:
        picture: the one before.
        pixels: (H, W, C) of the new one.
        scale: its sides over those before.
    """
    dpi = picture.dpi and clean_dpi(tuple(dots * scale for dots in picture.dpi))
    exif = picture.exif and scaled(picture.exif, scale)
    told = told_of(picture.extras, pixels.shape[:2], scale)
    return replace(picture, pixels=pixels, dpi=dpi, exif=exif, extras=told)


def told_of(told: Metadata, size: tuple[int, ...], scale: float) -> Metadata:
    """Correct what XMP says of a picture that is now of another size: height and width, px."""
    return replace(told, xmp=told.xmp and xmp.sized(xmp.scaled(told.xmp, scale), size[1], size[0]))
