"""Bands to planes and back at every depth, and alpha: hidden colours stay hidden, edges do not ring."""

import math

import numpy as np
import pytest
import scipy.ndimage
import torch
from torch import Tensor

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.bands import (
    Bands,
    alpha_plane,
    describe,
    fill_transparent,
    from_planes,
    limit,
    to_planes,
)

CPU = torch.device("cpu")
TYPES = [np.uint8, np.uint16, np.float16, np.float32, np.float64]


def pixels(dtype: type, colours: int, low: float = 0.0, high: float = 1.0, seed: int = 0) -> np.ndarray:
    """(9, 11, colours) of the type, over its whole range or from low to high."""
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "u":
        return random.integers(0, np.iinfo(dtype).max + 1, (9, 11, colours), dtype=dtype)
    values = random.uniform(low, high, (9, 11, colours))
    values.flat[:2] = low, high
    return values.astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("colours", "alpha"), [(1, False), (3, False), (5, False), (1, True), (3, True), (4, True)])
def test_planes_come_back_as_the_bands_they_were(dtype: type, colours: int, alpha: bool) -> None:
    given = pixels(dtype, colours + alpha)
    bands = describe(given, alpha, "a.png")
    assert (bands.colours, bands.alpha, bands.planes) == (colours, alpha, 1 if colours == 3 else colours)
    planes = to_planes(given, bands, CPU)
    assert planes.shape == (bands.planes, 3, 9, 11) and planes.dtype == torch.float32
    assert 0 <= float(planes.min()) <= float(planes.max()) <= 1
    back = from_planes(planes, bands, alpha_plane(given, bands, CPU) if alpha else None, given.dtype)
    assert back.dtype == given.dtype
    if given.dtype.kind == "u":
        np.testing.assert_array_equal(back, given)
    else:
        np.testing.assert_allclose(back, given, atol=1e-7 if dtype != np.float16 else 1e-3)


def test_what_the_network_sees() -> None:
    rgb, five = pixels(np.uint8, 3), pixels(np.uint16, 5)
    seen = to_planes(rgb, describe(rgb, False, "a"), CPU)
    np.testing.assert_allclose(seen[0].numpy(), rgb.transpose(2, 0, 1) / 255, atol=1e-7)
    seen = to_planes(five, describe(five, False, "a"), CPU)
    for band in range(5):
        for channel in range(3):  # the band three times over
            np.testing.assert_allclose(seen[band, channel].numpy(), five[:, :, band] / 65535, atol=1e-7)
    np.testing.assert_allclose(
        alpha_plane(five, Bands(4, True, 0.0, 65535.0), CPU)[0, 2].numpy(), five[:, :, 4] / 65535, atol=1e-7
    )


@pytest.mark.parametrize(("low", "high"), [(-3.0, 5.0), (0.0, 255.0), (-0.01, 0.5), (1e6, 1e6 + 2), (0.2, 1.0001)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_range_outside_of_0_to_1_is_mapped_there_and_back(dtype: type, low: float, high: float) -> None:
    given = pixels(dtype, 3, low, high)
    low, high = float(given.min()), float(given.max())
    bands = describe(given, False, "a.tif")
    assert (bands.low, bands.high) == (low, high)
    planes = to_planes(given, bands, CPU)
    expected = (given.astype(np.float64) - low) / (high - low)
    np.testing.assert_allclose(planes[0].numpy(), expected.transpose(2, 0, 1), atol=2e-7)
    np.testing.assert_allclose(
        from_planes(planes, bands, None, given.dtype), given, atol=2e-7 * (high - low), rtol=2e-7
    )


def test_values_within_0_to_1_keep_their_meaning_and_a_flat_image_its_value() -> None:
    assert describe(pixels(np.float32, 3, 0.4, 0.6), False, "a") == Bands(3, False, 0.0, 1.0)
    flat = np.full((9, 9, 1), 7.5, np.float32)
    bands = describe(flat, False, "a")
    planes = to_planes(flat, bands, CPU)
    assert bool(torch.isfinite(planes).all())
    np.testing.assert_array_equal(from_planes(planes, bands, None, flat.dtype), flat)


def test_results_are_rounded_and_clipped() -> None:
    planes = torch.tensor([-0.2, 0.0019, 0.0021, 1.3]).expand(1, 3, 1, 4)
    assert from_planes(planes, Bands(3, False, 0.0, 255.0), None, np.dtype(np.uint8))[0, :, 0].tolist() == [
        0,
        0,
        1,
        255,
    ]
    assert from_planes(planes, Bands(3, False, -1.0, 3.0), None, np.dtype(np.float32))[
        0, :, 1
    ].tolist() == pytest.approx([-1, 4 * 0.0019 - 1, 4 * 0.0021 - 1, 3])
    three = torch.tensor([0.1, 0.2, 0.6])[None, :, None, None]  # the network's three answers to one band
    assert from_planes(three, Bands(1, False, 0.0, 1.0), None, np.dtype(np.float64)).item() == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("given", "alpha", "message"),
    [
        (np.zeros((7, 9, 3), np.uint8), False, "a.png: 9x7 px is too small; at least 8x8 px"),
        (np.zeros((9, 9, 1), np.uint8), True, "shape (9, 9, 1); an image is (H, W)"),
        (np.zeros((9, 9, 0), np.uint8), False, "shape (9, 9, 0)"),
        (np.zeros((9, 9), np.uint8), False, "shape (9, 9)"),
        (np.zeros((9, 9, 3), np.int64), False, "int64 pixels; supported: uint8"),
        (np.zeros((9, 9, 3), bool), False, "bool pixels"),
        (np.full((9, 9, 3), math.nan, np.float32), False, "holds pixels that are NaN or infinite"),
        (np.where(np.eye(9)[:, :, None] > 0, -math.inf, 1.0), False, "holds pixels that are NaN or infinite"),
    ],
)
def test_what_is_no_image_is_refused_by_name(given: np.ndarray, alpha: bool, message: str) -> None:
    with pytest.raises(ImageError) as caught:
        describe(given, alpha, "a.png")
    assert message in str(caught.value) and str(caught.value).startswith("a.png: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.7])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_hidden_pixels_take_the_colour_of_the_nearest_one(share: float, dtype: type) -> None:
    """Against all distances; OpenCV's are off by 2 % at most."""
    random = np.random.default_rng(0)
    opaque = random.random((29, 34)) < share
    rows, columns = np.indices(opaque.shape)
    given = np.stack([rows, columns, rows, np.where(opaque, 200, 0)], axis=-1).astype(dtype)  # its place is its colour
    given[~opaque, :3] = 99
    before = given.copy()
    filled = fill_transparent(given)
    np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(filled[opaque], given[opaque])
    np.testing.assert_array_equal(filled[:, :, 3], given[:, :, 3])
    exact = scipy.ndimage.distance_transform_edt(~opaque)
    chosen = filled[~opaque].astype(int)
    assert opaque[chosen[:, 0], chosen[:, 1]].all()
    found = np.hypot(chosen[:, 0] - rows[~opaque], chosen[:, 1] - columns[~opaque])
    assert (found <= 1.021 * exact[~opaque]).all()


def test_nothing_is_copied_where_all_or_nothing_is_hidden() -> None:
    for alpha in (0, 1, 255):
        given = np.full((9, 9, 2), alpha, np.uint8)
        assert fill_transparent(given) is given
    turned = np.asfortranarray(pixels(np.uint8, 4) * np.uint8([1, 1, 1, 0]) + np.uint8([0, 0, 0, 1]))
    turned[3, 4:8] = [9, 9, 9, 0]
    np.testing.assert_array_equal(fill_transparent(turned), fill_transparent(np.ascontiguousarray(turned)))


def brute_force_limit(sr: Tensor, lq: Tensor, scale: int) -> np.ndarray:
    result = sr[0].numpy().copy()
    for y, x in np.ndindex(*sr.shape[-2:]):
        top, left = max(0, y // scale - 2), max(0, x // scale - 2)
        around = lq[0, :, top : y // scale + 3, left : x // scale + 3].numpy()
        result[:, y, x] = np.clip(result[:, y, x], around.min((1, 2)), around.max((1, 2)))
    return result


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_alpha_stays_within_the_range_of_5x5_px(scale: int) -> None:
    lq = torch.rand(1, 3, 7, 9)
    sr = torch.rand(1, 3, 7 * scale, 9 * scale) * 3 - 1
    np.testing.assert_array_equal(limit(sr, lq, scale)[0].numpy(), brute_force_limit(sr, lq, scale))
