"""MAML: from the losses of one task to the exact gradient for the parameters that it started from.

MAML's gradient (paper, equations 4-6) is computed by the adjoint of the inner loop, one step at a time and backwards.
With θ_{k+1} = θ_k - α_k ⊙ g_k(θ_k), g_k the gradient of step k's support loss, and w_k the weight of the query loss
Q(θ_k):

    v_K = w_K ∇Q(θ_K)
    dL/dα_k = -g_k(θ_k) ⊙ v_{k+1}
    v_k = v_{k+1} + w_k ∇Q(θ_k) - ∂/∂θ ⟨g_k(θ), α_k ⊙ v_{k+1}⟩        (the last term: second order only)

v_0 is the exact gradient of Σ_k w_k Q(θ_k). Only one query graph is alive at a time, and with `recompute` only one
support graph too, so that memory hardly grows with the number of steps. Where a rule makes another direction of the
gradient, that stands for g_k, and is taken as a constant: first order. Parameters that are held have α = 0 and no g_k
of their own, but v_k all the same: they are meta-trained for what the others make of them.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from mzsr_basicsr.meta.inner import InnerLoop, MetaGradient, Tensors, gathered, moved, slope_of, spread
from mzsr_basicsr.meta.rules import State
from mzsr_basicsr.meta.task import Lessons, Loss, Params


def maml(support: Lessons, query: Loss, params: Params, inner: InnerLoop) -> MetaGradient:
    """Differentiate the weighted query loss after inner gradient descent (Finn et al. 2017; paper, section 3.3).

    Args:
        support: (step, parameters) -> loss of the support set as a function of the parameters; must be deterministic.
        query: loss of the query set as a function of the parameters, likewise.
        params: the parameters θ_0 that the task starts from; not changed.
        inner: steps, rates, weights and order.

    Example:
        One step from w = 1 on w² at a rate of 0.25 leads to w / 2: the query loss w² / 4 has the slope w / 2.

        >>> square = lambda params: params["w"] ** 2
        >>> for order in (2, 1):
        ...     inner = InnerLoop(torch.tensor([[0.25]]), weights=(1.0,), order=order)
        ...     print(maml(lambda step, params: square, square, {"w": torch.tensor(1.0)}, inner).params)
        {'w': tensor(0.5000)}
        {'w': tensor(1.)}
    """
    names = list(params)
    everything = range(len(names))
    trajectory, support_losses = descend(support, params, inner)
    adjoint = [torch.zeros_like(params[name]) for name in names]
    rates = torch.zeros_like(inner.rates)
    total = torch.zeros((), dtype=adjoint[0].dtype, device=adjoint[0].device)
    last = total
    for step in range(len(inner.weights), 0, -1):
        weight = inner.weights[step - 1] * (1 - inner.before)
        point = trajectory[min(step, len(inner.rates))]
        if weight != 0:
            value, slope = slope_of(query, names, point.values, everything)
            adjoint = [v + weight * g for v, g in zip(adjoint, slope, strict=True)]
            total = total + weight * value
            last = value if step == len(inner.weights) else last
        if len(inner.rates):
            rates[step - 1], adjoint = _step_back(names, trajectory[step - 1], adjoint, inner, step - 1)
    if inner.before:
        value, slope = slope_of(query, names, trajectory[0].values, everything)
        adjoint = [v + inner.before * g for v, g in zip(adjoint, slope, strict=True)]
        total = total + inner.before * value
    return MetaGradient(dict(zip(names, adjoint, strict=True)), rates, total, support_losses, last)


@dataclass
class Point:
    """A point of the trajectory: leaf values, the step's loss, and the direction taken, with its graph while kept."""

    values: Tensors
    lesson: Loss
    slope: Tensors | None = None


def descend(support: Lessons, params: Params, inner: InnerLoop) -> tuple[list[Point], Tensor]:
    """Run the inner loop forwards; return its steps + 1 points and the support losses before each step."""
    names = list(params)
    places = inner.places(names)
    keep = inner.order == 2 and not inner.recompute
    values = [value.detach().requires_grad_() for value in params.values()]
    trajectory: list[Point] = []
    losses: Tensors = []
    state: State = {}
    for step, row in enumerate(inner.rates.detach()):
        point = Point(values, support(step, dict(zip(names, (v.detach() for v in values), strict=True))))
        value, slope = slope_of(point.lesson, names, point.values, places, keep)
        with torch.no_grad():  # a gradient keeps its own graph
            direction = inner.rule(slope, state)
        if inner.order == 1 or keep:
            point.slope = direction
        trajectory.append(point)
        leaves = [values[place].detach() for place in places]
        stepped = moved(leaves, row, [way.detach() for way in direction])
        values = list(values)
        for place, leaf in zip(places, stepped, strict=True):
            values[place] = leaf.requires_grad_()
        losses.append(value)
    trajectory.append(Point(values, _nothing))
    return trajectory, torch.stack(losses) if losses else values[0].new_zeros(0)


def _nothing(params: Params) -> Tensor:
    raise RuntimeError("nothing is learned from after the last step")


def _step_back(names: list[str], point: Point, adjoint: Tensors, inner: InnerLoop, step: int) -> tuple[Tensor, Tensors]:
    """Carry the adjoint v_{k+1} over step k: return dL/dα_k (columns,) and v_k without the query's term."""
    places, slope = inner.places(names), point.slope
    if slope is None:
        _, slope = slope_of(point.lesson, names, point.values, places, keep=True)
    moving = [adjoint[place] for place in places]
    rates = gathered([-(g.detach() * v) for g, v in zip(slope, moving, strict=True)], inner.rates.shape[1])
    if inner.order == 2:
        scaled = [r * v for r, v in zip(spread(inner.rates[step].detach(), moving), moving, strict=True)]
        adjoint = [v - c for v, c in zip(adjoint, _curvature(slope, point.values, scaled), strict=True)]
    point.slope = None  # frees this step's graph before the next one is entered
    return rates, adjoint


def _curvature(slope: Tensors, values: Tensors, direction: Tensors) -> Tensors:
    """Differentiate ⟨slope, direction⟩ by all values: the Hessian of the support loss times the direction.

    A loss that is linear in the parameters has none.
    """
    curved = [(g, d) for g, d in zip(slope, direction, strict=True) if g.requires_grad]
    if not curved:
        return [torch.zeros_like(value) for value in values]
    grads, directions = zip(*curved, strict=True)
    return list(torch.autograd.grad(grads, values, directions, allow_unused=True, materialize_grads=True))
