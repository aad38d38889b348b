"""Kernels moved on their grid: no weight is lost, and the centre of mass lies where NumPy finds it."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from mzsr_basicsr.degradation.moves import recentred


@pytest.mark.parametrize(("row", "column"), [(0, 0), (8, 3), (4, 4), (3, 8)])
def test_recentring_is_a_shift_by_whole_px(row: int, column: int) -> None:
    weights = 0.02 * np.random.default_rng(row).random((9, 9))
    weights[row, column] += 9
    weights /= weights.sum()
    found = recentred(torch.from_numpy(weights)).numpy()
    assert np.array_equal(np.sort(found[found > 0]), np.sort(weights.ravel()))  # every bit of every weight
    middle = found.shape[0] // 2
    assert found.shape == (2 * middle + 1,) * 2
    assert np.abs(np.array(ndimage.center_of_mass(found)) - middle).max() <= 0.5
    assert np.abs(np.argwhere(found > 0) - middle).max() == middle  # no ring of zeros


def test_a_blur_by_the_result_is_the_blur_moved() -> None:
    weights = np.zeros((5, 5))
    weights[0, 1], weights[1, 0] = 0.6, 0.4
    found = recentred(torch.from_numpy(weights)).numpy()
    picture = np.random.default_rng(1).random((30, 30))
    before, after = ndimage.correlate(picture, weights), ndimage.correlate(picture, found)
    np.testing.assert_allclose(after[5:-5, 5:-5], before[7:-3, 6:-4], atol=1e-15)
