"""MATLAB's bicubic, derived again pixel by pixel from its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mzsr_basicsr.degradation.resize import imresize, output_length
from mzsr_basicsr.errors import ConfigError, ImageError


def cubic(x: float) -> float:
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def resize_row(row: np.ndarray, scale: float, out: int, antialias: bool = True) -> np.ndarray:
    """Resample a 1-D signal straight from the definition, MATLAB's 1-based coordinates and all."""
    stretch = scale if scale < 1 and antialias else 1.0
    result = np.zeros(out)
    for place in range(1, out + 1):
        u = place / scale + 0.5 * (1 - 1 / scale)
        total = value = 0.0
        for tap in range(math.floor(u - 2 / stretch) - 1, math.ceil(u + 2 / stretch) + 2):
            inside = tap
            while not 1 <= inside <= len(row):
                inside = 1 - inside if inside < 1 else 2 * len(row) + 1 - inside
            weight = cubic(stretch * (u - tap))
            total += weight
            value += weight * row[inside - 1]
        result[place - 1] = value / total
    return result


def resize_image(image: np.ndarray, scales: tuple[float, float], size: tuple[int, int], antialias: bool) -> np.ndarray:
    rows = np.stack([resize_row(row, scales[1], size[1], antialias) for row in image])
    return np.stack([resize_row(column, scales[0], size[0], antialias) for column in rows.T], axis=1)


@pytest.mark.parametrize("scale", [0.5, 0.25, 1 / 2.2, 1 / 3.0, 1.0, 1.7, 2.0, 4.0])
@pytest.mark.parametrize("antialias", [True, False])
def test_matches_the_definition(scale: float, antialias: bool) -> None:
    image = np.random.default_rng(0).random((13, 18))
    size = (math.ceil(13 * scale - 1e-9), math.ceil(18 * scale - 1e-9))
    ours = imresize(torch.from_numpy(image), scale, antialias=antialias)
    np.testing.assert_allclose(ours.numpy(), resize_image(image, (scale, scale), size, antialias), atol=1e-12)


def test_the_border_folds_as_often_as_it_takes() -> None:
    image = np.random.default_rng(1).random((2, 3))
    ours = imresize(torch.from_numpy(image), 0.2)
    np.testing.assert_allclose(ours.numpy(), resize_image(image, (0.2, 0.2), (1, 1), True), atol=1e-12)


def test_size_alone_sets_each_axis_and_with_scale_only_the_extent() -> None:
    image = np.random.default_rng(2).random((9, 12))
    alone = imresize(torch.from_numpy(image), size=(5, 30))
    np.testing.assert_allclose(alone.numpy(), resize_image(image, (5 / 9, 2.5), (5, 30), True), atol=1e-12)
    both = imresize(torch.from_numpy(image), scale=2.2, size=(19, 25))
    np.testing.assert_allclose(both.numpy(), resize_image(image, (2.2, 2.2), (19, 25), True), atol=1e-12)
    torch.testing.assert_close(both, imresize(torch.from_numpy(image), scale=2.2)[:19, :25], rtol=0, atol=1e-14)


def test_halving_weighs_as_matlab_does() -> None:
    impulse = torch.zeros(16, dtype=torch.float64)
    impulse[7] = 256.0
    expected = torch.tensor([0.0, 0, -9, 111, 29, -3, 0, 0], dtype=torch.float64)
    torch.testing.assert_close(imresize(impulse.expand(16, 16), 0.5)[3], expected, rtol=0, atol=1e-12)


def test_a_straight_line_stays_straight_inside() -> None:
    ramp = torch.arange(20, dtype=torch.float64).expand(20, 20)
    doubled = imresize(ramp, 2.0)[10, 6:-6]
    torch.testing.assert_close(doubled, (torch.arange(6, 34, dtype=torch.float64) + 0.5) / 2 - 0.5, rtol=0, atol=1e-12)


def test_batched_equals_one_by_one_and_dtype_follows() -> None:
    batch = torch.rand(2, 3, 11, 8, generator=torch.Generator().manual_seed(3))
    together = imresize(batch, 2.0)
    assert together.shape == (2, 3, 22, 16) and together.dtype == torch.float32
    for sample, alone in zip(together, batch, strict=True):
        torch.testing.assert_close(sample, torch.stack([imresize(c, 2.0) for c in alone]), rtol=0, atol=1e-6)
    torch.testing.assert_close(together, imresize(batch.double(), 2.0).float(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [0.5, 1.5])
def test_gradients(scale: float) -> None:
    image = torch.rand(2, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(4), requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: imresize(x, scale), (image,))


def test_weights_first_made_in_inference_mode_still_train() -> None:
    image = torch.rand(37, 41, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        imresize(image, 2.0)
    image.requires_grad_()
    imresize(image, 2.0).sum().backward()
    assert image.grad is not None and image.grad.sum().item() == pytest.approx(4 * 37 * 41, rel=1e-5)


def test_large_axes_are_not_cached_but_agree() -> None:
    row = np.random.default_rng(6).random(1100)
    ours = imresize(torch.from_numpy(row)[None], scale=1 / 1.05)[0]
    np.testing.assert_allclose(ours.numpy(), resize_row(row, 1 / 1.05, len(ours)), atol=1e-12)


def test_lengths_forgive_rounding() -> None:
    assert output_length(66, 1 / 2.2) == 30 and output_length(67, 1 / 2.2) == 31 and output_length(5, 0.5) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give a scale"),
        ({"scale": 0.0}, "scale 0.0"),
        ({"scale": math.nan}, "nan"),
        ({"size": (0, 4)}, "\\(0, 4\\)"),
    ],
)
def test_impossible_geometry_is_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        imresize(torch.zeros(4, 4), **arguments)


def test_integer_images_are_refused() -> None:
    with pytest.raises(ImageError, match="torch.uint8"):
        imresize(torch.zeros(4, 4, dtype=torch.uint8), 2.0)
