"""Shapes of the law by name: each is the documented function of its numbers, fits its window, and shares are read."""

import math

import numpy as np
import pytest
import torch

from mzsr_basicsr.degradation import shape_law
from mzsr_basicsr.degradation.kernels import gaussian_kernel, validate_kernel
from mzsr_basicsr.degradation.shake import NUMBERS, shake_kernel
from mzsr_basicsr.degradation.shape_law import SHAPES, shape_draws
from mzsr_basicsr.degradation.shapes import box_kernel, disk_kernel, motion_kernel, pair_kernel, sample_shape
from mzsr_basicsr.errors import ConfigError

COUNTS = {"disk": 1, "box": 1, "motion": 2, "pair": 3, "shake": NUMBERS, "delta": 0, "free": 25}
WHERE = "kernel_law.shapes"


def draws(name: str, size: int, count: int, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [SHAPES[name](size, generator) for _ in range(count)]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("size", [3, 7, 15, 21, 25, 41])
def test_every_draw_is_a_kernel_of_the_size(name: str, size: int) -> None:
    for kernel in draws(name, size, 15):
        assert kernel.shape == (size, size) and kernel.dtype == torch.float64 and kernel.min() >= 0
        assert torch.equal(validate_kernel(kernel, name), kernel)
        assert kernel.sum().item() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", SHAPES)
def test_the_generator_advances_by_the_documented_numbers(name: str) -> None:
    one, other = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    SHAPES[name](25, one)
    torch.rand(COUNTS[name], dtype=torch.float64, generator=other)
    assert torch.equal(one.get_state(), other.get_state())


@pytest.mark.parametrize(("size", "radius", "length"), [(25, 6, 15), (15, 6, 13), (11, 4.5, 9)])
@pytest.mark.parametrize("seed", range(4))
def test_extents_are_uniform_up_to_what_the_window_holds(size: int, radius: float, length: float, seed: int) -> None:
    u, v, w = torch.rand(3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).tolist()
    expected = {
        "disk": disk_kernel(0.5 + (radius - 0.5) * u, size),
        "box": box_kernel(1 + (2 * radius - 1) * u, size),
        "motion": motion_kernel(1 + (length - 1) * u, 180 * v, size),
        "pair": pair_kernel(0.2 + 1.8 * u, 1 + 4 * v, 180 * w, size),
        "shake": shake_kernel(torch.Generator().manual_seed(seed), size),
    }
    for name, kernel in expected.items():
        torch.testing.assert_close(draws(name, size, 1, seed)[0], kernel, atol=1e-15, rtol=0)


@pytest.mark.parametrize("size", [9, 15, 25])
def test_disks_boxes_and_motions_lie_wholly_in_their_window(size: int) -> None:
    """In a window twice as wide nothing more of them is seen."""
    radius, length = min(6, size / 2 - 1), min(15, size - 2)
    margin = (51 - size) // 2
    for wide in (disk_kernel(radius, 51), box_kernel(2 * radius, 51), *(motion_kernel(length, a, 51) for a in (0, 30))):
        assert wide[margin:-margin, margin:-margin].sum().item() == pytest.approx(1, abs=1e-12)


def test_delta_blurs_nothing() -> None:
    [kernel] = draws("delta", 5, 1)
    assert torch.equal(kernel, torch.nn.functional.pad(torch.ones(1, 1, dtype=torch.float64), (2, 2, 2, 2)))


def test_a_free_kernel_is_a_sum_of_four_gaussians(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all four stand on the centre pixel, it is the sum of the law's own Gaussians."""
    numbers = torch.rand(25, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    numbers[1:9] = 0.5  # all places
    monkeypatch.setattr(shape_law.torch, "rand", lambda *_, **__: numbers)
    found = SHAPES["free"](41, torch.Generator())
    reach = 1.5 + 6.5 * float(numbers[0])
    wide, thin, turn, weight = numbers[9:].view(4, 4).tolist()
    expected = torch.zeros(41, 41, dtype=torch.float64)
    for i in range(4):
        sd1, sd2 = (max(0.5, 0.35 * reach * 0.3 ** part[i]) for part in (wide, thin))
        expected += weight[i] / sum(weight) * gaussian_kernel(sd1**2, sd2**2, math.pi * turn[i], 41)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_free_kernels_are_centred_and_crooked() -> None:
    axis = torch.arange(25, dtype=torch.float64) - 12
    kernels = draws("free", 25, 200)
    centres = np.array([[(kernel.sum(side) @ axis).item() for side in (0, 1)] for kernel in kernels])
    assert np.abs(centres).max() < 0.1  # px; what the window cuts off
    spreads = np.array([(kernel.sum(0) @ axis**2).item() for kernel in kernels])
    assert spreads.min() < 0.8 and spreads.max() > 6
    crooked = [(kernel - kernel.flip(0, 1)).abs().sum().item() / 2 for kernel in kernels]
    assert np.median(crooked) > 0.1


def test_a_number_is_the_share_of_the_narrow_shapes_and_a_mapping_of_the_named() -> None:
    assert shape_draws(0.3, WHERE) == [(sample_shape, 0.3)] and shape_draws(0.0, WHERE) == []
    assert shape_draws({"shake": 0.3, "disk": 0.0, "box": 0.7}, WHERE) == [
        (shape_law.draw_shake, 0.3),
        (shape_law.draw_box, 0.7),
    ]
    assert shape_draws({}, WHERE) == []
    assert len(shape_draws(dict.fromkeys(("shake", "disk", "box"), 1 / 3) | {"pair": 1e-17}, WHERE)) == 4


def test_a_shape_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SHAPES, "ring", shape_law.draw_disk)
    assert shape_draws({"ring": 1.0}, WHERE) == [(shape_law.draw_disk, 1.0)]


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (
            {"disk": 0.1, "shaek": 0.2},
            r"^kernel_law.shapes.shaek: unknown shape; allowed: disk, box, motion, pair, shake, delta, free$",
        ),
        ({"shake": 0.6, "disk": 0.6}, r"^kernel_law.shapes: the shares sum to 1.2; they must sum to at most 1$"),
    ],
)
def test_wrong_shares_are_one_line(shapes: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        shape_draws(shapes, WHERE)
