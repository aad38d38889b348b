"""The spread of a kernel, against NumPy, SciPy and the Gaussians it was made of."""

import math

import numpy as np
import pytest
import scipy.linalg
import torch

from mzsr_basicsr.blind import spread
from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.degradation.shapes import box_kernel, motion_kernel
from mzsr_basicsr.degradation.spread import as_gaussian, centre, covariance
from mzsr_basicsr.errors import KernelError

GAUSSIANS = [(4.0, 1.0, 0.3), (2.5, 0.5, 2.0), (1.0, 1.0, 0.0), (6.0, 1.0, math.pi / 2), (3.0, 2.0, 0.0)]


def matrix(lambda1: float, lambda2: float, theta: float) -> np.ndarray:
    """[[xx, xy], [xy, yy]], x to the right and y downward."""
    along, across = np.array([math.cos(theta), math.sin(theta)]), np.array([-math.sin(theta), math.cos(theta)])
    return lambda1 * np.outer(along, along) + lambda2 * np.outer(across, across)


def numbers(full: np.ndarray) -> list[float]:
    return [full[0, 0], full[1, 1], full[0, 1]]


@pytest.mark.parametrize("gaussian", GAUSSIANS)
def test_a_gaussian_has_the_spread_it_was_made_of(gaussian: tuple[float, float, float]) -> None:
    expected = numbers(matrix(*gaussian))
    kernel = gaussian_kernel(*gaussian, size=41)
    assert covariance(kernel).tolist() == pytest.approx(expected, abs=0.01)
    if gaussian[1] >= 1:  # a narrower one is not Gaussian any more when it is sampled
        assert spread.band_spread(kernel, 2).tolist() == pytest.approx(expected, abs=0.01)


def test_the_covariance_is_about_the_centre_of_mass_and_blind_to_the_sum() -> None:
    kernel = torch.rand(2, 9, 9, dtype=torch.float64)
    rows, columns = np.mgrid[-4:5, -4:5]
    for one, found, middle in zip(kernel.numpy(), covariance(3 * kernel), centre(kernel), strict=True):
        expected = np.cov(np.stack([columns.ravel(), rows.ravel()]), aweights=one.ravel(), ddof=0)
        assert found.tolist() == pytest.approx(numbers(expected), abs=1e-10)
        assert middle.tolist() == pytest.approx([(columns * one).sum(), (rows * one).sum()], abs=1e-10)
    moved = torch.roll(torch.nn.functional.pad(kernel[0], (5,) * 4), (3, -2), (0, 1))
    torch.testing.assert_close(covariance(moved), covariance(kernel[0]), atol=1e-10, rtol=0)


def test_the_spread_of_known_shapes() -> None:
    assert covariance(box_kernel(5.0)).tolist() == pytest.approx([2.0, 2.0, 0.0], abs=1e-9)  # (5² - 1) / 12
    along = covariance(motion_kernel(7.0, 0.0))
    assert along[0] > 3.5 and along[1] < 0.1 and abs(along[2]) < 1e-9


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_subsampling_blurs_though_its_covariance_is_zero(scale: int) -> None:
    """The fit over the LR band, made again with MATLAB's weights and NumPy's least squares."""
    own = effective_kernel(delta_kernel(), scale)
    assert covariance(own).tolist() == pytest.approx([0, 0, 0], abs=1e-9)
    offsets = np.arange(-2 * scale + 0.5, 2 * scale) if scale % 2 == 0 else np.arange(-2 * scale + 1, 2 * scale)
    x = np.abs(offsets / scale)
    taps = np.where(x <= 1, 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2)
    frequencies = np.linspace(-0.5, 0.5, 17) / scale
    line = np.cos(2 * np.pi * np.outer(frequencies, offsets)) @ (taps / taps.sum())
    plane = np.maximum(np.abs(np.outer(line, line)), 1e-3).ravel()
    v, u = (axis.ravel() for axis in np.meshgrid(frequencies, frequencies, indexing="ij"))
    design = -2 * np.pi**2 * np.stack([u**2, v**2, 2 * u * v], axis=1)
    fit = np.linalg.lstsq(design * plane[:, None], np.log(plane) * plane, rcond=None)[0]
    found = spread.band_spread(own, scale).tolist()
    assert found == pytest.approx(fit.tolist(), abs=1e-6)
    assert 0.05 * scale**2 < found[0] < 0.3 * scale**2 and found[0] == pytest.approx(found[1])


def test_the_logarithm_is_that_of_the_matrix_with_a_pixel_added() -> None:
    for gaussian in GAUSSIANS:
        full = matrix(*gaussian)
        logarithm = spread.log_covariance(torch.tensor(numbers(full)))
        expected = scipy.linalg.logm(full + np.eye(2) / 12)
        assert logarithm.tolist() == pytest.approx(numbers(expected), abs=1e-5)
        assert spread.from_log(logarithm).tolist() == pytest.approx(numbers(full), abs=1e-4)


def test_exponential_and_logarithm_undo_each_other_in_batches() -> None:
    random = torch.randn(5, 3, 2, 4, dtype=torch.float64)
    product = random @ random.transpose(-1, -2)
    given = torch.stack([product[..., 0, 0], product[..., 1, 1], product[..., 0, 1]], dim=-1)
    torch.testing.assert_close(spread.from_log(spread.log_covariance(given)), given, atol=1e-10, rtol=0)


def test_less_than_no_blur_is_none() -> None:
    assert spread.log_covariance(torch.tensor([-1.0, -2.0, 0.0])).tolist() == pytest.approx(
        [math.log(1 / 12)] * 2 + [0]
    )
    assert spread.from_log(torch.tensor([-9.0, -5.0, 0.0])).tolist() == [0, 0, 0]
    half = spread.from_log(spread.log_covariance(torch.tensor(numbers(matrix(2.0, -1.0, 0.4)), dtype=torch.float64)))
    assert half.tolist() == pytest.approx(numbers(matrix(2.0, 0.0, 0.4)), abs=1e-10)  # the axes stay


@pytest.mark.parametrize("theta", [0.0, 0.3, math.pi / 2, 2.0, 3.1])
def test_a_covariance_is_named_by_its_axes_the_longer_first(theta: float) -> None:
    found = as_gaussian(torch.tensor(numbers(matrix(4.0, 1.0, theta))))
    assert found == pytest.approx((4.0, 1.0, theta), abs=1e-5)
    turned = as_gaussian(torch.tensor(numbers(matrix(1.0, 4.0, theta))))  # the second is the longer
    assert turned == pytest.approx((4.0, 1.0, (theta + math.pi / 2) % math.pi), abs=1e-5)
    assert 0 <= turned.theta < math.pi and turned.lambda1 >= turned.lambda2


@pytest.mark.parametrize("gaussian", GAUSSIANS)
def test_the_gaussian_of_a_covariance(gaussian: tuple[float, float, float]) -> None:
    rows, columns = np.mgrid[-7:8, -7:8]
    places = np.stack([columns, rows], axis=-1)
    exponent = np.einsum("...i,ij,...j", places, np.linalg.inv(matrix(*gaussian)), places)
    expected = np.exp(-exponent / 2)
    found = spread.gaussian_of(torch.tensor(numbers(matrix(*gaussian)), dtype=torch.float64), 15)
    np.testing.assert_allclose(found.numpy(), expected / expected.sum(), atol=1e-9)


def test_variances_are_bounded_below_and_must_be_finite() -> None:
    found = spread.gaussian_of(torch.zeros(3), 15)
    torch.testing.assert_close(found, gaussian_kernel(0.05, 0.05, 0.0, 15), atol=1e-12, rtol=0)
    for bad in (math.nan, math.inf):
        with pytest.raises(KernelError, match="not finite; give the kernel yourself"):
            spread.gaussian_of(torch.tensor([1.0, bad, 0.0]), 15)


def test_small_spreads_shrink_and_large_ones_hardly() -> None:
    turned = torch.tensor([2.0, 0.4, 0.7])
    values, axes = np.linalg.eigh([[2.0, 0.7], [0.7, 0.4]])
    wanted = (axes * (values**3 / (values**2 + 0.25))) @ axes.T
    found = spread.sharpened(turned, 0.5).tolist()
    assert found == pytest.approx([wanted[0, 0], wanted[1, 1], wanted[0, 1]], abs=1e-5)
    assert spread.sharpened(torch.tensor([-1e-9, 0.0, 0.0]), 0.5).tolist() == pytest.approx([0, 0, 0])
