"""Pixels without data: which they are, what fills them, and the part of an image that has none."""

import numpy as np
import pytest
import scipy.ndimage

from mzsr_basicsr.pictures import holes
from mzsr_basicsr.pictures.holes import clear_part, fill_holes, fill_nearest, find_holes
from mzsr_basicsr.pictures.prepare import prepared

LOWEST = float(np.finfo(np.float32).min)


def test_values_that_are_not_finite_are_holes_of_their_band() -> None:
    pixels = np.random.default_rng(0).random((9, 11, 3)).astype(np.float32)
    assert find_holes(pixels, 3, None) is None and find_holes(pixels, 3, -9999.0) is None
    pixels[2, 3, 1], pixels[4, 5, 2], pixels[6, 7] = np.nan, -np.inf, np.inf
    expected = np.zeros((9, 11, 3), bool)
    expected[2, 3, 1] = expected[4, 5, 2] = expected[6, 7] = True
    np.testing.assert_array_equal(find_holes(pixels, 3, None), expected)
    np.testing.assert_array_equal(find_holes(pixels, 2, None), expected[:, :, :2])  # an alpha has none
    np.testing.assert_array_equal(
        find_holes(pixels[:, :, :1] * [1, 1], 2, None), expected[:, :, :1] & expected[:, :, 2:]
    )


@pytest.mark.parametrize(
    ("declared", "stored", "dtype"),
    [
        (-9999, -9999, np.float32),
        (0.1, np.float32(0.1), np.float32),  # a value that float32 rounds
        (LOWEST, LOWEST, np.float32),
        (-3.40282e38, LOWEST, np.float32),  # as some programs print it
        (-1.7976931348623157e308, -np.inf, np.float32),  # of float64, beyond float32
        (LOWEST, LOWEST, np.float64),
        (0, 0, np.uint8),
        (65535, 65535, np.uint16),
    ],
)
def test_a_declared_value_is_found(declared: float, stored: float, dtype: type) -> None:
    pixels = np.full((9, 9, 2), 7, dtype)
    pixels[2:4, 5] = stored
    found = find_holes(pixels, 2, declared)
    assert found is not None and found.shape == (9, 9, 1)
    assert np.argwhere(found[:, :, 0]).tolist() == [[2, 5], [3, 5]]


def test_whole_numbers_need_it_in_all_colours_and_floats_in_one() -> None:
    pixels = np.full((9, 9, 3), 7, np.uint8)
    pixels[1, 1], pixels[2, 2, 0] = 0, 0  # black, and a colour without red
    assert np.argwhere(find_holes(pixels, 3, 0)).tolist() == [[1, 1, 0]]
    assert len(np.argwhere(find_holes(pixels.astype(np.float32), 3, 0))) == 4
    for value in (0.5, -9999.0, 256.0, float("nan")):  # no such pixel can be
        assert find_holes(pixels, 3, value) is None


def test_each_band_is_filled_by_its_own_nearest_and_alpha_stays() -> None:
    random = np.random.default_rng(0)
    pixels = random.random((30, 34, 3))
    holes = random.random((30, 34, 2)) < 0.3
    hidden = random.random((30, 34)) < 0.2
    filled = fill_holes(pixels, 2, holes, hidden)
    np.testing.assert_array_equal(filled[:, :, 2], pixels[:, :, 2])
    for band in range(2):
        barred = holes[:, :, band] | hidden
        exact = scipy.ndimage.distance_transform_edt(barred)
        np.testing.assert_array_equal(filled[..., band][~holes[..., band]], pixels[..., band][~holes[..., band]])
        for y, x in np.argwhere(holes[:, :, band]):
            givers = np.argwhere((pixels[:, :, band] == filled[y, x, band]) & ~barred)
            assert min(np.hypot(*(giver - [y, x])) for giver in givers) <= 1.021 * exact[y, x]  # OpenCV's distances
    same = fill_holes(pixels, 2, holes[:, :, :1])
    assert (same[:, :, 2] == pixels[:, :, 2]).all() and (same[holes[:, :, 0], 0] != pixels[holes[:, :, 0], 0]).all()


@pytest.mark.parametrize("share", [0.001, 0.3])
def test_a_large_image_is_filled_strip_by_strip_and_alike(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    pixels, hidden = random.random((300, 50, 1)), random.random((300, 50)) < share
    hidden[0, 0] = hidden[-1, -1] = True
    for height in (0, 200):  # the second is farther from others than a strip sees
        hidden[40 : 40 + height] = True
        whole = fill_nearest(pixels, hidden)
        monkeypatch.setattr(holes, "_STRIP", 1)
        np.testing.assert_array_equal(fill_nearest(pixels, hidden), whole)
        monkeypatch.undo()


def test_what_a_network_sees_has_neither_holes_nor_outliers_nor_hidden_colours() -> None:
    pixels = np.dstack([np.random.default_rng(0).random((40, 40, 1)) * 600 + 200, np.ones((40, 40))])
    pixels[5:9, 5:9, 0], pixels[20:24, 6:9, 0], pixels[20:24, 9, 0], pixels[30:, 30:] = -9999, np.nan, 1e9, [5e6, 0]
    ready = prepared(pixels, True, "a")
    assert ready.pixels[:, :, 0].min() >= 200 and ready.pixels[:, :, 0].max() <= 800
    np.testing.assert_array_equal(ready.pixels[:, :, 1], pixels[:, :, 1])
    assert ready.bands.low == 0 and 790 < ready.bands.high <= 800  # alpha, 0 to 1, counts
    assert np.count_nonzero(ready.holes) == 12 and np.count_nonzero(ready.outliers) == 20
    declared = prepared(pixels, True, "a", -9999.0)
    assert np.count_nonzero(declared.holes) == 28 and np.count_nonzero(declared.outliers) == 4


def brute_force_area(spoilt: np.ndarray, block: int) -> int:
    """The largest number of whole blocks in a rectangle without a spoilt pixel, trying all."""
    rows, columns = spoilt.shape[0] // block, spoilt.shape[1] // block
    found = 0
    for top, left in np.ndindex(rows, columns):
        for bottom, right in np.ndindex(rows - top, columns - left):
            cut = spoilt[top * block : (top + bottom + 1) * block, left * block : (left + right + 1) * block]
            found = max(found, 0 if cut.any() else (bottom + 1) * (right + 1))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_largest_clear_rectangle(seed: int) -> None:
    random = np.random.default_rng(seed)
    spoilt = np.zeros((160, 192), bool)
    for y, x in random.integers(0, 150, (4, 2)):
        spoilt[y : y + random.integers(1, 30), x : x + random.integers(1, 30)] = True
    rows, columns = clear_part(spoilt)
    cut = spoilt[rows, columns]
    if cut.any():  # none of 64 px a side
        assert cut.shape == spoilt.shape
    else:
        assert cut.size == 256 * brute_force_area(spoilt, 16) and min(cut.shape) >= 64


def test_scattered_holes_leave_the_whole_image() -> None:
    spoilt = np.zeros((200, 300), bool)
    spoilt[::40, ::40] = True
    assert clear_part(spoilt) == (slice(0, 200), slice(0, 300))
    assert clear_part(np.zeros((20, 30), bool)) == (slice(0, 20), slice(0, 30))
