"""What a scanner adds to a printed page: soft edges, uneven light, and a little grain."""

import random

import numpy as np
from PIL import Image, ImageFilter

GRAIN = 1.5  # levels, the largest standard deviation


def scan(image: np.ndarray, rng: random.Random) -> np.ndarray:
    """Let a page look scanned.

    Args:
        image: (size, size, 3) uint8.
        rng: of the blur, the light and the grain.

    Returns:
        The same shape, uint8.
    """
    soft = Image.fromarray(image).filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.6)))
    axis = np.linspace(-0.5, 0.5, len(image))
    light = rng.uniform(0.93, 1) + rng.uniform(-0.06, 0.06) * axis[:, None] + rng.uniform(-0.06, 0.06) * axis
    shaded = np.asarray(soft, np.float64) * light[:, :, None]
    grain = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(0, GRAIN), (*image.shape[:2], 1))
    return np.clip(np.round(shaded + grain), 0, 255).astype(np.uint8)
