"""JPEG artefacts found in pixels: against the table that Pillow's own file tells of, at any phase, and never elsewhere."""

import io

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from mzsr_basicsr.degradation.jpeg_grid import grid_quantization

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")


def small(name: str) -> Image.Image:
    """A photograph of half its size: whatever grid its own file left is gone."""
    image = Image.fromarray(getattr(skimage.data, name)())
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC)


def compressed(image: Image.Image, quality: int) -> tuple[Image.Image, float]:
    """The image after JPEG, and the mean step of the file's luma table."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    file = Image.open(stream)
    return file.convert("RGB"), float(np.mean(file.quantization[0]))  # type: ignore[attr-defined]


def planes(image: Image.Image) -> torch.Tensor:
    pixels = np.array(image)
    return torch.from_numpy(pixels[:, :, None] if pixels.ndim == 2 else pixels).permute(2, 0, 1).float() / 255


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("quality", [30, 50, 75])
def test_the_table_is_found_wherever_the_blocks_begin(name: str, quality: int) -> None:
    image, step = compressed(small(name), quality)
    for left, top in ((0, 0), (3, 6), (7, 1)):
        cut = image.crop((left, top, image.width, image.height))
        assert grid_quantization(planes(cut)) == pytest.approx(step, rel=0.06)
    assert grid_quantization(planes(image.convert("L"))) == pytest.approx(step, rel=0.06)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_what_was_never_compressed_has_no_grid(name: str) -> None:
    image = small(name)
    assert grid_quantization(planes(image)) == 0
    noisy = planes(image) + 0.03 * torch.randn(planes(image).shape, generator=torch.Generator().manual_seed(0))
    assert grid_quantization(noisy.clamp(0, 1)) == 0
    resized = compressed(image, 50)[0].resize((200, 180), Image.Resampling.BICUBIC)
    assert grid_quantization(planes(resized)) == 0  # its artefacts lie on no grid any more


def test_what_cannot_hold_a_grid_has_none() -> None:
    assert grid_quantization(torch.rand(3, 40, 200)) == 0
    assert grid_quantization(torch.full((3, 128, 128), 0.5)) == 0
    drawn = torch.zeros(1, 128, 128)
    drawn[:, 20:70, 30:90] = 1
    assert grid_quantization(drawn) == 0


def test_the_clearest_of_several_parts_counts() -> None:
    image, step = compressed(small("coffee"), 50)
    part = planes(image)[:, :128, :128]
    flat = torch.full_like(part, 0.5)
    assert grid_quantization(torch.stack([flat, part])) == pytest.approx(step, rel=0.06)
