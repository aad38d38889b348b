"""The meta-gradient against closed forms, a plain create_graph loop and finite differences, in float64."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import InnerLoop, MetaStep, Pairs, Task, maml, query_weights


def smooth_net(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.Softplus(), nn.Conv2d(4, 2, 3, padding=1)).double()


def mse(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return F.mse_loss(prediction, target)


def random_task(seed: int, size: int = 6) -> Task:
    generator = torch.Generator().manual_seed(seed)

    def pairs() -> Pairs:
        images = torch.rand(2, 2, 2, size, size, generator=generator, dtype=torch.float64)
        return Pairs(images[0], images[1])

    return Task(pairs(), pairs(), Degradation(torch.ones(1, 1, dtype=torch.float64), 1.0), f"task {seed}")


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("weights", [(0.0, 0.0, 1.0), (0.2, 0.3, 0.5)])
def test_quadratic_losses_match_the_closed_form(recompute: bool, weights: tuple[float, ...]) -> None:
    """Support ½(θ-b)ᵀA(θ-b), query ½|θ-d|²: θ_{k+1} = θ_k - α_k A(θ_k - b), a product of matrices in NumPy."""
    rng = np.random.default_rng(3)
    root = rng.normal(size=(4, 4))
    a, b, d, theta = root @ root.T, rng.normal(size=4), rng.normal(size=4), rng.normal(size=4)
    alphas = np.array([0.03, 0.05, 0.02])
    point, jacobian, expected, rate_gradient = theta, np.eye(4), np.zeros(4), np.zeros(3)
    by_rate = np.zeros((3, 4))  # dθ_k/dα_j
    for k in range(3):
        slope = a @ (point - b)
        by_rate = by_rate @ (np.eye(4) - alphas[k] * a)
        by_rate[k] -= slope
        point = point - alphas[k] * slope
        jacobian = (np.eye(4) - alphas[k] * a) @ jacobian
        expected += weights[k] * jacobian.T @ (point - d)
        rate_gradient += weights[k] * by_rate @ (point - d)

    ta, tb, td = (torch.from_numpy(x) for x in (a, b, d))
    got = maml(
        lambda step, start: lambda p: 0.5 * (p["t"] - tb) @ ta @ (p["t"] - tb),
        lambda p: 0.5 * (p["t"] - td).square().sum(),
        {"t": torch.from_numpy(theta)},
        InnerLoop(torch.from_numpy(alphas)[:, None], weights, 2, recompute),
    )
    np.testing.assert_allclose(got.params["t"].numpy(), expected, atol=1e-10)
    np.testing.assert_allclose(got.rates[:, 0].numpy(), rate_gradient, atol=1e-10)


def plain_loop(network: nn.Module, task: Task, rates: torch.Tensor, weights: tuple[float, ...], order: int):
    """The textbook: keep the whole graph, one backward at the end."""
    start = dict(network.named_parameters())
    params, total = dict(start), 0.0
    for rate, weight in zip(rates, weights, strict=True):
        loss = mse(functional_call(network, params, (task.support.lq,)), task.support.gt)
        slope = torch.autograd.grad(loss, list(params.values()), create_graph=order == 2)
        params = {n: p - r * g for (n, p), r, g in zip(params.items(), rate, slope, strict=True)}
        total = total + weight * mse(functional_call(network, params, (task.query.lq,)), task.query.gt)
    return total, torch.autograd.grad(total, [*start.values(), rates])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("recompute", [False, True])
def test_meta_step_equals_the_plain_create_graph_loop(order: int, recompute: bool) -> None:
    network, tasks, weights = smooth_net(), [random_task(1), random_task(2)], (0.1, 0.2, 0.7)
    step = MetaStep(network, maml, mse, 3, 0.05, learn_rates=True, order=order, recompute=recompute)
    loss, report = step(tasks, weights)
    loss.backward()
    rates = torch.full((3, 4), 0.05, dtype=torch.float64, requires_grad=True)
    results = [plain_loop(network, task, rates, weights, order) for task in tasks]
    for index, parameter in enumerate(network.parameters()):
        expected = (results[0][1][index] + results[1][1][index]) / 2
        torch.testing.assert_close(parameter.grad, expected, atol=1e-10, rtol=0)
        assert expected.abs().max() > 1e-4
    expected_rates = 0.05 * (results[0][1][-1] + results[1][1][-1]) / 2  # chain rule through the logarithm
    torch.testing.assert_close(step.log_rates.grad, expected_rates, atol=1e-10, rtol=0)
    torch.testing.assert_close(report.meta, torch.stack([r[0].detach() for r in results]), atol=1e-12, rtol=0)


def test_orders_differ_and_the_step_leaves_no_trace() -> None:
    network, task = smooth_net(), random_task(1)
    before = [p.detach().clone() for p in network.parameters()]
    gradients = []
    for order in (1, 2):
        network.zero_grad()
        MetaStep(network, maml, mse, 3, 0.5, order=order)([task], (0.0, 0.0, 1.0))[0].backward()
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters()]))
    assert (gradients[0] - gradients[1]).abs().max() > 1e-3 * gradients[0].abs().max()
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    assert network.training


def test_gradcheck_of_the_whole_meta_step() -> None:
    network, task = smooth_net(), random_task(5, size=4)
    step = MetaStep(network, maml, mse, 2, 0.1, recompute=True)
    names, values = zip(*[(f"network.{n}", p.detach().requires_grad_()) for n, p in network.named_parameters()])

    def loss_of(*given: torch.Tensor) -> torch.Tensor:
        return functional_call(step, dict(zip(names, given, strict=True)), ([task], (0.4, 0.6)))[0]

    assert torch.autograd.gradcheck(loss_of, values, eps=1e-6, atol=1e-7)


def test_zero_steps_is_supervised_training() -> None:
    network, task = smooth_net(), random_task(1)
    loss, _ = MetaStep(network, maml, mse, 0, 0.1)([task], query_weights("last", 0, 0))
    loss.backward()
    expected = torch.autograd.grad(mse(network(task.query.lq), task.query.gt), list(network.parameters()))
    for parameter, slope in zip(network.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, slope, atol=1e-12, rtol=0)


def test_zero_weight_queries_are_skipped() -> None:
    calls = []

    def query(p):
        calls.append(1)
        return p["t"].square().sum()

    inner = InnerLoop(torch.full((4, 1), 0.1), (0.0, 0.0, 0.0, 1.0))
    maml(lambda step, start: lambda p: p["t"].square().sum(), query, {"t": torch.ones(2)}, inner)
    assert len(calls) == 1


def test_frozen_parameters_stay_out_and_piecewise_linear_losses_work() -> None:
    network = nn.Sequential(nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1)).double()
    network[0].weight.requires_grad_(False)
    step = MetaStep(network, maml, F.l1_loss, 2, 0.01)
    step([random_task(0)], (0.5, 0.5))[0].backward()
    assert network[0].weight.grad is None and network[1].weight.grad is not None
    linear = maml(
        lambda step, start: lambda p: p["t"].sum(),
        lambda p: p["t"].square().sum(),
        {"t": torch.ones(3)},
        InnerLoop(torch.full((1, 1), 0.5), (1.0,)),
    )
    torch.testing.assert_close(linear.params["t"], torch.full((3,), 1.0))  # 2 (1 - 0.5)


@pytest.mark.parametrize("kind", ["uniform", "annealed", "last"])
@pytest.mark.parametrize("iteration", [0, 1000, 10**6])
def test_query_weights_sum_to_one(kind, iteration) -> None:
    assert math.isclose(sum(query_weights(kind, 5, iteration)), 1.0)


def test_annealing_follows_the_protocol() -> None:
    assert query_weights("uniform", 5, 99) == pytest.approx((0.2,) * 5)
    assert query_weights("annealed", 5, 1000)[:4] == pytest.approx((0.2 - 6e-5 * 1000,) * 4)
    assert query_weights("annealed", 5, 3232)[0] > 0.006
    assert query_weights("annealed", 5, 3234)[0] == pytest.approx(0.006)
    assert query_weights("last", 5, 0) == (0.0, 0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("order", [1, 2])
def test_the_query_before_any_step_has_its_share(order: int) -> None:
    """Against the textbook: 0.3 of the query loss at the start, 0.7 of the weighted ones after the steps."""
    network = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.Tanh(), nn.Conv2d(3, 2, 3, padding=1)).double()
    drawn, weights = random_task(3), (0.2, 0.8)
    MetaStep(network, maml, mse, 2, 0.1, order=order, before=0.3)([drawn], weights)[0].backward()
    got = [p.grad.clone() for p in network.parameters()]
    network.zero_grad()
    rates = torch.full((2, 4), 0.1, dtype=torch.float64, requires_grad=True)
    after = plain_loop(network, drawn, rates, weights, order)[1][:4]
    before = torch.autograd.grad(mse(network(drawn.query.lq), drawn.query.gt), list(network.parameters()))
    for ours, late, early in zip(got, after, before, strict=True):
        torch.testing.assert_close(ours, 0.7 * late + 0.3 * early, atol=1e-10, rtol=0)
