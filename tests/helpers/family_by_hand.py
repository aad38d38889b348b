"""The family of meta-learners by hand: every learner unrolled in the plainest way, with one backward at the end."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from mzsr_basicsr.meta import MetaLearner, Task
from mzsr_basicsr.meta.starts import View
from mzsr_basicsr.meta.step import MetaStep

Params = dict[str, Tensor]
CONVOLUTIONS = ("0", "2")  # of the network below


def smooth_net(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.Softplus(), nn.Conv2d(4, 2, 3, padding=1)).double()


def strategy_by_hand(learner: MetaLearner, view: View) -> Tensor:
    """What a modulating start answers to a task."""
    start = learner.start
    code = start.embedding.of(view.images, view.degradation).detach()
    if hasattr(start, "keys"):
        cosines = (start.keys @ code) / (start.keys.norm(dim=1) * code.norm())
        shares = (10 * cosines).exp() / (10 * cosines).exp().sum()
        return (shares[:, None] * start.strategies).sum(0)
    hidden = (start.first.weight @ code + start.first.bias).clamp_min(0)
    return start.second.weight @ hidden + start.second.bias


def begun_by_hand(learner: MetaLearner, view: View, theta: Params) -> tuple[Params, Params]:
    """(parameters, gains) that a task starts from; gains are 1 where nothing modulates."""
    gains = {name: torch.ones(theta[f"{name}.bias"].shape, dtype=torch.float64) for name in CONVOLUTIONS}
    kind = type(learner.start).__name__
    if kind == "Shared":
        return theta, gains
    if kind == "Experts":
        code = learner.start.embedding.of(view.images, view.degradation)
        cluster = max(range(len(learner.start.centres)), key=lambda c: float(learner.start.centres[c] @ code))
        parts = zip(theta.items(), learner.start.added, strict=True)
        return {name: value + part[cluster] for (name, value), part in parts}, gains
    strategy, place = strategy_by_hand(learner, view), 0
    for name in CONVOLUTIONS:
        channels = len(theta[f"{name}.bias"])
        gains[name] = 1 + strategy[place : place + channels]
        place += channels
    params = dict(theta)
    for name in CONVOLUTIONS:
        channels = len(theta[f"{name}.bias"])
        params[f"{name}.bias"] = theta[f"{name}.bias"] + strategy[place : place + channels]
        place += channels
    assert place == len(strategy)
    return params, gains


def plain(params: Params, gains: Params) -> Params:
    return {**params, **{f"{n}.weight": params[f"{n}.weight"] * gains[n][:, None, None, None] for n in CONVOLUTIONS}}


def lstm_by_hand(rule: nn.Module, numbers: Tensor, memory: dict[str, Tensor]) -> Tensor:
    """One direction for each number, by the equations of an LSTM."""
    large = numbers.abs() >= 4.5399929762484854e-05  # e^-10
    logs = torch.where(large, numbers.abs().clamp_min(1e-300).log() / 10, torch.full_like(numbers, -1.0))
    signs = torch.where(large, torch.sign(numbers), numbers * 22026.465794806718)  # e^10
    x = torch.stack([logs, signs], 1)
    for place, cell in enumerate(rule.layers):
        zeros = torch.zeros(len(numbers), rule.hidden, dtype=torch.float64)
        h, c = memory.get(f"h{place}", zeros), memory.get(f"c{place}", zeros)
        sums = x @ cell.weight_ih.T + cell.bias_ih + h @ cell.weight_hh.T + cell.bias_hh
        i, f, g, o = sums.chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        memory[f"h{place}"], memory[f"c{place}"] = h, c
        x = h
    return torch.tanh(signs + (x @ rule.read_out.weight.T + rule.read_out.bias)[:, 0])


def moved_by_hand(
    step: MetaStep, moving: Params, slope: list[Tensor], row: Tensor, memory: dict[str, Tensor]
) -> Params:
    """One step of what moves."""
    if hasattr(step.learner.rule, "read_out"):
        directions = lstm_by_hand(step.learner.rule, torch.cat([s.detach().flatten() for s in slope]), memory)
        slope = [d.view_as(s) for d, s in zip(directions.split([s.numel() for s in slope]), slope, strict=True)]
    if len(row) == len(moving):
        rates = list(row)
    else:
        rates = [r.view_as(v) for r, v in zip(row.split([v.numel() for v in moving.values()]), moving.values())]
    return {name: value - r * s for (name, value), r, s in zip(moving.items(), rates, slope, strict=True)}


def unrolled_by_hand(
    step: MetaStep, task: Task, weights: tuple[float, ...], rates: Tensor, order: int, before: float = 0.0
) -> tuple[Tensor, Params, Params]:
    """The weighted query loss with its whole graph; the parameters that were started from, and ended with."""

    def loss(params: Params, gains: Params, lq: Tensor, gt: Tensor) -> Tensor:
        return F.mse_loss(functional_call(step.network, plain(params, gains), (lq,)), gt)

    theta = dict(step.network.named_parameters())
    params, gains = begun_by_hand(step.learner, View(task.support.lq, task.degradation), theta)
    if "0.gain" not in step.learner.moving:  # gains that are held are part of the weights
        params, gains = plain(params, gains), {name: torch.ones_like(gain) for name, gain in gains.items()}
    begun, memory = dict(params), {}
    total = (
        before * loss(params, gains, task.query.lq, task.query.gt) if before else torch.zeros((), dtype=torch.float64)
    )
    for number, weight in enumerate(weights[: step.steps]):
        everything = {**params, **{f"{name}.gain": gain for name, gain in gains.items()}}
        moving = {name: everything[name] for name in step.learner.moving}
        moving = {n: v if v.requires_grad else v.requires_grad_() for n, v in moving.items()}
        support = loss(params, gains, task.support.lq, task.support.gt)
        slope = list(torch.autograd.grad(support, list(moving.values()), create_graph=True))
        slope = slope if order == 2 else [part.detach() for part in slope]
        row = rates[min(number, len(rates) - 1)]
        everything |= moved_by_hand(step, moving, slope, row, memory)
        params = {name: everything[name] for name in params}
        gains = {name: everything[f"{name}.gain"] for name in gains}
        total = total + (1 - before) * weight * loss(params, gains, task.query.lq, task.query.gt)
    return total, begun, params


Reference = Callable[..., tuple[Tensor, Params, Params]]
