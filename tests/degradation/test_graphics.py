"""Graphics are not noise: palettes, repetition, and what only looks like them."""

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image
from torch import Tensor

from mzsr_basicsr.degradation.graphics import has_palette, repeats
from mzsr_basicsr.degradation.noise import estimate_noise
from mzsr_basicsr.upscaling.api import upscale

ROW, COLUMN = np.mgrid[:96, :96]


def planes(levels: np.ndarray) -> Tensor:
    """(H, W) or (H, W, 3) levels of 0 to 255 to (3, H, W)."""
    levels = levels if levels.ndim == 3 else levels[..., None].repeat(3, 2)
    return torch.from_numpy(levels.astype(np.float32) / 255).permute(2, 0, 1)


def pixel_art(colours: int, grey: bool, side: int = 96) -> np.ndarray:
    draw = np.random.default_rng(colours)
    palette = draw.choice(256, colours, replace=False) if grey else draw.integers(0, 256, (colours, 3))
    return palette[draw.integers(0, colours, (side, side))]


def tiles(side: int, brighter: int) -> np.ndarray:
    tile = np.random.default_rng(side).integers(0, 100, (side, side, 3))
    return np.tile(tile, (96 // side, 96 // side, 1)) + (COLUMN // 32 * brighter)[..., None]


GRAPHICS = {
    "checkerboard": (ROW + COLUMN) % 2 * 255,
    "grey checkerboard": 100 + (ROW + COLUMN) % 2 * 60,
    "stripes": COLUMN % 2 * 255,
    "diagonals": (ROW + COLUMN) % 3 * 80 + 20,
    "pixel art, 4 colours": pixel_art(4, False),
    "pixel art, 64 colours": pixel_art(64, False),
    "pixel art, 200 colours": pixel_art(200, False),
    "pixel art, 16 greys": pixel_art(16, True),
    "pixel art, 48 greys": pixel_art(48, True),
    "small pixel art": pixel_art(16, False, 24),
    "tiles of 8 px": tiles(8, 0),
    "tiles of 6 px, brighter to the right": tiles(6, 40),
}


@pytest.mark.parametrize("name", GRAPHICS)
def test_graphics_hold_no_noise(name: str) -> None:
    assert estimate_noise(planes(GRAPHICS[name])) == 0
    assert estimate_noise(planes(GRAPHICS[name])[:1]) == 0 or "200" in name  # 144 random reds look like noise


def test_a_gif_of_a_photograph_holds_none() -> None:
    photo = Image.fromarray(skimage.data.astronaut()[:128, :128]).quantize(128)
    assert estimate_noise(planes(np.asarray(photo.convert("RGB")))) == 0


@pytest.mark.parametrize("bands", ["three", "one", "one, three times"])
@pytest.mark.parametrize("levels", [3, 8, 17, 25])
def test_noise_on_a_flat_picture_is_still_read(levels: float, bands: str) -> None:
    """Its levels are few, too, but they lie side by side, and do not come again."""
    draw = np.random.default_rng(0).normal(0, levels, (96, 96, 3 if bands == "three" else 1))
    image = planes(np.rint(128 + draw).clip(0, 255).repeat(1 if bands == "three" else 3, 2))
    image = image[:1] if bands == "one" else image
    assert not has_palette(image)
    assert 255 * estimate_noise(image) == pytest.approx(levels, rel=0.2)


def test_what_repeats() -> None:
    noise = torch.rand(16, 16, generator=torch.Generator().manual_seed(0))
    half = noise.clone()
    half[8:] = noise[:8]
    tile = noise[:5, :7].repeat(4, 3)[:16, :16]
    odd = (torch.arange(16)[:, None] + torch.arange(16)) % 2
    blocks = torch.stack([noise, (noise * 16).round(), tile, half, odd.float()])
    assert repeats(blocks).tolist() == [False, False, True, True, True]
    assert repeats(blocks.flip(-1)).tolist() == [False, False, True, True, True]


@pytest.mark.parametrize("name", ["grey checkerboard", "pixel art, 4 colours", "tiles of 8 px"])
def test_upscaling_does_not_smear_them(name: str) -> None:
    """The spread of the values stays; read as noise, less than half of it was left."""
    pixels = np.uint8(255 * planes(GRAPHICS[name])[:, :48, :48].permute(1, 2, 0) + 0.5)
    result = upscale(pixels, 2, kernel="gaussian:0.2,0.2", updates=0)
    assert result.noise == 0
    assert result.image.std() > 0.6 * pixels.std()
