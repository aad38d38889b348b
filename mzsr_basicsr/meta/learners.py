"""Meta-learners: from the losses of one task to a gradient for the shared parameters.

MAML's gradient (paper, equations 4-6) is computed by the adjoint of the inner loop, one step at a time and backwards.
With θ_{k+1} = θ_k - α_k ⊙ g_k(θ_k), g_k the gradient of step k's support loss, and w_k the weight of the query loss
Q(θ_k):

    v_K = w_K ∇Q(θ_K)
    dL/dα_k = -g_k(θ_k) ⊙ v_{k+1}
    v_k = v_{k+1} + w_k ∇Q(θ_k) - ∂/∂θ ⟨g_k(θ), α_k ⊙ v_{k+1}⟩        (the last term: second order only)

v_0 is the exact gradient of Σ_k w_k Q(θ_k). Only one query graph is alive at a time, and with `recompute` only one
support graph too, so that memory hardly grows with the number of steps. Where a rule makes another direction of the
gradient, that stands for g_k, and is taken as a constant: first order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mzsr_basicsr.meta.rules import Rule, State, gradient
from mzsr_basicsr.meta.task import Lessons, Loss, Params

Tensors = list[Tensor]


@dataclass(frozen=True)
class InnerLoop:
    """How a task is adapted to.

    Attributes:
        rates: (steps, number of parameter tensors), the inner rate of each step and each parameter tensor.
        weights: query weight after step 1 … steps; a zero skips that query pass. For 0 steps: (1.0,).
        order: 2 differentiates through the updates, 1 takes them as constants.
        recompute: second order only; evaluate each support gradient again on the way back instead of keeping its
            graph: one forward and one backward pass more per step, memory of a single step.
        rule: makes a direction of a gradient, see `rules`; with order 2 only the gradient itself.
        before: share of the query loss before any step, so that the network stays good without adaptation, too; the
            weighted losses after the steps have the rest.
    """

    rates: Tensor
    weights: tuple[float, ...]
    order: Literal[1, 2] = 2
    recompute: bool = False
    rule: Rule = gradient
    before: float = 0.0


@dataclass(frozen=True)
class MetaGradient:
    """What a meta-learner returns for one task; everything is detached.

    Attributes:
        params: name -> gradient of the shared parameters, shaped as they are.
        rates: gradient of `InnerLoop.rates`, or zeros where the learner has none.
        loss: weighted query loss, scalar.
        support: support loss before each step, (steps,).
        query: query loss after the last step (steps 0: before any), scalar.
    """

    params: dict[str, Tensor]
    rates: Tensor
    loss: Tensor
    support: Tensor
    query: Tensor


Learner = Callable[[Lessons, Loss, Params, InnerLoop], MetaGradient]


def maml(support: Lessons, query: Loss, params: Params, inner: InnerLoop) -> MetaGradient:
    """Differentiate the weighted query loss after inner gradient descent (Finn et al. 2017; paper, section 3.3).

    Args:
        support: (step, parameters) -> loss of the support set as a function of the parameters; must be deterministic.
        query: loss of the query set as a function of the parameters, likewise.
        params: the shared parameters θ_0; not changed.
        inner: steps, rates, weights and order.
    """
    names = list(params)
    trajectory, support_losses = _descend(support, params, inner)
    adjoint = [torch.zeros_like(params[name]) for name in names]
    rates = torch.zeros_like(inner.rates)
    total = torch.zeros((), dtype=adjoint[0].dtype, device=adjoint[0].device)
    last = total
    for step in range(len(inner.weights), 0, -1):
        weight = inner.weights[step - 1] * (1 - inner.before)
        point = trajectory[min(step, len(inner.rates))]
        if weight != 0:
            value, slope = _gradient(query, names, point.values)
            adjoint = [v + weight * g for v, g in zip(adjoint, slope, strict=True)]
            total = total + weight * value
            last = value if step == len(inner.weights) else last
        if len(inner.rates):
            rates[step - 1], adjoint = _step_back(names, trajectory[step - 1], adjoint, inner, step - 1)
    if inner.before:
        value, slope = _gradient(query, names, trajectory[0].values)
        adjoint = [v + inner.before * g for v, g in zip(adjoint, slope, strict=True)]
        total = total + inner.before * value
    return MetaGradient(dict(zip(names, adjoint, strict=True)), rates, total, support_losses, last)


@dataclass
class _Point:
    """A point of the trajectory: leaf values, the step's loss, and the direction taken, with its graph while kept."""

    values: Tensors
    lesson: Loss
    slope: Tensors | None = None


def _gradient(loss: Loss, names: list[str], values: Tensors, keep_graph: bool = False) -> tuple[Tensor, Tensors]:
    """Evaluate a loss and its gradient at leaf values; parameters that the loss does not reach get zeros."""
    value = loss(dict(zip(names, values, strict=True)))
    slope = torch.autograd.grad(value, values, create_graph=keep_graph, allow_unused=True, materialize_grads=True)
    return value.detach(), list(slope)


def _descend(support: Lessons, params: Params, inner: InnerLoop) -> tuple[list[_Point], Tensor]:
    """Run the inner loop forwards; return its steps + 1 points and the support losses before each step."""
    names = list(params)
    keep = inner.order == 2 and not inner.recompute
    values = [value.detach().requires_grad_() for value in params.values()]
    trajectory: list[_Point] = []
    losses: Tensors = []
    state: State = {}
    for step, rates in enumerate(inner.rates):
        point = _Point(values, support(step, dict(zip(names, (v.detach() for v in values), strict=True))))
        value, slope = _gradient(point.lesson, names, point.values, keep)
        direction = inner.rule(slope, state)
        if inner.order == 1 or keep:
            point.slope = direction
        trajectory.append(point)
        moved = [p.detach() - r * g.detach() for p, r, g in zip(values, rates.detach(), direction, strict=True)]
        values = [value.requires_grad_() for value in moved]
        losses.append(value)
    trajectory.append(_Point(values, _nothing))
    return trajectory, torch.stack(losses) if losses else values[0].new_zeros(0)


def _nothing(params: Params) -> Tensor:
    raise RuntimeError("nothing is learned from after the last step")


def _step_back(
    names: list[str], point: _Point, adjoint: Tensors, inner: InnerLoop, step: int
) -> tuple[Tensor, Tensors]:
    """Carry the adjoint v_{k+1} over step k: return dL/dα_k (tensors,) and v_k without the query's term."""
    slope = point.slope
    if slope is None:
        _, slope = _gradient(point.lesson, names, point.values, keep_graph=True)
    rates = torch.stack([-(g.detach() * v).sum() for g, v in zip(slope, adjoint, strict=True)])
    if inner.order == 2:
        scaled = [r * v for r, v in zip(inner.rates[step].detach(), adjoint, strict=True)]
        adjoint = [v - c for v, c in zip(adjoint, _curvature(slope, point.values, scaled), strict=True)]
    point.slope = None  # frees this step's graph before the next one is entered
    return rates, adjoint


def _curvature(slope: Tensors, values: Tensors, direction: Tensors) -> Tensors:
    """Multiply the Hessian of the support loss by a direction; a loss that is linear in the parameters has none."""
    curved = [(g, d) for g, d in zip(slope, direction, strict=True) if g.requires_grad]
    if not curved:
        return [torch.zeros_like(value) for value in values]
    grads, directions = zip(*curved, strict=True)
    return list(torch.autograd.grad(grads, values, directions, allow_unused=True, materialize_grads=True))


LEARNERS: dict[str, Learner] = {"maml": maml}
