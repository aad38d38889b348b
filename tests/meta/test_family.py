"""Every meta-learner of the table against a plain unrolled derivation, in float64."""

import pytest
import torch
import torch.nn.functional as F
from helpers.family_by_hand import smooth_net, unrolled_by_hand
from torch import nn

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import LEARNERS, OUTERS, MetaLearner, MetaStep, Pairs, Task
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.meta.family import refused
from mzsr_basicsr.meta.lstm import LSTMRule
from mzsr_basicsr.meta.starts import STARTS

WEIGHTS = (0.1, 0.2, 0.7)
BY_ORDER = {"first_order": 1, "second_order": 2}


def task(seed: int, size: int = 32) -> Task:
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(4, 2, 2, size, size, generator=generator, dtype=torch.float64)
    kernel = torch.rand(5, 5, generator=generator, dtype=torch.float64)
    return Task(Pairs(*images[:2]), Pairs(*images[2:]), Degradation(kernel / kernel.sum(), 1.0, noise=0.02), f"{seed}")


def start_of(kind: str, network: nn.Module) -> nn.Module:
    """A start whose own parameters are not at 0, so that every path carries a gradient."""
    torch.manual_seed(5)
    embedding = TaskEmbedding(num_in_ch=2, num_feat=4, size=8).double()
    sizes = {"memory": {"size": 3}, "hypernetwork": {"hidden": 5}, "experts": {"count": 2}}
    start = STARTS[kind](network, embedding if STARTS[kind].looks else None, **sizes.get(kind, {})).double()
    for parameter in start.parameters():
        if parameter.requires_grad:
            parameter.data += 0.1 * torch.randn(parameter.shape, dtype=torch.float64)
    if kind == "experts":
        codes = [embedding.of(t.support.lq, t.degradation) for t in (task(1), task(2))]
        start.centres.copy_(torch.stack(codes))
    return start


def step_of(start: str, rule: str, scope, outer: str, rates: str, recompute: bool = False, **more) -> MetaStep:
    network = smooth_net()
    torch.manual_seed(7)
    made = rule
    if rule == "lstm":
        made = LSTMRule(3).double()
        nn.init.normal_(made.read_out.weight)
    learner = MetaLearner(network, start_of(start, network), scope, made)
    learned = False if rates == "fixed" else rates
    more = {"recompute": recompute, "learner": learner, "learn_rates": learned, **more}
    return MetaStep(network, OUTERS[outer], F.mse_loss, 3, 0.05, **more)


def expected(step: MetaStep, tasks: list[Task], outer: str, before: float = 0.0) -> tuple[list[torch.Tensor], float]:
    """Gradients of θ, φ and the rates' logarithms, and the mean loss."""
    leaves = [*step.network.parameters(), *step.learner.own()]
    rates = step.log_rates.detach().exp().requires_grad_()
    sums, losses = None, []
    for one in tasks:
        total, begun, ended = unrolled_by_hand(step, one, WEIGHTS, rates, BY_ORDER.get(outer, 1), before)
        if outer == "reptile":  # its surrogate: ⟨start, start - adapted⟩ with the bracket as a constant
            judged = F.mse_loss(torch.func.functional_call(step.network, ended, (one.query.lq,)), one.query.gt)
            losses.append(judged.item())
            total = sum((begun[name] * (begun[name] - ended[name]).detach()).sum() for name in begun)
        else:
            losses.append(total.item())
        found = torch.autograd.grad(total, [*leaves, rates], allow_unused=True, materialize_grads=True)
        sums = found if sums is None else [a + b for a, b in zip(sums, found, strict=True)]
    means = [value / len(tasks) for value in sums]
    return [*means[:-1], means[-1] * rates.detach()], sum(losses) / len(tasks)


def check(step: MetaStep, outer: str, before: float = 0.0, least: float = 1e-6) -> None:
    tasks = [task(1), task(2)]
    loss, _ = step(tasks, WEIGHTS)
    loss.backward()
    slopes, mean = expected(step, tasks, outer, before)
    assert loss.item() == pytest.approx(mean, abs=1e-12)
    leaves = [*step.network.parameters(), *step.learner.own(), *([step.log_rates] if step.learns_rates else [])]
    for leaf, slope in zip(leaves, slopes, strict=False):
        torch.testing.assert_close(leaf.grad, slope, atol=1e-10, rtol=0)
        assert slope.abs().max() > least


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("name", sorted(set(LEARNERS) - {"transfer"}))
def test_the_meta_gradient_is_that_of_the_plain_unrolled_loop(name: str, recompute: bool) -> None:
    choices = LEARNERS[name]
    step = step_of(choices.start, choices.rule, choices.scope, choices.outer, choices.rates, recompute)
    check(step, choices.outer)


STARTING, SCOPED = ("shared", "memory", "hypernetwork", "experts"), ("all", "head", "modulation", ("2.*",))


@pytest.mark.parametrize("outer", ["second_order", "first_order"])
@pytest.mark.parametrize("scope", SCOPED, ids=str)
@pytest.mark.parametrize("start", STARTING)
def test_starts_scopes_and_orders_go_together(start: str, scope, outer: str) -> None:
    check(step_of(start, "learned_rates", scope, outer, "tensor"), outer)


@pytest.mark.parametrize("scope", SCOPED, ids=str)
@pytest.mark.parametrize("start", STARTING)
def test_learned_rules_and_element_rates_go_with_every_start_and_scope(start: str, scope) -> None:
    check(step_of(start, "lstm", scope, "first_order", "element"), "first_order")
    check(step_of(start, "gradient", scope, "second_order", "element", before=0.3), "second_order", 0.3)


def test_a_learned_rule_is_cut_off_where_it_is_truncated() -> None:
    """Cut after each step, the rule learns from that step's losses alone: by a loop that detaches there."""
    whole, cut = (step_of("shared", "lstm", "all", "first_order", "fixed", truncate=n) for n in (0, 1))
    found = []
    for step in (whole, cut):
        step([task(1)], WEIGHTS)[0].backward()
        found.append([p.grad.clone() for p in (*step.network.parameters(), *step.learner.own())])
    for a, b in zip(found[0][:4], found[1][:4], strict=True):
        torch.testing.assert_close(a, b, atol=1e-12, rtol=0)  # the start's gradient is not cut
    one, theta = task(1), dict(cut.network.named_parameters())
    params, memory, slopes = {n: v.detach() for n, v in theta.items()}, {}, None
    from helpers.family_by_hand import moved_by_hand

    for weight in WEIGHTS:
        leaves = {n: v.detach().requires_grad_() for n, v in params.items()}
        support = F.mse_loss(torch.func.functional_call(cut.network, leaves, (one.support.lq,)), one.support.gt)
        slope = torch.autograd.grad(support, list(leaves.values()))
        memory = {key: value.detach() for key, value in memory.items()}
        row = torch.full((4,), 0.05, dtype=torch.float64)
        params = moved_by_hand(cut, {n: v.detach() for n, v in params.items()}, list(slope), row, memory)
        query = F.mse_loss(torch.func.functional_call(cut.network, params, (one.query.lq,)), one.query.gt)
        own = torch.autograd.grad(weight * query, cut.learner.own(), retain_graph=True)
        slopes = own if slopes is None else [a + b for a, b in zip(slopes, own, strict=True)]
    for ours, theirs in zip(found[1][4:], slopes, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-10, rtol=0)
    assert max((a - b).abs().max() for a, b in zip(found[0][4:], found[1][4:], strict=True)) > 1e-8


def test_an_early_iteration_is_of_first_order() -> None:
    """What `train.meta.order_from` asks of its first iterations."""
    found = []
    for outer, early in (("second_order", False), ("second_order", True), ("first_order", False)):
        step = step_of("memory", "learned_rates", "all", outer, "tensor")
        step.early = early
        step([task(1)], WEIGHTS)[0].backward()
        found.append(torch.cat([p.grad.flatten() for p in (*step.network.parameters(), *step.learner.own())]))
    assert torch.equal(found[1], found[2]) and (found[0] - found[1]).abs().max() > 1e-6


def test_transfer_is_supervised_training() -> None:
    step = step_of("shared", "gradient", "all", "none", "fixed")
    loss, report = step([task(1)], WEIGHTS)
    loss.backward()
    one = task(1)
    slopes = torch.autograd.grad(F.mse_loss(step.network(one.query.lq), one.query.gt), list(step.network.parameters()))
    for parameter, slope in zip(step.network.parameters(), slopes, strict=True):
        torch.testing.assert_close(parameter.grad, slope, atol=1e-12, rtol=0)
    assert report.support.shape == (1, 0)


def test_reptile_on_quadratics_has_its_closed_form() -> None:
    """½(θ-b)ᵀA(θ-b): after k steps of rate r θ_k - b = (1 - r A)^k (θ - b), and the gradient is θ - θ_k."""
    generator = torch.Generator().manual_seed(1)
    root = torch.randn(4, 4, generator=generator, dtype=torch.float64)
    a, b, theta = root @ root.T, *torch.randn(2, 4, generator=generator, dtype=torch.float64)
    from mzsr_basicsr.meta import InnerLoop

    inner = InnerLoop(torch.full((5, 1), 0.03, dtype=torch.float64), (0, 0, 0, 0, 1))
    lesson = lambda step, here: lambda p: 0.5 * (p["t"] - b) @ a @ (p["t"] - b)  # noqa: E731
    got = OUTERS["reptile"](lesson, lambda p: p["t"].square().sum(), {"t": theta}, inner)
    kept = torch.linalg.matrix_power(torch.eye(4, dtype=torch.float64) - 0.03 * a, 5)
    torch.testing.assert_close(got.params["t"], (theta - b) - kept @ (theta - b), atol=1e-12, rtol=0)


def test_anil_leaves_the_body_untouched_and_trains_it() -> None:
    network = smooth_net()
    network.append(nn.Softplus()).append(nn.Conv2d(2, 2, 1).double())
    learner = MetaLearner(network, scope="head")
    assert learner.moving == ("2.weight", "2.bias", "4.weight", "4.bias")
    from mzsr_basicsr.meta.adjoint import descend

    step = MetaStep(network, OUTERS["second_order"], F.mse_loss, 3, 0.5, learner=learner)
    one = task(1)
    loss = lambda params: F.mse_loss(torch.func.functional_call(network, params, (one.support.lq,)), one.support.gt)  # noqa: E731
    trajectory, _ = descend(lambda k, here: loss, dict(network.named_parameters()), step.inner(WEIGHTS))
    for name, first, last in zip(step.names, trajectory[0].values, trajectory[-1].values, strict=True):
        assert torch.equal(first, last) == name.startswith("0.")
    step([one], WEIGHTS)[0].backward()
    assert network[0].weight.grad.abs().max() > 1e-6


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rule": "lstm", "outer": "second_order"}, "those of the rule lstm are taken as constants; give outer: first_order"),
        ({"rule": "orthogonal"}, "those of the rule orthogonal are taken as constants"),
        ({"outer": "reptile", "rates": "tensor"}, "says nothing of rates or rules"),
        ({"outer": "reptile", "rule": "lstm"}, "says nothing of rates or rules"),
        ({"outer": "reptile", "scope": "modulation"}, "gains are none of the network's; give scope: all"),
        ({"outer": "none", "rates": "element"}, "makes no step in training"),
        ({"outer": "none", "rule": "lstm"}, "makes no step in training"),
    ],
)  # fmt: skip
def test_choices_that_make_no_sense_are_refused_with_the_reason(changes: dict, reason: str) -> None:
    from dataclasses import replace

    assert reason in refused(replace(LEARNERS["maml"], **changes))


def test_every_learner_of_the_table_goes_together() -> None:
    assert not any(refused(choices) for choices in LEARNERS.values())
