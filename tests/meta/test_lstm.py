"""The LSTM rule: what it reads, how far it goes, and that it learns to optimise and goes on where it was not trained."""

import math

import torch

from mzsr_basicsr.meta import OUTERS, InnerLoop
from mzsr_basicsr.meta.lstm import LSTMRule, preprocessed


def test_gradients_are_read_as_log_magnitude_and_sign() -> None:
    """Andrychowicz et al. 2016, appendix A, p = 10."""
    numbers = torch.tensor([1.0, -0.01, 2e-5, 0.0], dtype=torch.float64)
    expected = [[0.0, 1.0], [math.log(0.01) / 10, -1.0], [-1.0, 2e-5 * math.exp(10)], [-1.0, 0.0]]
    torch.testing.assert_close(preprocessed(numbers), torch.tensor(expected, dtype=torch.float64))


def test_before_training_it_is_near_to_the_sign_and_never_beyond_1() -> None:
    rule, slope = LSTMRule(4), [torch.randn(3, 5).sign() * (0.01 + torch.rand(3, 5)), -1e-3 - torch.rand(7)]
    for part, way in zip(slope, rule(slope, {}), strict=True):
        assert way.shape == part.shape and bool((way.sign() == part.sign()).all())
        torch.testing.assert_close(way.abs(), torch.full_like(way, math.tanh(1.0)))


def quadratic(seed: int):
    """½ Σ a (t - b)², a from 0.1 to 10: a badly conditioned task."""
    generator = torch.Generator().manual_seed(seed)
    a = 10 ** (2 * torch.rand(20, generator=generator) - 1)
    b = torch.randn(20, generator=generator)
    return lambda params: 0.5 * (a * (params["t"] - b).square()).sum()


def descent(rule: LSTMRule, loss, steps: int) -> list[float]:
    point, state, losses = torch.zeros(20), {}, []
    for _ in range(steps):
        leaf = point.clone().requires_grad_()
        value = loss({"t": leaf})
        losses.append(value.item())
        slope = torch.autograd.grad(value, leaf)
        with torch.no_grad():
            point = point - 0.1 * rule(list(slope), state)[0]
    return [*losses, loss({"t": point}).item()]


def test_it_learns_to_optimise_and_fifty_steps_do_not_diverge_where_it_was_trained_for_ten() -> None:
    torch.manual_seed(0)
    rule = LSTMRule(8)
    optimizer = torch.optim.Adam(rule.parameters(), 1e-2)
    new = [quadratic(seed) for seed in range(1000, 1010)]
    before = sum(descent(rule, loss, 10)[10] for loss in new)
    inner = InnerLoop(torch.full((10, 1), 0.1), (0.1,) * 10, 1, rule=rule, truncate=5)
    for seed in range(120):
        loss = quadratic(seed)
        got = OUTERS["first_order"](lambda step, here, loss=loss: loss, loss, {"t": torch.zeros(20)}, inner)
        for parameter, slope in zip(rule.parameters(), got.rule, strict=True):
            parameter.grad = slope
        optimizer.step()
    runs = [descent(rule, loss, 50) for loss in new]
    after = sum(run[10] for run in runs)
    assert after < 0.8 * before
    for run in runs:
        assert run[50] < 1.5 * run[10] < run[0]
