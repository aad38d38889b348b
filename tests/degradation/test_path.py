"""The kernel of a path that was drawn: even light along its line, centred, whole."""

import pytest
import torch

from mzsr_basicsr.degradation.kernels import validate_kernel
from mzsr_basicsr.degradation.path import path_kernel
from mzsr_basicsr.degradation.spread import centre, covariance
from mzsr_basicsr.errors import KernelError


def test_a_straight_line_has_the_variance_of_even_light():
    """A line of length L has L²/12 along itself; sharing among two pixels adds at most 1/4 on either axis."""
    kernel = path_kernel([(-6, 0), (6, 0)])
    spread = covariance(kernel)
    assert float(spread[0]) == pytest.approx(144 / 12, abs=0.25) and float(spread[1]) <= 0.25
    assert kernel.shape[-1] == 2 * 7 + 1
    assert torch.equal(kernel.nonzero()[:, 0].unique(), torch.tensor([7]))


def test_light_is_even_along_the_line_wherever_its_corners_are():
    few = path_kernel([(0, 0), (5, 0), (5, 5)])
    many = path_kernel([(0, 0), (0.1, 0), (0.2, 0), (0.2, 0), (5, 0), (5, 3), (5, 5)])
    torch.testing.assert_close(few, many, atol=1e-12, rtol=0)


def test_a_path_becomes_a_centred_kernel_wherever_it_was_drawn():
    here, there = path_kernel([(0, 0), (3, 2), (6, -1)]), path_kernel([(-9, 7), (-6, 9), (-3, 6)])
    torch.testing.assert_close(here, there, atol=1e-12, rtol=0)
    assert float(centre(here).abs().max()) < 1e-9
    validate_kernel(here, "path")
    rim = torch.cat([here[0], here[-1], here[:, 0], here[:, -1]])
    assert float(rim.abs().max()) == 0


def test_x_goes_right_and_y_down():
    kernel = path_kernel([(-4, -4), (4, 4)])
    assert float(covariance(kernel)[2]) > 1


def test_a_path_of_no_length_blurs_nothing():
    kernel = path_kernel([(3, 3), (3, 3)])
    assert kernel[2, 2] == 1 == kernel.sum() and kernel.shape == (5, 5)


@pytest.mark.parametrize("points", [[], [(0, 21)], [(float("nan"), 0)], [(0, 0), (float("inf"), 0)]])
def test_other_corners_are_refused(points):
    with pytest.raises(KernelError, match="path: give corners"):
        path_kernel(points)
