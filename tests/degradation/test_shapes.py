"""Kernels that are not Gaussian against closed-form areas and moments; angles turn as those of Gaussians do."""

import math

import numpy as np
import pytest
import torch

from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.kernels import gaussian_kernel, validate_kernel
from mzsr_basicsr.degradation.shapes import (
    box_kernel,
    disk_kernel,
    motion_kernel,
    pair_kernel,
    same_spread,
    sample_shape,
)
from mzsr_basicsr.errors import KernelError

PIXEL = 1 / 12  # px², the variance of averaging over a pixel's side


def moments(kernel: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Measure (x, y), from the centre pixel, and [[xx, xy], [xy, yy]], about that; x to the right and y downward."""
    weights = kernel.numpy()
    radius = len(weights) // 2
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    places = np.stack([x.ravel(), y.ravel()])
    mean = places @ weights.ravel()
    return mean, (places - mean[:, None]) * weights.ravel() @ (places - mean[:, None]).T


def turned(along: float, across: float, degrees: float) -> np.ndarray:
    """Covariance of a spread along (cos, sin) and across it, px²."""
    axis = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    return along * np.outer(axis, axis) + across * (np.eye(2) - np.outer(axis, axis))


ALL = {
    "disk": disk_kernel(2.3),
    "box": box_kernel(4.6),
    "motion": motion_kernel(7.0, 30.0),
    "pair": pair_kernel(0.7, 3.0, 110.0),
    "disk in 21": disk_kernel(3.0, 21),
    "motion in 15": motion_kernel(9.0, -40.0, 15),
}


@pytest.mark.parametrize("name", ALL)
def test_every_shape_is_a_centred_kernel(name: str) -> None:
    kernel = ALL[name]
    assert torch.equal(validate_kernel(kernel, name), kernel)
    assert kernel.dtype == torch.float64
    assert kernel.sum().item() == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(moments(kernel)[0], 0, atol=1e-12)
    torch.testing.assert_close(kernel, kernel.flip(0, 1), atol=1e-12, rtol=0)  # each has a half turn's symmetry


@pytest.mark.parametrize("radius", [2.0, 3.0, 4.5, 6.0])
def test_a_disk_has_the_variance_of_a_disk(radius: float) -> None:
    """r²/4 on each axis, and an area of π r² times the height of its top."""
    kernel = disk_kernel(radius)
    np.testing.assert_allclose(moments(kernel)[1], (radius**2 / 4 + PIXEL) * np.eye(2), atol=0.05)
    assert kernel.max().item() == pytest.approx(1 / (math.pi * radius**2), rel=0.02)
    assert torch.equal(kernel, kernel.T) and torch.equal(kernel, kernel.flip(0))


@pytest.mark.parametrize("side", [1.0, 2.5, 4.0, 5.0, 7.25])
def test_a_box_covers_each_pixel_by_its_area(side: float) -> None:
    kernel = box_kernel(side)
    places = np.arange(len(kernel)) - len(kernel) // 2
    covered = np.clip(np.minimum(places + 0.5, side / 2) - np.maximum(places - 0.5, -side / 2), 0, 1)
    np.testing.assert_allclose(kernel.numpy(), np.outer(covered, covered) / side**2, atol=1e-12)
    variance = moments(kernel)[1]
    np.testing.assert_allclose(variance, side**2 / 12 * np.eye(2), atol=2 * PIXEL)


@pytest.mark.parametrize(("length", "degrees"), [(7.0, 30.0), (9.0, 45.0), (9.0, 130.0), (15.0, 75.0), (12.5, -10.0)])
def test_motion_spreads_along_its_angle(length: float, degrees: float) -> None:
    """length²/12 along it and one pixel's 1/12 across."""
    expected = turned(length**2 / 12, PIXEL, degrees) + PIXEL * np.eye(2)
    found = moments(motion_kernel(length, degrees))[1]
    np.testing.assert_allclose(found, expected, atol=0.1)
    assert found[0, 1] == pytest.approx(expected[0, 1], abs=0.05)


@pytest.mark.parametrize("length", [1.0, 3.0, 6.5])
def test_level_motion_is_a_row_of_its_length(length: float) -> None:
    for kernel, row in ((motion_kernel(length), 0), (motion_kernel(length, 90.0), 1)):
        sums = kernel.sum(row)
        assert kernel.count_nonzero() == sums.count_nonzero()  # one pixel wide
        assert sums.max().item() == pytest.approx(1 / length, abs=1e-12)


@pytest.mark.parametrize(
    ("variance", "distance", "degrees"), [(0.7, 3.0, 0.0), (1.0, 4.0, 40.0), (2.0, 1.5, 100.0), (1.2, 5.0, -25.0)]
)
def test_a_pair_adds_the_distance_to_the_variance(variance: float, distance: float, degrees: float) -> None:
    found = moments(pair_kernel(variance, distance, degrees, 41))[1]
    np.testing.assert_allclose(found, turned(variance + distance**2 / 4, variance, degrees), atol=2e-4)


def test_a_pair_is_the_mean_of_two_shifted_gaussians() -> None:
    one = gaussian_kernel(0.8, 0.8, 0.0, 21)
    expected = (one.roll(2, 1) + one.roll(-2, 1)) / 2
    torch.testing.assert_close(pair_kernel(0.8, 4.0, 0.0, 21), expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("degrees", [30.0, 100.0, 160.0])
def test_angles_turn_as_those_of_gaussians(degrees: float) -> None:
    """The long axis of each shape is that of a Gaussian of the same angle: clockwise on the screen."""
    gaussian = moments(gaussian_kernel(6.0, 1.0, math.radians(degrees), 31))[1]
    for kernel in (motion_kernel(9.0, degrees), pair_kernel(1.0, 5.0, degrees)):
        axes = [np.linalg.eigh(covariance)[1][:, 1] for covariance in (gaussian, moments(kernel)[1])]
        assert abs(axes[0] @ axes[1]) > math.cos(math.radians(2))
    kernel = motion_kernel(7.0, 45.0, 9)
    assert kernel[6, 6] > 0.05 > kernel[2, 6] == 0  # below and right of the centre pixel, not above and right


@pytest.mark.parametrize(("lambda1", "lambda2", "theta"), [(3.0, 1.0, 0.4), (0.8, 0.8, 0.0), (5.0, 2.0, -1.2)])
def test_the_same_spread_of_a_gaussian_is_itself(lambda1: float, lambda2: float, theta: float) -> None:
    kernel = gaussian_kernel(lambda1, lambda2, theta, 41)
    torch.testing.assert_close(same_spread(kernel), kernel, atol=1e-5, rtol=0)
    moved = kernel.roll((2, -3), (0, 1))
    torch.testing.assert_close(same_spread(moved), kernel, atol=1e-5, rtol=0)  # centred


@pytest.mark.parametrize("name", ["disk in 21", "motion in 15"])
def test_the_same_spread_is_a_gaussian_of_the_same_moments(name: str) -> None:
    padded = torch.nn.functional.pad(ALL[name], (12,) * 4)
    found = same_spread(padded)
    np.testing.assert_allclose(moments(found)[1], moments(padded)[1], atol=0.02)
    logarithms = found.log()  # of a Gaussian: its second differences are the same everywhere
    curvature = logarithms.diff(n=2, dim=1)[15:-15, 12:-12]
    assert curvature.max() - curvature.min() < 1e-6


def test_sampled_shapes_are_seeded_and_valid() -> None:
    generator = torch.Generator().manual_seed(3)
    kernels = [sample_shape(15, generator) for _ in range(200)]
    again = torch.Generator().manual_seed(3)
    for kernel in kernels[:20]:
        assert torch.equal(kernel, sample_shape(15, again))
    for kernel in kernels:
        assert kernel.shape == (15, 15)
        validate_kernel(kernel, "sampled")
    assert len({tuple(kernel.flatten().tolist()) for kernel in kernels}) > 140  # a box knows steps of 1/4 px only


@pytest.mark.parametrize("seed", range(12))
def test_a_sample_is_the_documented_function_of_four_numbers(seed: int) -> None:
    generator, other = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    choice, first, second, turn = torch.rand(4, dtype=torch.float64, generator=other).tolist()
    expected = (
        disk_kernel(0.5 + 2.5 * first, 21),
        box_kernel(1 + 5 * first, 21),
        motion_kernel(1 + 8 * first, 180 * turn, 21),
        pair_kernel(0.2 + 1.8 * first, 1 + 4 * second, 180 * turn, 21),
    )[int(4 * choice)]
    assert torch.equal(sample_shape(21, generator), expected)
    assert torch.equal(generator.get_state(), other.get_state())


def test_shapes_given_by_text() -> None:
    assert torch.equal(load_kernel("disk:2"), disk_kernel(2.0))
    assert torch.equal(load_kernel("box:5"), box_kernel(5.0))
    assert torch.equal(load_kernel("motion:7"), motion_kernel(7.0))
    assert torch.equal(load_kernel("motion:7,30"), motion_kernel(7.0, 30.0))
    assert torch.equal(load_kernel("pair:0.7,3"), pair_kernel(0.7, 3.0))
    assert torch.equal(load_kernel("pair:0.7,3,-45"), pair_kernel(0.7, 3.0, -45.0))
    assert torch.equal(load_kernel("box:1"), torch.ones(1, 1, dtype=torch.float64))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("disk:", "disk:: not numbers; write disk:RADIUS"),
        ("disk:two", "disk:two: not numbers; write disk:RADIUS"),
        ("disk:2,3", "disk:2,3: needs 1 .*finite numbers?; write disk:RADIUS"),
        ("disk:nan", "disk:nan: needs 1 .*finite numbers?; write disk:RADIUS"),
        ("motion:7,30,1", r"motion:7,30,1: needs 1 to 2 finite numbers; write motion:LENGTH\[,DEGREES\]"),
        ("pair:0.7", r"pair:0.7: needs 2 to 3 finite numbers; write pair:VARIANCE,DISTANCE\[,DEGREES\]"),
        ("disk:0", "radius 0 must be 0.1 to 40 px"),
        ("disk:-1", "radius -1 must be"),
        ("disk:50", "radius 50 must be 0.1 to 40 px"),
        ("pair:-1,3", "variance -1 must be 0.1 to 40 px²; write"),
        ("motion:0", "length 0 must be"),
        ("motion:-0.5", "length -0.5 must be"),
        ("shake:x", r"shake:x: needs one or two integers; write shake:SEED\[,SIZE\]"),
        ("shake:-1", r"shake:-1: the seed must be 0 to 4294967295; write shake:SEED\[,SIZE\]"),
        ("shake:1,24", "shake:1,24: size 24 must be an odd number of px from 5 to 81"),
        ("ring:2", r"ring:2: unknown kernel; .*disk:RADIUS, box:SIDE, .*, shake:SEED\[,SIZE\], or delta"),
    ],
)
def test_texts_that_name_no_shape_are_refused(spec: str, message: str) -> None:
    with pytest.raises(KernelError, match=message) as caught:
        load_kernel(spec)
    assert "\n" not in str(caught.value)
