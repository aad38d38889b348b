"""How the outer level learns from a task: outers, by name, each from lessons and a query loss to a `MetaGradient`.

A user's module adds one by `OUTERS["name"] = function`; see `inner.Outer`.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from mzsr_basicsr.meta.adjoint import descend, maml
from mzsr_basicsr.meta.inner import InnerLoop, MetaGradient, Outer, slope_of
from mzsr_basicsr.meta.task import Lessons, Loss, Params
from mzsr_basicsr.meta.unrolled import unrolled


def second_order(support: Lessons, query: Loss, params: Params, inner: InnerLoop) -> MetaGradient:
    """Differentiate through the steps (Finn et al. 2017)."""
    return maml(support, query, params, replace(inner, order=2))


def first_order(support: Lessons, query: Loss, params: Params, inner: InnerLoop) -> MetaGradient:
    """Take the steps as constants (Finn et al. 2017, section 5.2); a rule that is learned is learned all the same."""
    learned = isinstance(inner.rule, nn.Module) and len(inner.rates)
    return (unrolled if learned else maml)(support, query, params, replace(inner, order=1))


def reptile(support: Lessons, query: Loss, params: Params, inner: InnerLoop) -> MetaGradient:
    """Move the start towards the adapted parameters (Nichol et al. 2018): its gradient is θ_0 - θ_K."""
    trajectory, losses = descend(support, params, replace(inner, order=1))
    names, adapted = list(params), trajectory[-1].values
    with torch.no_grad():
        judged = query(dict(zip(names, adapted, strict=True)))
    gradient = {name: (params[name] - value).detach() for name, value in zip(names, adapted, strict=True)}
    return MetaGradient(gradient, torch.zeros_like(inner.rates), judged, losses, judged, nothing_for(inner.rule))


def none(support: Lessons, query: Loss, params: Params, inner: InnerLoop) -> MetaGradient:
    """Make no step, and learn from the query loss alone: the supervised, multi-task baseline."""
    names = list(params)
    leaves = [value.detach().requires_grad_() for value in params.values()]
    value, slope = slope_of(query, names, leaves, range(len(names)))
    gradient, no_steps = dict(zip(names, slope, strict=True)), value.new_zeros(0)
    return MetaGradient(gradient, torch.zeros_like(inner.rates), value, no_steps, value, nothing_for(inner.rule))


def nothing_for(rule: object) -> tuple[Tensor, ...]:
    """Give gradients of 0 for the parameters of a rule."""
    own: Sequence[nn.Parameter] = list(rule.parameters()) if isinstance(rule, nn.Module) else []
    return tuple(torch.zeros_like(parameter) for parameter in own)


OUTERS: dict[str, Outer] = {
    "second_order": second_order,
    "first_order": first_order,
    "reptile": reptile,
    "none": none,
}
