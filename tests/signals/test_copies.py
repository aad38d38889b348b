"""How small copies are made, by kernel: against the closed form of Gaussians and of a box."""

import math

import pytest
import torch

from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.signals.copies import HARD, LEFT, SOFT, kept_at_nyquist, shrink_range


@pytest.mark.parametrize("scale", [2, 2.6, 3, 4])
@pytest.mark.parametrize("variance", [0.8, 1.3, 2.0, 4.0])
def test_what_a_gaussian_keeps_is_the_closed_form(scale: float, variance: float) -> None:
    """exp(-2π²σ²f²) at f = 1 / (2 s) cycles per HR px, the highest frequency of the LR image."""
    expected = math.exp(-2 * math.pi**2 * variance / (2 * scale) ** 2)
    kernel = gaussian_kernel(variance, variance, 0.0, 41)
    sampled = 1e-3 if variance > 1 else 5e-3  # a narrow Gaussian's samples alias a little
    assert kept_at_nyquist(Degradation(kernel, scale)) == pytest.approx(expected, abs=sampled)


def test_the_axis_that_keeps_more_counts() -> None:
    """Variances 4 and 1, along x and y or turned by 90 degrees."""
    expected = math.exp(-2 * math.pi**2 * 1.0 / 16)
    for angle in (0.0, math.pi / 2):
        kept = kept_at_nyquist(Degradation(gaussian_kernel(4.0, 1.0, angle, 41), 2))
        assert kept == pytest.approx(expected, abs=2e-3)


def test_a_box_and_no_blur() -> None:
    """A box of 3 px keeps (1 + 2 cos(π/2)) / 3 of the wave of 4 px; no blur keeps all, wherever it lies."""
    assert kept_at_nyquist(Degradation(torch.full((3, 3), 1 / 9), 2)) == pytest.approx(1 / 3, abs=1e-6)
    assert kept_at_nyquist(Degradation(delta_kernel(5), 2)) == pytest.approx(1.0)
    moved = torch.zeros(5, 5)
    moved[0, 3] = 1.0
    assert kept_at_nyquist(Degradation(moved, 3)) == pytest.approx(1.0)


def test_bicubic_subsampling_counts_as_a_blur() -> None:
    """Antialiased bicubic keeps about half of the LR image's highest frequency, as a filter of that band does."""
    assert 0.4 < kept_at_nyquist(Degradation(delta_kernel(3), 2, "bicubic")) < 0.6
    blurred = Degradation(gaussian_kernel(2.0, 2.0, 0.0, 21), 2, "bicubic")
    assert kept_at_nyquist(blurred) < kept_at_nyquist(Degradation(blurred.kernel, 2))


def test_kernels_of_a_batch_count_as_their_mean() -> None:
    kernels = torch.stack([gaussian_kernel(variance, variance, 0.0, 21) for variance in (1.0, 3.0)])
    each = [kept_at_nyquist(Degradation(kernel, 2)) for kernel in kernels]
    assert kept_at_nyquist(Degradation(kernels, 2)) == pytest.approx(sum(each) / 2)


def test_the_more_aliases_the_smaller_a_copy_may_be() -> None:
    """Linear between the two ends, and constant beyond them."""
    for left, expected in ((0.02, SOFT), (LEFT[0], SOFT), (0.325, (0.55, 0.95)), (LEFT[1], HARD), (0.9, HARD)):
        variance = -math.log(left) * 16 / (2 * math.pi**2)
        kernel = gaussian_kernel(variance, variance, 0.0, 41)
        assert shrink_range(Degradation(kernel, 2)) == pytest.approx(expected, abs=4e-3)
    assert shrink_range(Degradation(delta_kernel(3), 4)) == HARD
