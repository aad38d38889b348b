"""The range of floats: all of it where nothing stands out, and what the picture spans where something does."""

import numpy as np
import pytest
import skimage.data

from mzsr_basicsr.pictures.ranges import usual_range


def scene(height: int = 60, width: int = 70, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """A part of a photograph, float32, that spans low to high."""
    part = skimage.data.camera()[100 : 100 + height, 150 : 150 + width].astype(np.float64)
    return (low + (part - part.min()) / np.ptp(part) * (high - low)).astype(np.float32)


@pytest.mark.parametrize("name", ["camera", "moon", "coins", "page", "text", "clock", "hubble_deep_field"])
@pytest.mark.parametrize("gain", [0.02, 1.0, -3.0])
def test_photographs_and_documents_have_no_outliers(name: str, gain: float) -> None:
    picture = getattr(skimage.data, name)()
    values = picture.reshape(len(picture), -1).astype(np.float32) * gain + 5
    assert usual_range(values) == (values.min(), values.max())


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(100, 15, (200, 200)),  # its ends lie 4.3 σ out
        np.random.default_rng(0).exponential(2, (200, 200)),
        np.linspace(-5, 900, 10_000).reshape(100, 100),
        np.float64([[0, 0, 0, 7], [0, 0, 7, 0]]),  # a drawing
        np.full((9, 9), 3.5),
    ],
    ids=["normal", "exponential", "ramp", "drawing", "flat"],
)
def test_nothing_stands_out_of_a_distribution(values: np.ndarray) -> None:
    assert usual_range(values) == (values.min(), values.max())


@pytest.mark.parametrize("value", [6.0, 200.0, 1e30, -5.0, -9999.0, -3.4028234663852886e38])
@pytest.mark.parametrize("side", [1, 4, 8, 40])  # px, of 60x70: up to 38 % of the pixels
def test_a_patch_of_one_value_never_sets_the_range(value: float, side: int) -> None:
    values = scene()
    rest = np.ones(values.shape, bool)
    rest[3 : 3 + side, 5 : 5 + side] = False
    values[~rest] = value
    assert usual_range(values) == (values[rest].min(), values[rest].max())


@pytest.mark.parametrize("share", [0.002, 0.03, 0.2])
def test_a_patch_of_many_values_far_away_does_not_either(share: float) -> None:
    values, random = scene(), np.random.default_rng(0)
    count = round(values.size * share)
    values.reshape(-1)[:count] = random.uniform(150, 200, count)
    assert usual_range(values) == (values.reshape(-1)[count:].min(), values.reshape(-1)[count:].max())


def test_both_ends_and_several_steps_at_once() -> None:
    values = scene(low=200, high=800)
    rest = values[10:].min(), values[10:].max()
    values[:10] = -9999
    values[0, :30], values[1, :5], values[2, :3] = 1e20, 60_000, -32768
    assert usual_range(values) == rest


def test_a_large_image_is_judged_by_a_part_of_its_values_and_measured_by_all() -> None:
    values = np.tile(scene(), (20, 20))  # 1200x1400
    values[700, 801], values[701, 803] = 1.5, 300.0  # between those that are looked at
    assert usual_range(values) == (0.0, 1.5)
    values[:300, :400] = -9999
    assert usual_range(values) == (0.0, 1.5)
