"""Kernels in numbers and in pictures: known Gaussians, differences against NumPy's, and drawings measured in pixels."""

import math

import cv2
import numpy as np
import pytest
import torch

from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.kernel_tools.picture import draw_difference, draw_kernel, labelled_row
from mzsr_basicsr.kernel_tools.report import caption, compare_kernels, measure_kernel


def inferno(level: int) -> np.ndarray:
    return cv2.applyColorMap(np.array([[level]], np.uint8), cv2.COLORMAP_INFERNO)[0, 0, ::-1]


@pytest.mark.parametrize(
    ("spec", "lambda1", "lambda2", "degrees"),
    [
        ("gaussian:4.0,1.0,-0.5,31", 4, 1, 180 - math.degrees(0.5)),
        ("gaussian:1.0,3.0,0.2,31", 3, 1, 90 + math.degrees(0.2)),
    ],
)
def test_numbers_of_known_gaussians(spec, lambda1, lambda2, degrees):
    n = measure_kernel(load_kernel(spec))
    assert (n.lambda1, n.lambda2) == pytest.approx((lambda1, lambda2), abs=1e-3)
    assert n.theta_degrees == pytest.approx(degrees, abs=0.01)
    assert (n.side, n.sum, n.sigma1) == pytest.approx((31, 1, math.sqrt(lambda1)), abs=1e-3)


def test_comparing_with_itself_and_with_known_others():
    a, small = load_kernel("gaussian:4.0,1.0,0.1,41"), load_kernel("gaussian:1.0,1.0,0,9")
    same = compare_kernels(a, a)
    assert (same.psnr, same.lambda1_error, same.lambda2_error, same.angle, same.l1) == (math.inf, 0, 0, 0, 0)
    turned = compare_kernels(a, load_kernel(f"gaussian:6.0,0.8,{math.pi - 0.1},41"))
    assert turned.lambda1_error == pytest.approx(0.5, abs=1e-3)
    assert turned.lambda2_error == pytest.approx(-0.2, abs=2e-3)
    assert turned.angle == pytest.approx(math.degrees(0.2), abs=0.01)  # across the seam at 180°
    other = compare_kernels(a, small)
    wide = np.pad(small.numpy(), 16)
    assert other.psnr == pytest.approx(
        10 * math.log10(a.numpy().max() ** 2 / np.mean((a.numpy() - wide) ** 2)), abs=1e-9
    )
    assert other.l1 == pytest.approx(np.abs(a.numpy() - wide).sum(), abs=1e-12)
    back = compare_kernels(small, a)  # the peak is the other one's
    assert back.psnr - other.psnr == pytest.approx(20 * math.log10(small.numpy().max() / a.numpy().max()), abs=1e-9)
    assert compare_kernels(load_kernel("delta"), a).lambda1_error == math.inf


def test_a_round_kernel_has_no_direction_whatever_the_rounding():
    """Each rotation by 90° of a round kernel is the same kernel, and rounding must not choose an axis."""
    kernel = load_kernel("gaussian:2.0,2.0,0.7,15")
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        rounded = kernel * (1 + 1e-15 * torch.randn(kernel.shape, generator=generator, dtype=kernel.dtype))
        assert measure_kernel(rounded).theta == 0 and measure_kernel(rounded).round
        assert compare_kernels(kernel, rounded).angle is None
    assert "px^2, round, centre" in caption(kernel)
    crooked = load_kernel("gaussian:2.1,2.0,0.7,25")
    assert not measure_kernel(crooked).round and measure_kernel(crooked).theta == pytest.approx(0.7, abs=1e-3)


def test_the_centre_of_mass_is_said():
    weights = torch.zeros(9, 9, dtype=torch.float64)
    weights[2, 7], weights[5, 7] = 0.25, 0.75  # (row, column): 3 px to the right, 0.25 * -2 + 0.75 * 1 px down
    n = measure_kernel(weights)
    assert (n.centre_x, n.centre_y) == pytest.approx((3, 0.25), abs=1e-12)
    assert caption(weights).endswith("centre of mass +3.00, +0.25 px")
    moved = compare_kernels(weights, load_kernel("delta"))
    assert (moved.moved_x, moved.moved_y) == pytest.approx((-3, -0.25), abs=1e-12)


def test_a_drawing_has_squares_and_the_ellipse_of_one_deviation():
    drawn = draw_kernel(load_kernel("gaussian:9.0,2.25,0.6,25"), 500)
    assert drawn.shape == (500, 500, 3) and drawn.dtype == np.uint8
    assert drawn[5, 5].max() < 8 and (drawn[243, 244] == inferno(255)).all()  # squares of 20 px: black far out
    pure = np.argwhere(drawn.min(2) > 200) - 249.5  # the light yellow of the weights has less blue
    radius = np.hypot(pure[:, 0], pure[:, 1])
    far, near = pure[radius > 20][np.argmax(radius[radius > 20])], radius[radius > 20].min()
    assert np.hypot(*far) == pytest.approx(3.0 * 20, abs=2)
    assert near == pytest.approx(1.5 * 20, abs=2)
    assert math.degrees(math.atan2(far[0], far[1])) % 180 == pytest.approx(math.degrees(0.6), abs=4)


def test_weights_have_one_colour_a_square_and_light_follows_them():
    weights = torch.tensor([[0.0, 0.1, 0.0], [0.2, 0.3, 0.0], [0.0, 0.0, 0.4]], dtype=torch.float64)
    drawn = draw_kernel(weights, 90).astype(int)
    corners = {
        value: drawn[30 * row + 3, 30 * column + 3]
        for value, row, column in ((0, 0, 0), (0.1, 0, 1), (0.2, 1, 0), (0.4, 2, 2))
    }
    light = {value: int(colour @ [2, 7, 1]) for value, colour in corners.items()}
    assert light[0] < light[0.1] < light[0.2] < light[0.4]
    assert (drawn[2:28, 62:88] == drawn[3, 63]).all()  # no mark in the upper right square
    dim = draw_kernel(weights, 90, peak=0.8).astype(int)
    assert (dim[63, 63] == inferno(128)).all()
    titled = draw_kernel(weights, 90, "a title that takes several lines of 90 px")
    assert titled.shape[0] > 90 + 2 * 18 and (titled[-90:, :90] == drawn).all()


def test_a_difference_is_red_where_there_is_more():
    a, b = torch.zeros(3, 3), torch.zeros(3, 3)
    a[0, 0], b[2, 2], b[0, 2] = 1.0, 1.0, 0.5
    drawn = draw_difference(a, b, 90)
    colours = [tuple(drawn[row, column].tolist()) for row, column in ((10, 10), (80, 80), (10, 80), (45, 45))]
    assert colours == [(0, 0, 255), (255, 0, 0), (255, 128, 128), (255, 255, 255)]


def test_a_labelled_row_holds_the_pictures():
    pictures = [np.full((20, 100, 3), 10, np.uint8), np.full((50, 60, 3), 200, np.uint8)]
    row = labelled_row([("first, été", pictures[0]), ("second", pictures[1])], gap=4)
    assert (row[4 + 30 : 4 + 50, 4:104] == 10).all() and (row[4:54, 108:168] == 200).all()  # on one line below
    assert (row[:4] == 255).all() and row.shape[1] == 172
    below = row[54:].min(2)
    assert below[:, 4:104].min() < 80 and below[:, 108:168].min() < 80  # letters
