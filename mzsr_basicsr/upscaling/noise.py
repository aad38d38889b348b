"""The noise of a photograph: given by its owner, or estimated."""

from typing import Literal

from mzsr_basicsr.degradation.jpeg_grid import grid_quantization
from mzsr_basicsr.degradation.noise import estimate_noise, jpeg_noise
from mzsr_basicsr.pictures.bands import Bands
from mzsr_basicsr.pictures.parts import Pixels
from mzsr_basicsr.upscaling.sample import to_judge_noise

CLEAN = 1.5 / 255  # an estimated σ below this may be fine texture, and is taken for none
NOISIEST = 25 / 255


def image_noise(
    asked: float | Literal["auto"], pixels: Pixels, bands: Bands, artefacts: float, least: float = 0.0
) -> float:
    """Give σ of the image's noise in [0, 1] intensity: the one asked for, or an estimate.

    Args:
        asked: σ in levels of 0 to 255, or "auto".
        pixels: (H, W, C).
        bands: of the image.
        artefacts: σ, [0, 1] intensity, that an estimate is at least; 0 where the file tells of none, so that they are
            looked for in the pixels.
        least: σ, [0, 1] intensity, that an estimate is at least, because the kernel is one.
    """
    if asked != "auto":
        return asked / 255
    parts = to_judge_noise(pixels, bands)
    artefacts = artefacts or jpeg_noise(grid_quantization(parts))
    sigma = estimate_noise(parts)
    return max(artefacts, least, 0.0 if sigma < CLEAN else min(sigma, NOISIEST))
