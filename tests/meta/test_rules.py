"""Rules against NumPy's singular values and plain loops, and what meta-learning makes of them."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call

from mzsr_basicsr.meta import RULES, InnerLoop, maml
from mzsr_basicsr.meta.family import LINEAR
from mzsr_basicsr.meta.rules import BIAS, MOMENTUM, gradient, nearest_orthogonal, orthogonal

SHAPES = [(3, 3), (8, 8), (4, 30), (30, 4), (16, 16, 3, 3), (6, 3, 3, 3), (12, 64, 3, 3), (1, 7), (7, 1)]


def matrix(shape: tuple[int, ...], condition: float, seed: int = 0) -> torch.Tensor:
    """A random matrix with singular values spaced evenly in their logarithm, as a tensor of weights."""
    rng = np.random.default_rng(seed)
    rows, columns = shape[0], math.prod(shape[1:])
    u, _, v = np.linalg.svd(rng.normal(size=(rows, columns)), full_matrices=False)
    values = np.geomspace(1, 1 / condition, min(rows, columns))
    return torch.from_numpy((u * values) @ v).reshape(shape)


def fives(values: np.ndarray) -> np.ndarray:
    """What five rounds make of singular values relative to the matrix's norm: the same polynomial on numbers."""
    values = values / np.sqrt((values**2).sum())
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return values


@pytest.mark.parametrize("condition", [1.0, 10.0, 100.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_singular_values_come_near_to_1(shape: tuple[int, ...], condition: float) -> None:
    given = matrix(shape, condition).flatten(1)
    found = nearest_orthogonal(given[None])[0].numpy()
    u, values, v = np.linalg.svd(given.numpy(), full_matrices=False)
    np.testing.assert_allclose(found, (u * fives(values)) @ v, atol=1e-9)
    assert all(0.68 < value < 1.21 for value in np.linalg.svd(found, compute_uv=False))


def test_the_smallest_directions_stay_small_and_nothing_stays_nothing() -> None:
    given = matrix((8, 8), 1e7)
    values = np.linalg.svd(nearest_orthogonal(given[None])[0].numpy(), compute_uv=False)
    assert values[0] > 0.68 and 1e-5 < values[-1] < 1e-3  # at most 3.4445**5, some 485 times as large
    low_rank = torch.outer(torch.arange(1.0, 5.0), torch.ones(6))
    assert np.linalg.svd(nearest_orthogonal(low_rank[None])[0].numpy(), compute_uv=False)[1] < 1e-5
    assert torch.equal(nearest_orthogonal(torch.zeros(2, 3, 5)), torch.zeros(2, 3, 5))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [1e-30, 1e-12, 1.0, 1e12])
def test_a_direction_does_not_know_the_gradients_size(dtype: torch.dtype, size: float) -> None:
    slopes = [matrix(shape, 10.0, seed).to(dtype) for seed, shape in enumerate(SHAPES)] + [torch.rand(5, dtype=dtype)]
    exact = orthogonal([slope.double() for slope in slopes], {})
    for plain, other in zip(exact, orthogonal([size * slope for slope in slopes], {}), strict=True):
        assert other.dtype == dtype
        torch.testing.assert_close(other.double(), plain, atol=1e-9 if dtype == torch.float64 else 2e-3, rtol=0)


def test_a_zero_gradient_moves_nothing() -> None:
    shapes = [(4, 3, 3, 3), (5,), (), (2, 2)]
    state: dict = {}
    for _ in range(3):
        for direction, shape in zip(orthogonal([torch.zeros(shape) for shape in shapes], state), shapes, strict=True):
            assert torch.equal(direction, torch.zeros(shape))
    later = orthogonal([torch.ones(shape) for shape in shapes], state)
    assert all(torch.isfinite(direction).all() and direction.abs().max() > 0 for direction in later)


def test_vectors_have_the_root_mean_square_of_the_rule() -> None:
    vectors = [torch.tensor([3.0, -4.0]), torch.tensor(7.0), 1e-25 * torch.arange(5.0)]
    for vector, direction in zip(vectors, orthogonal(vectors, {}), strict=True):
        assert direction.shape == vector.shape
        assert direction.square().mean().sqrt().item() == pytest.approx(BIAS, rel=1e-5)
        assert (
            F.cosine_similarity(direction.reshape(1, -1), (vector / vector.abs().max()).reshape(1, -1)).item() > 0.999
        )


def test_the_average_is_nesterovs_without_its_bias() -> None:
    """Weights of an average over the steps, written out: those of t earlier steps fall by MOMENTUM each and sum to 1."""
    slopes = [
        [matrix((5, 7), 5.0, seed), torch.from_numpy(np.random.default_rng(seed).normal(size=4))] for seed in range(6)
    ]
    state: dict = {}
    for step in range(6):
        found = orthogonal(slopes[step], state)
        weights = np.array([MOMENTUM ** (step - k) for k in range(step + 1)])
        mean = [sum(w * s[i] for w, s in zip(weights / weights.sum(), slopes[: step + 1], strict=True)) for i in (0, 1)]
        ahead = [MOMENTUM * m + (1 - MOMENTUM) * s for m, s in zip(mean, slopes[step], strict=True)]
        u, values, v = np.linalg.svd(ahead[0].numpy(), full_matrices=False)
        np.testing.assert_allclose(found[0].numpy(), (u * fives(values)) @ v, atol=1e-9)
        np.testing.assert_allclose(found[1].numpy(), BIAS * ahead[1] / ahead[1].square().mean().sqrt(), atol=1e-12)


def test_tensors_of_one_shape_are_taken_together_and_give_the_same() -> None:
    shapes = [(4, 3, 3, 3), (5,), (6, 27), (4, 27), (4, 3, 3, 3), (27, 4), (4, 9, 3)]
    slopes = [torch.from_numpy(np.random.default_rng(i).normal(size=shape)) for i, shape in enumerate(shapes)]
    together = orthogonal(slopes, {})
    for slope, direction in zip(slopes, together, strict=True):
        assert direction.shape == slope.shape
        torch.testing.assert_close(direction, orthogonal([slope], {})[0], atol=1e-12, rtol=0)


def test_a_rule_keeps_its_precision_in_a_bfloat16_training() -> None:
    slopes = [matrix(shape, 30.0, seed).float() for seed, shape in enumerate(SHAPES)]
    with torch.autocast("cpu", torch.bfloat16):
        found = orthogonal(slopes, {})
    assert all(torch.equal(a, b) for a, b in zip(found, orthogonal(slopes, {}), strict=True))


def test_the_gradient_itself_is_the_papers_rule() -> None:
    slopes = [torch.rand(3, 3), torch.rand(2)]
    assert gradient(slopes, {}) is slopes
    assert (
        RULES["gradient"] is gradient and RULES["orthogonal"] is orthogonal and {"gradient", "learned_rates"} == LINEAR
    )


def small_net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.Softplus(), nn.Conv2d(4, 2, 3, padding=1)).double()


def images(seed: int) -> torch.Tensor:
    return torch.rand(2, 2, 6, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def loss_on(network: nn.Module, first: int):
    return lambda params: F.mse_loss(functional_call(network, params, (images(first),)), images(first + 1))


WEIGHTS = (0.1, 0.2, 0.7)


def rates_of(size: float) -> torch.Tensor:
    return size * (1 + 0.1 * torch.arange(12, dtype=torch.float64).reshape(3, 4))


def test_first_order_maml_takes_the_rules_directions_as_constants() -> None:
    """A plain loop keeps the graph of θ_k over θ_0 and the rates, with detached directions; one backward at the end."""
    network = small_net()
    start, rates = dict(network.named_parameters()), rates_of(0.01).requires_grad_()
    params, total, state, supports = dict(start), 0.0, {}, []
    for step in range(3):
        support = loss_on(network, 10 * step)(params)
        supports.append(support.detach())
        slopes = torch.autograd.grad(support, list(params.values()), retain_graph=True)
        directions = [direction.detach() for direction in orthogonal([slope.detach() for slope in slopes], state)]
        params = {n: p - r * d for (n, p), r, d in zip(params.items(), rates[step], directions, strict=True)}
        total = total + WEIGHTS[step] * loss_on(network, 100)(params)
    *expected, by_rates = torch.autograd.grad(total, [*start.values(), rates])

    inner = InnerLoop(rates_of(0.01), WEIGHTS, 1, rule=orthogonal)
    got = maml(lambda step, here: loss_on(network, 10 * step), loss_on(network, 100), start, inner)
    torch.testing.assert_close(got.rates, by_rates, atol=1e-10, rtol=0)
    for name, slope in zip(start, expected, strict=True):
        torch.testing.assert_close(got.params[name], slope, atol=1e-10, rtol=0)
    assert by_rates.abs().max() > 1e-4 and got.loss.item() == pytest.approx(total.item(), abs=1e-12)
    torch.testing.assert_close(got.support, torch.stack(supports), atol=1e-12, rtol=0)
    plain = maml(
        lambda step, here: loss_on(network, 10 * step),
        loss_on(network, 100),
        start,
        InnerLoop(rates_of(0.01), WEIGHTS, 1),
    )
    assert (plain.rates - got.rates).abs().max() > 1e-4


@pytest.mark.parametrize("recompute", [False, True])
def test_lessons_that_differ_by_step_match_the_plain_create_graph_loop(recompute: bool) -> None:
    """Second order; each step has a support set of its own, made of the parameters it starts from, without a gradient."""
    network = small_net()
    rates = rates_of(0.03).requires_grad_()

    def lesson(step: int, here):
        target = functional_call(network, {n: v.detach() for n, v in here.items()}, (images(step),)).detach().sin()
        return lambda params: F.mse_loss(functional_call(network, params, (images(10 * step),)), target)

    start = dict(network.named_parameters())
    params, total = dict(start), 0.0
    for step in range(3):
        support = lesson(step, params)(params)
        slopes = torch.autograd.grad(support, list(params.values()), create_graph=True)
        params = {n: p - r * g for (n, p), r, g in zip(params.items(), rates[step], slopes, strict=True)}
        total = total + WEIGHTS[step] * loss_on(network, 100)(params)
    *expected, by_rates = torch.autograd.grad(total, [*start.values(), rates])
    got = maml(lesson, loss_on(network, 100), start, InnerLoop(rates_of(0.03), WEIGHTS, 2, recompute))
    torch.testing.assert_close(got.rates, by_rates, atol=1e-10, rtol=0)
    for name, slope in zip(start, expected, strict=True):
        torch.testing.assert_close(got.params[name], slope, atol=1e-10, rtol=0)
        assert slope.abs().max() > 1e-4


def test_adam_is_that_of_torch() -> None:
    generator = torch.Generator().manual_seed(5)
    values = [torch.randn(3, 4, generator=generator, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)]
    theirs = [value.clone().requires_grad_() for value in values]
    optimizer, state = torch.optim.Adam(theirs, 3e-3), {}
    for _ in range(7):
        slope = [torch.randn(value.shape, generator=generator, dtype=torch.float64) for value in values]
        for leaf, part in zip(theirs, slope, strict=True):
            leaf.grad = part.clone()
        optimizer.step()
        values = [v - 3e-3 * d for v, d in zip(values, RULES["adam"](slope, state), strict=True)]
    for ours, leaf in zip(values, theirs, strict=True):
        torch.testing.assert_close(ours, leaf.detach(), atol=1e-14, rtol=0)
