"""Letters of flat screens: each pixel's red, green and blue stand side by side and are drawn as three."""

import random

import numpy as np
from PIL import Image

THIRDS = 3  # drawn pixels to one of the finished image, along each side
TAPS = (1 / 9, 2 / 9, 3 / 9, 2 / 9, 1 / 9)  # over a row of them; FreeType's default filter is nearly this


def reduce_by_subpixels(image: Image.Image, rng: random.Random) -> np.ndarray:
    """Reduce a sheet by three: rows by a box, columns so that each colour sees its own third of the pixel.

    A neutral edge gets the coloured fringes of sub-pixel anti-aliasing; what is flat stays as it is, exactly.

    Args:
        image: RGB, sides multiples of three.
        rng: draws whether red or blue is the left third.

    Returns:
        (H/3, W/3, 3) uint8.
    """
    fine = np.asarray(image, np.float32)
    rows = fine.reshape(fine.shape[0] // THIRDS, THIRDS, *fine.shape[1:]).mean(1)
    padded = np.pad(rows, ((0, 0), (2, 2), (0, 0)), mode="edge")
    smooth = sum(tap * padded[:, i : i + rows.shape[1]] for i, tap in enumerate(TAPS))
    places = (0, 1, 2) if rng.random() < 0.85 else (2, 1, 0)
    whole = np.stack([np.asarray(smooth)[:, place::THIRDS, colour] for colour, place in enumerate(places)], 2)
    return np.round(whole).astype(np.uint8)
