"""Repairs of other projects' kernels: each against NumPy and SciPy, the flags that a refusal names, what is refused."""

import re

import numpy as np
import pytest
import torch
from scipy import ndimage

from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.moves import turned
from mzsr_basicsr.degradation.repair import needed, repaired
from mzsr_basicsr.errors import KernelError

ALL = ("--clip", "--pad", "--normalise")
DRAW = np.random.default_rng(0)
EVEN = DRAW.random((6, 6))
EVEN /= EVEN.sum()
FLAT = DRAW.random((3, 7))
FLAT /= FLAT.sum()
SMALL_NEGATIVE = np.full((3, 3), 0.126)
SMALL_NEGATIVE[1, 1] = -0.008  # sums to one


@pytest.mark.parametrize(
    ("weights", "flags"),
    [
        (np.full((3, 3), 1 / 9), []),
        (np.full((3, 3), 2 / 9), ["--normalise"]),
        (np.arange(9).reshape(3, 3), ["--normalise"]),
        (EVEN, ["--pad"]),
        (FLAT, ["--pad"]),
        (SMALL_NEGATIVE, ["--clip", "--normalise"]),
        (np.array([[40, 40], [40, -3]]), ["--clip", "--pad", "--normalise"]),
        (np.array([[1.0, -0.5, 0.5]]), []),  # no rounding
        (np.full((3, 3), np.nan), []),
        (np.zeros((3, 3)), []),
        (np.ones(9), []),
        (np.ones((2, 3, 3)), []),
        (np.empty((0, 0)), []),
    ],
)
def test_a_refusal_names_all_repairs_that_are_needed_and_they_suffice(tmp_path, weights, flags):
    assert needed(weights.astype(float)) == flags
    np.save(tmp_path / "k.npy", weights)
    if not flags and weights.shape == (3, 3) and weights.sum() == pytest.approx(1):
        assert load_kernel(str(tmp_path / "k.npy")).shape == (3, 3)
        return
    with pytest.raises(KernelError, match="^[^\n]*$") as caught:
        load_kernel(f"{tmp_path}/k.npy")
    way_out = re.search(r"; repair it: mzsr kernel convert '(.*)' -o NEW.npy (.*)$", str(caught.value))
    assert (way_out is None) == (not flags)
    if way_out is not None:
        assert way_out[1] == f"{tmp_path}/k.npy" and way_out[2].split() == flags
        np.save(tmp_path / "k.npy", repaired(weights.astype(float), flags, "k")[0])
        load_kernel(str(tmp_path / "k.npy"))


def test_only_what_is_asked_for_is_done():
    weights = np.array([[40.0, 40.0], [40.0, -3.0]])
    assert repaired(weights, (), "k")[1] == []
    assert len(repaired(weights, ALL, "k")[1]) == 3
    np.testing.assert_array_equal(repaired(weights, ["--clip"], "k")[0], [[40, 40], [40, 0]])
    np.testing.assert_array_equal(repaired(weights, ["--pad"], "k")[0], np.pad(weights, ((0, 1), (0, 1))))
    np.testing.assert_allclose(repaired(weights, ["--normalise"], "k")[0], weights / 117, rtol=1e-15)
    good = np.full((3, 3), 1 / 9)
    assert repaired(good / good.sum(), ALL, "k")[1] == []


def test_a_padded_kernel_blurs_as_scipy_does_with_the_even_one():
    picture = DRAW.random((20, 20))
    padded = repaired(EVEN, ["--pad"], "k")[0]
    assert padded.shape == (7, 7)
    np.testing.assert_allclose(ndimage.correlate(picture, padded), ndimage.correlate(picture, EVEN), atol=1e-14)
    over = turned(torch.from_numpy(padded)).numpy()
    np.testing.assert_allclose(ndimage.correlate(picture, over), ndimage.convolve(picture, EVEN), atol=1e-14)
    tall = repaired(FLAT, ["--pad"], "k")[0]
    assert tall.shape == (7, 7)
    np.testing.assert_allclose(ndimage.correlate(picture, tall), ndimage.correlate(picture, FLAT), atol=1e-14)


def test_what_clipping_or_dividing_would_change_too_much_is_refused():
    with pytest.raises(
        KernelError, match="^k: its negative weights are 33 % of the positive ones, which is no rounding"
    ):
        repaired(np.array([[0, -0.5], [1.5, 0]]), ["--clip"], "k")
    with pytest.raises(KernelError, match="^k: kernel sums to 0; to be divided by it"):
        repaired(np.zeros((3, 3)), ["--normalise"], "k")
    with pytest.raises(KernelError, match="^k: its negative weights are inf %"):
        repaired(-np.ones((3, 3)), ["--clip"], "k")
