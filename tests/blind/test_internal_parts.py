"""The parts of the internal kernel estimator: its linear generator, its judge, its penalties and its crops."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage, signal

from mzsr_basicsr.blind import constraints
from mzsr_basicsr.blind.internal_crops import CropSource, edge_energy, fair_blur
from mzsr_basicsr.blind.players import PatchJudge, compose, factor_sizes, fit_factors
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel, validate_kernel
from mzsr_basicsr.errors import KernelError


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def uniform(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=seeded(seed))


def placed(size: int, weights: dict[tuple[int, int], float]) -> torch.Tensor:
    kernel = torch.zeros(size, size, dtype=torch.float64)
    for place, weight in weights.items():
        kernel[place] = weight
    return kernel


@pytest.mark.parametrize("size", range(3, 33, 2))
def test_the_factors_sides_make_up_the_size(size: int) -> None:
    sides = factor_sizes(size)
    assert 1 + sum(side - 1 for side in sides) == size and sides[-1] == 1


def test_one_composed_kernel_does_what_the_chain_of_convolutions_does() -> None:
    channels, sides = (1, 3, 2, 1), (7, 5, 3)
    factors = [uniform(b, a, s, s, seed=s) - 0.5 for a, b, s in zip(channels, channels[1:], sides, strict=False)]
    image = uniform(1, 1, 40, 33)
    chained = image
    for factor in factors:
        chained = F.conv2d(chained, factor)
    at_once = signal.correlate2d(image[0, 0].numpy(), compose(factors).numpy(), mode="valid")
    np.testing.assert_allclose(chained[0, 0].numpy(), at_once, atol=1e-12)


@pytest.mark.parametrize(
    "start",
    [
        gaussian_kernel(5.0, 1.0, 0.6),
        delta_kernel(15),
        placed(15, {(7, c): 1 / 9 for c in range(3, 12)}),
        delta_kernel(3),
    ],
    ids=["gaussian", "delta", "line", "small"],
)
def test_the_factors_are_fitted_to_any_start(start: torch.Tensor) -> None:
    factors = fit_factors(start, 16, seeded())
    torch.testing.assert_close(compose(factors).detach(), start, atol=1e-9, rtol=0)
    assert all(factor.requires_grad and factor.is_leaf for factor in factors)


def test_sum_and_centre_of_hand_made_kernels() -> None:
    kernel = placed(5, {(2, 2): 0.5, (4, 1): 0.3})  # mass 0.8, its centre 0.3 / 0.8 of the way to (+2, -1)
    assert constraints.sum_penalty(kernel).item() == pytest.approx(0.04)
    torch.testing.assert_close(constraints.centre_of_mass(kernel), torch.tensor([0.75, -0.375], dtype=torch.float64))
    assert constraints.centre_penalty(kernel).item() == pytest.approx(0.75**2 + 0.375**2)


def test_border_penalty_grows_from_half_the_radius_to_the_corner() -> None:
    inside = placed(9, {(4, 4): 0.6, (4, 6): -0.2, (2, 4): 0.2})
    assert constraints.border_penalty(inside).item() == 0
    assert constraints.border_penalty(placed(9, {(4, 7): -0.5})).item() == pytest.approx(0.5 * 0.25)  # 2 * 3/4 - 1
    assert constraints.border_penalty(placed(9, {(8, 4): 0.5})).item() == pytest.approx(0.5)
    assert constraints.border_penalty(placed(9, {(0, 8): 1.0})).item() == pytest.approx((2 * math.sqrt(2) - 1) ** 2)


def test_sparse_penalty_prefers_one_weight_to_many() -> None:
    assert constraints.sparse_penalty(delta_kernel(5)).item() == pytest.approx(1 / 25, abs=1e-3)
    assert constraints.sparse_penalty(torch.full((5, 5), 0.04)).item() == pytest.approx(0.2, abs=1e-3)


def test_start_penalty_is_a_squared_relative_distance() -> None:
    start = gaussian_kernel(2.0, 1.0, 0.3)
    assert constraints.start_penalty(1.1 * start, start).item() == pytest.approx(0.01)
    at_peak, at_border = (constraints.start_penalty(start + placed(15, {at: 1e-3}), start) for at in ((7, 7), (0, 0)))
    assert (at_border / at_peak).item() == pytest.approx(11, rel=1e-6)  # (1 + 0.1) / (0 + 0.1) of the peak


def test_covariance_is_the_weighted_one_of_numpy() -> None:
    kernel = uniform(7, 7)
    kernel /= kernel.sum()
    places = np.stack([grid.ravel() for grid in np.mgrid[:7, :7]])
    expected = np.cov(places, aweights=kernel.numpy().ravel(), ddof=0)
    np.testing.assert_allclose(constraints.covariance(kernel).numpy(), expected, atol=1e-12)


def test_tidying_centres_a_shifted_kernel_and_keeps_its_spread() -> None:
    truth = gaussian_kernel(3.0, 1.5, 0.5)
    shifted = torch.from_numpy(ndimage.shift(truth.numpy(), (0.6, -0.4), order=5)) * 1.3
    tidy = constraints.tidy_kernel(shifted)
    assert validate_kernel(tidy, "tidy").min() >= 0
    assert constraints.centre_of_mass(tidy).abs().max() < 1e-3
    assert (tidy - truth).abs().max() < 0.03 * truth.max()
    torch.testing.assert_close(constraints.covariance(tidy), constraints.covariance(truth), rtol=0.01, atol=0)


def test_tidying_cuts_negative_weights() -> None:
    tidy = constraints.tidy_kernel(placed(5, {(2, 2): 0.8, (2, 1): 0.4, (2, 3): 0.4, (0, 0): -0.6}))
    torch.testing.assert_close(tidy, placed(5, {(2, 2): 0.5, (2, 1): 0.25, (2, 3): 0.25}))
    with pytest.raises(KernelError, match="not finite or none is positive"):
        constraints.tidy_kernel(torch.full((3, 3), math.nan))


def test_holding_near_mixes_two_kernels() -> None:
    start, kernel = delta_kernel(5), placed(5, {(2, 0): 0.5, (2, 4): 0.5})  # total variances 0 and 4 px^2
    torch.testing.assert_close(constraints.hold_near(kernel, start, 1.0), 0.75 * start + 0.25 * kernel)
    torch.testing.assert_close(constraints.hold_near(start, kernel, 0.5), 0.5 * start + 0.5 * kernel)
    assert torch.equal(constraints.hold_near(kernel, start, 4.0), kernel)


def test_the_judge_is_a_small_network_on_each_patch() -> None:
    judge, image = PatchJudge(8, seeded(1)), uniform(1, 1, 9, 10).float()
    with torch.no_grad():
        for bias in judge.biases:
            bias.uniform_(-0.2, 0.2, generator=seeded(2))
        weights = judge.weights()
        verdict = judge(image, weights)
        patch = image[0, 0, 2:9, 1:8].reshape(-1, 1)
        for weight, bias in zip(weights[:-1], judge.biases, strict=False):
            patch = F.leaky_relu(weight.flatten(1) @ patch + bias[:, None], 0.2)
        expected = weights[-1].flatten(1) @ patch + judge.biases[-1]
    assert verdict.shape == (1, 1, 3, 4)
    assert verdict[0, 0, 2, 1].item() == pytest.approx(expected.item(), abs=1e-6)
    torch.testing.assert_close(judge(image + 0.7, weights), verdict, atol=1e-5, rtol=0)  # blind to brightness


def test_the_judges_layers_have_spectral_norm_one() -> None:
    judge = PatchJudge(8, seeded(1))
    judge.refresh(rounds=300)
    for weight in judge.weights():
        assert torch.linalg.matrix_norm(weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-3)


def test_edge_energy_by_hand() -> None:
    image = torch.tensor([[0.0, 1.0], [3.0, 3.0]])[None, None]
    torch.testing.assert_close(edge_energy(image)[0, 0], torch.tensor([[9.0 + 1.0, 4.0], [0.0, 0.0]]))


def test_crops_are_drawn_where_the_edges_are() -> None:
    image = torch.zeros(1, 1, 60, 90)
    image[..., 40, 70] = 1.0  # edges here alone, so that crops must hold it
    crops = CropSource(image, image, 20).draw(200, seeded())
    assert crops.shape == (200, 1, 20, 20)
    assert crops.sum(dim=(1, 2, 3)).sum() > 190  # a few hold only the slopes before it
    places = crops.flatten(1).argmax(dim=1)
    assert places.unique().numel() > 100  # all over the crop, not at one place of it


def test_fair_blur_makes_the_image_as_blurred_as_its_son() -> None:
    kernel, scale, photo = gaussian_kernel(4.0, 2.0, 0.7, 25), 2, 0.2
    spread = constraints.covariance(kernel).numpy() + photo * np.eye(2)
    of_image = spread / scale**2 + constraints.covariance(fair_blur(kernel, scale, photo)).numpy()
    of_son = spread / scale**4 + constraints.covariance(kernel).numpy() / scale**2
    np.testing.assert_allclose(of_image, of_son, atol=1e-9)


def test_fair_blur_stays_a_blur() -> None:
    torch.testing.assert_close(fair_blur(delta_kernel(15), 2, 0.2), delta_kernel(3))
    widest = fair_blur(torch.full((15, 15), 1 / 225, dtype=torch.float64), 2, 0.2)
    assert widest.min() >= 0 and widest.sum().item() == pytest.approx(1)
