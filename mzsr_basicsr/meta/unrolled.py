"""Rules that are learned: the query losses after the steps teach the rule that made them, through the unrolled steps.

With directions d_k = r(g_k, state) of a rule r with parameters φ, and θ_{k+1} = θ_k - α_k ⊙ d_k, gradients g_k count as
constants (Andrychowicz et al. 2016), so that dθ_k/dθ_0 = 1 and dL/dφ = Σ_k w_k ⟨∇Q(θ_k), ∂θ_k/∂φ⟩. Only one query graph
is alive at a time; the rule's own graph goes back `truncate` steps at most.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from mzsr_basicsr.meta.inner import InnerLoop, MetaGradient, Tensors, moved, slope_of
from mzsr_basicsr.meta.rules import State
from mzsr_basicsr.meta.task import Lessons, Loss, Params


def unrolled(support: Lessons, query: Loss, params: Params, inner: InnerLoop) -> MetaGradient:
    """Differentiate the weighted query loss by the start, the rates and the parameters of the rule, to first order.

    Args:
        support: see `maml`, as for the next two.
        query: likewise.
        params: likewise.
        inner: its rule is an `nn.Module`, called as any rule.
    """
    if not isinstance(inner.rule, nn.Module):
        raise TypeError("a rule without parameters is not unrolled; see `maml`")
    walk = _Walk(params, inner, list(inner.rule.parameters()))
    if inner.before:
        walk.judge(query, inner.before)
    losses: Tensors = []
    last = walk.total
    for step in range(len(inner.rates)):
        losses.append(walk.step(support, step))
        weight = inner.weights[step] * (1 - inner.before)
        if weight:
            last = walk.judge(query, weight)
        if step + 1 == len(inner.rates) or (inner.truncate and (step + 1) % inner.truncate == 0):
            walk.learn()
    adjoint = dict(zip(walk.names, walk.adjoint, strict=True))
    return MetaGradient(adjoint, walk.by_rate, walk.total, torch.stack(losses), last, tuple(walk.by_rule))


class _Walk:
    """The inner loop as it goes: where it is, with the rule's graph, and what was learned from it."""

    def __init__(self, params: Params, inner: InnerLoop, own: Sequence[nn.Parameter]) -> None:
        self.names, self.inner, self.own = list(params), inner, own
        self.places = inner.places(self.names)
        self.values: Tensors = [value.detach() for value in params.values()]
        self.adjoint: Tensors = [torch.zeros_like(value) for value in self.values]
        self.by_rule: Tensors = [torch.zeros_like(parameter) for parameter in own]
        self.by_rate = torch.zeros_like(inner.rates)
        self.total = self.values[0].new_zeros(())
        self.state: State = {}
        self.rows: list[tuple[int, Tensor]] = []  # of this segment: steps and their rates, as leaves
        self.surrogate: Tensor | None = None

    def step(self, support: Lessons, step: int) -> Tensor:
        """Move on; return the support loss before."""
        leaves = [value.detach().requires_grad_() for value in self.values]
        here = dict(zip(self.names, (leaf.detach() for leaf in leaves), strict=True))
        value, slope = slope_of(support(step, here), self.names, leaves, self.places)
        row = self.inner.rates[step].detach().requires_grad_()
        self.rows.append((step, row))
        moving = [self.values[place] for place in self.places]
        for place, stepped in zip(self.places, moved(moving, row, self._directions(slope)), strict=True):
            self.values[place] = stepped
        return value

    def _directions(self, slope: Tensors) -> Tensors:
        if not self.inner.recompute:
            return self.inner.rule(slope, self.state)
        made = checkpoint(lambda old: self._pure(slope, old), self.state, use_reentrant=False)
        directions, self.state = made
        return list(directions)

    def _pure(self, slope: Tensors, state: State) -> tuple[Tensors, State]:
        state = dict(state)
        return self.inner.rule(slope, state), state

    def judge(self, query: Loss, weight: float) -> Tensor:
        """Add a weighted query loss at the present point; return the loss."""
        leaves = [value.detach().requires_grad_() for value in self.values]
        value, slope = slope_of(query, self.names, leaves, range(len(leaves)))
        self.adjoint = [v + weight * g for v, g in zip(self.adjoint, slope, strict=True)]
        self.total = self.total + weight * value
        parts = [(weight * slope[p] * self.values[p]).sum() for p in self.places if self.values[p].requires_grad]
        for part in parts:
            self.surrogate = part if self.surrogate is None else self.surrogate + part
        return value

    def learn(self) -> None:
        """Send the segment's query losses back into the rule and the rates, and let its graph go."""
        if self.surrogate is not None:
            wanted = [*self.own, *(row for _, row in self.rows)]
            found = torch.autograd.grad(self.surrogate, wanted, allow_unused=True, materialize_grads=True)
            self.by_rule = [a + b for a, b in zip(self.by_rule, found[: len(self.own)], strict=True)]
            for (step, _), slope in zip(self.rows, found[len(self.own) :], strict=True):
                self.by_rate[step] += slope
        self.values = [value.detach() for value in self.values]
        self.state = {key: _detached(value) for key, value in self.state.items()}
        self.rows, self.surrogate = [], None


def _detached(value: object) -> object:
    if isinstance(value, Tensor):
        return value.detach()
    return [_detached(part) for part in value] if isinstance(value, list) else value
