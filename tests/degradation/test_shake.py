"""Camera shake: the hand's motion against closed forms, the light against sums by definition, the kernels as a whole."""

import math

import numpy as np
import pytest
import scipy.ndimage
import torch

from mzsr_basicsr.degradation import shake
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.kernels import validate_kernel
from mzsr_basicsr.degradation.shake import NUMBERS, STEPS, seeded_shake, shake_kernel

KERNELS = [seeded_shake(seed) for seed in range(200)]
STILL = [0.5, 0.5, 1.0, 0.0]  # no push, no jerk


def extent(kernel: torch.Tensor) -> int:
    """Longer side of the box that holds all light, px."""
    places = kernel.nonzero()
    return int((places.amax(0) - places.amin(0)).max()) + 1


@pytest.mark.parametrize("size", [1, 3, 5, 7, 15, 25, 41])
def test_a_shake_is_a_centred_kernel(size: int) -> None:
    axis = torch.arange(size, dtype=torch.float64) - size // 2
    for seed in range(20):
        kernel = seeded_shake(seed, size)
        assert kernel.shape == (size, size) and kernel.dtype == torch.float64
        assert torch.equal(validate_kernel(kernel, "shake"), kernel) and kernel.min() >= 0
        assert kernel.sum().item() == pytest.approx(1, abs=1e-12)
        assert [(kernel.sum(side) @ axis).item() for side in (0, 1)] == pytest.approx([0, 0], abs=1e-9)


@pytest.mark.parametrize("size", [1, 5, 25])
def test_the_generator_advances_by_the_documented_numbers(size: int) -> None:
    one, other = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    for _ in range(3):
        shake_kernel(one, size)
        torch.rand(NUMBERS, dtype=torch.float64, generator=other)
        assert torch.equal(one.get_state(), other.get_state())


def test_a_text_names_the_shake_of_its_seed() -> None:
    expected = shake_kernel(torch.Generator().manual_seed(3), 31)
    assert torch.equal(load_kernel("shake:3,31"), expected) and torch.equal(seeded_shake(3, 31), expected)
    assert torch.equal(load_kernel("shake:3"), seeded_shake(3, 25))
    assert len({tuple(kernel.flatten().tolist()) for kernel in KERNELS}) == len(KERNELS)


def test_extents_reach_from_5_px_to_the_window() -> None:
    found = np.array([extent(kernel) for kernel in KERNELS])
    assert 5 <= found.min() <= 9 and 23 <= found.max() <= 25  # light is shared with neighbours: up to 3 px more
    assert np.mean(found < 14) > 0.15 and np.mean(found > 18) > 0.3
    assert max(extent(seeded_shake(seed, 9)) for seed in range(50)) == 9


def test_shakes_are_thin_connected_curves_of_varying_brightness() -> None:
    large = [kernel.numpy() for kernel in KERNELS if extent(kernel) > 16]
    around = np.ones((3, 3))
    for kernel in large:
        assert scipy.ndimage.label(kernel > 0, around)[1] == 1
    filled = [np.mean(kernel[kernel > 0.1 * kernel.max()].size / extent(torch.tensor(kernel)) ** 2) for kernel in large]
    assert np.median(filled) < 0.3 and max(filled) < 0.6  # a disk fills 0.79 of its box
    varying = [kernel[kernel > 0].std() / kernel[kernel > 0].mean() for kernel in large]
    assert min(varying) > 0.4
    crooked = [np.abs(kernel - kernel[::-1, ::-1]).sum() / 2 for kernel in large]
    assert np.median(crooked) > 0.5  # half of the light has none opposite


def test_a_steady_push_against_friction() -> None:
    """v_n = a (1 - (1 - f)^n) / f, added up."""
    pushes = [[0.9, 0.3, 1.0, 0.0]] * STEPS
    nodes = np.array(shake._path(pushes, 0.1, 0.0, (0.0, 0.0)))
    velocity = (1 - 0.9 ** np.arange(1, STEPS + 1)) / 0.1
    np.testing.assert_allclose(nodes[1:, 0], 0.4 * np.cumsum(velocity), atol=1e-12)
    np.testing.assert_allclose(nodes[1:, 1], -0.2 * np.cumsum(velocity), atol=1e-12)


def test_a_spring_makes_the_hand_swing() -> None:
    """x_n = v sin(n ω) / sin(ω) of a spring s, where 2 - 2 cos ω = s; the start is at speed 3 at most."""
    nodes = np.array(shake._path([STILL] * STEPS, 0.0, 0.02, (0.125, 0.5)))
    omega = math.acos(1 - 0.02 / 2)
    speed = 1.5 * math.sqrt(0.5)
    expected = speed * np.sin(np.arange(STEPS + 1) * omega) / math.sin(omega)
    np.testing.assert_allclose(nodes, np.stack([expected, expected], 1), atol=1e-9)


def test_a_jerk_turns_the_path_once() -> None:
    pushes = [list(STILL) for _ in range(STEPS)]
    pushes[20] = [0.5, 0.5, 0.0, 0.25]  # a quarter turn of the screen: down
    steps = np.diff(np.array(shake._path(pushes, 0.0, 0.0, (0.0, 1 / 3))), axis=0)
    np.testing.assert_allclose(steps[:20], [[1, 0]] * 20, atol=1e-12)
    np.testing.assert_allclose(steps[20:], [[1, 1.5]] * (STEPS - 20), atol=1e-12)


def test_equal_times_give_equal_light() -> None:
    nodes = np.random.default_rng(0).normal(size=(6, 2)).cumsum(0)
    found = shake._samples(torch.from_numpy(nodes)).numpy()
    times = (np.arange(16 * 5) + 0.5) / 16
    for side in (0, 1):
        np.testing.assert_allclose(found[:, side], np.interp(times, np.arange(6), nodes[:, side]), atol=1e-12)


@pytest.mark.parametrize("size", [3, 9])
def test_light_is_shared_bilinearly(size: int) -> None:
    """Each pixel takes max(0, 1 - |dx|) max(0, 1 - |dy|) of a point; up to the very border."""
    radius = size // 2
    points = np.random.default_rng(1).uniform(-radius, radius, (50, 2))
    points[:4] = [[-radius, -radius], [radius, radius], [radius, 0], [0.25, -radius]]
    axis = np.arange(size) - radius
    x, y = (np.clip(1 - np.abs(axis[None] - points[:, i, None]), 0, None) for i in (0, 1))
    expected = np.einsum("nr,nc->rc", y, x) / 50
    np.testing.assert_allclose(shake.splat(torch.from_numpy(points), size).numpy(), expected, atol=1e-12)


def test_softness_is_a_blur_of_three_taps() -> None:
    kernel = torch.zeros(9, 9, dtype=torch.float64)
    kernel[1:-1, 1:-1] = torch.rand(7, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    taps = np.array([0.15, 0.7, 0.15])
    expected = scipy.ndimage.correlate(kernel.numpy(), np.outer(taps, taps), mode="constant")
    np.testing.assert_allclose(shake._soften(kernel, 0.15).numpy(), expected, atol=1e-12)
