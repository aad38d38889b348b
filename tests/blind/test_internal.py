"""Whole runs of the internal kernel estimator on small images, and what it refuses."""

import math

import numpy as np
import pytest
import torch

from mzsr_basicsr.blind import constraints
from mzsr_basicsr.blind.internal import InternalSettings, internal_kernel, least_side
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel, validate_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, ImageError, KernelError, MZSRError

SHORT = InternalSettings(iterations=6, head_start=2, batch=2, rate=1e-3)
TRUTH = gaussian_kernel(2.5, 1.5, 0.4)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def dead_leaves(side: int, seed: int) -> torch.Tensor:
    """Opaque discs of radius density r^-3, which look alike at every scale, drawn 4 times finer and averaged."""
    random, fine = np.random.default_rng(seed), 4 * side
    image = np.full((fine, fine), 0.5)
    rows, columns = np.ogrid[:fine, :fine]
    for _ in range(1500):
        radius = 1 / math.sqrt(random.uniform(1 / (fine / 3) ** 2, 1 / 8.0**2))
        row, column = random.uniform(0, fine, 2)
        top, bottom = max(0, int(row - radius)), int(row + radius) + 2
        left, right = max(0, int(column - radius)), int(column + radius) + 2
        inside = (rows[top:bottom] - row) ** 2 + (columns[:, left:right] - column) ** 2 <= radius**2
        image[top:bottom, left:right][inside] = random.uniform()
    averaged = image.reshape(side, 4, side, 4).mean(axis=(1, 3))
    return torch.from_numpy(averaged)[None, None].float()


@pytest.fixture(scope="module")
def low() -> torch.Tensor:
    return round_to_8_bits(Degradation(TRUTH, 2).apply(dead_leaves(160, seed=4)))  # (1, 1, 80, 80)


def peak_signal(kernel: torch.Tensor, truth: torch.Tensor) -> float:
    return 10 * math.log10(truth.max().item() ** 2 / ((kernel - truth) ** 2).mean().item())


def total_variance(kernel: torch.Tensor) -> float:
    weights, axis = kernel.numpy(), np.arange(kernel.shape[0])
    return float(
        sum(np.average((axis - np.average(axis, weights=w)) ** 2, weights=w) for w in (weights.sum(0), weights.sum(1)))
    )


@pytest.mark.parametrize(("rounds", "size"), [(0, 9), (0, 21), (3, 15)])
def test_without_moves_the_start_comes_back(low: torch.Tensor, rounds: int, size: int) -> None:
    settings = InternalSettings(iterations=rounds, head_start=rounds, batch=1)  # only the judge learns
    answer = internal_kernel(low, gaussian_kernel(1.2, 0.8, 0.3, size), 2, settings)
    torch.testing.assert_close(answer, gaussian_kernel(1.2, 0.8, 0.3, 15), atol=1e-4, rtol=0)


def test_a_start_off_its_centre_is_centred(low: torch.Tensor) -> None:
    settings = InternalSettings(iterations=0)
    answer = internal_kernel(low, gaussian_kernel(2.0, 1.0, 0.3).roll((1, -1), (0, 1)), 2, settings)
    torch.testing.assert_close(answer, gaussian_kernel(2.0, 1.0, 0.3), atol=1e-3, rtol=0)


def test_the_seed_alone_decides(low: torch.Tensor) -> None:
    start = gaussian_kernel(3.0, 2.0, 0.4)
    before = torch.get_rng_state()
    first = internal_kernel(low, start, 2, SHORT)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    assert torch.equal(internal_kernel(low, start, 2, SHORT), first)
    other = internal_kernel(low, start, 2, InternalSettings(iterations=6, head_start=2, batch=2, rate=1e-3, seed=1))
    assert (other - first).abs().max() > 1e-6


def test_the_answer_stays_within_reach(low: torch.Tensor) -> None:
    start = gaussian_kernel(3.0, 2.0, 0.4)
    free, held = (
        internal_kernel(low, start, 2, InternalSettings(iterations=6, head_start=2, batch=2, rate=1e-3, reach=reach))
        for reach in (1.0, 1e-3)
    )
    assert abs(total_variance(free) / total_variance(start) - 1) > 2e-3
    assert abs(total_variance(held) / total_variance(start) - 1) == pytest.approx(1e-3, rel=0.02)


@pytest.mark.parametrize("scale", [2, 3])
def test_the_answer_is_a_kernel_that_moved(low: torch.Tensor, scale: int) -> None:
    seen: list[tuple[int, int]] = []
    start = gaussian_kernel(3.0, 2.0, 0.4)
    with torch.inference_mode():
        image = low.expand(1, 3, -1, -1).clone()
        answer = internal_kernel(image, start.float(), scale, SHORT, lambda done, total: seen.append((done, total)))
    assert answer.dtype == torch.float64 and answer.shape == (15, 15)
    assert validate_kernel(answer, "answer").min() >= 0
    assert answer.sum().item() == pytest.approx(1, abs=1e-12)
    assert constraints.centre_of_mass(answer).abs().max() < 2e-3
    assert 1e-5 < (answer - start).abs().max() < 0.5 * start.max()
    assert seen == [(done, 6) for done in range(1, 7)]


@pytest.mark.parametrize(
    ("image", "start", "scale", "error", "message"),
    [
        (torch.rand(1, 1, 38, 90, generator=seeded()), delta_kernel(15), 2, ImageError, "38x90 px.*at least 39 px"),
        (torch.rand(1, 1, 90, 62, generator=seeded()), delta_kernel(15), 4, ImageError, "90x62 px.*at least 63 px"),
        (torch.full((1, 3, 64, 64), math.nan), delta_kernel(15), 2, ImageError, "NaN"),
        (torch.full((1, 3, 64, 64), 0.5), delta_kernel(15), 2, ImageError, "flat"),
        (torch.zeros(3, 64, 64), delta_kernel(15), 2, ImageError, r"\(1, C, h, w\)"),
        (torch.zeros(1, 3, 64, 64, dtype=torch.uint8), delta_kernel(15), 2, ImageError, "uint8"),
        (None, torch.full((4, 4), 1 / 16), 2, KernelError, "start kernel.*4x4.*odd"),
        (None, torch.full((3, 5), 1 / 15), 2, KernelError, "start kernel.*3x5.*square"),
        (None, torch.full((3, 3), math.nan), 2, KernelError, "start kernel.*NaN"),
        (None, torch.full((25, 25), 1 / 625), 2, KernelError, "15x15 px.*only 36 %"),
        (None, delta_kernel(15), 1, ConfigError, "scale 1"),
        (None, delta_kernel(15), 5, ConfigError, "internal.crop: 64.*at least 75 px at scale 5"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    low: torch.Tensor, image: torch.Tensor | None, start: torch.Tensor, scale: int, error: type, message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        internal_kernel(low if image is None else image, start, scale, SHORT)
    assert isinstance(caught.value, MZSRError) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("iterations", -1),
        ("head_start", -1),
        ("batch", 0),
        ("size", 14),
        ("size", 1),
        ("rate", math.nan),
        ("photo_variance", -0.1),
    ],
)
def test_impossible_settings_are_refused(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"internal.{field}: {value} "):
        InternalSettings(**{field: value})


def test_the_smallest_image_is_enough() -> None:
    side = least_side(2, SHORT)
    image = torch.rand(1, 1, side, side, generator=seeded())
    assert internal_kernel(image, gaussian_kernel(2.0, 1.0, 0.3), 2, SHORT).shape == (15, 15)


@pytest.mark.parametrize("factor", [0.6, 1.5], ids=["too narrow", "too wide"])
def test_a_wrong_start_moves_towards_the_truth(low: torch.Tensor, factor: float) -> None:
    start = gaussian_kernel(2.5 * factor, 1.5 * factor, 0.4)
    settings = InternalSettings(iterations=240, head_start=80, batch=4, start_weight=0.1, photo_variance=0.1, reach=1.0)
    answer = internal_kernel(low, start, 2, settings)
    assert peak_signal(answer, TRUTH) > peak_signal(start, TRUTH) + 0.6
    assert abs(total_variance(answer) / total_variance(TRUTH) - 1) < 0.7 * abs(factor - 1)
