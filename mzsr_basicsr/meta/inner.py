"""The inner loop's record, its result, and how a row of rates meets the tensors that move."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mzsr_basicsr.meta.rules import Rule, gradient
from mzsr_basicsr.meta.task import Lessons, Loss, Params

Tensors = list[Tensor]


@dataclass(frozen=True)
class InnerLoop:
    """How a task is adapted to.

    Attributes:
        rates: (steps, number of tensors that move), the inner rate of each step and each of them; or (steps, number of
            their elements), one for each element.
        weights: query weight after step 1 … steps; a zero skips that query pass. For 0 steps: (1.0,).
        order: 2 differentiates through the updates, 1 takes them as constants.
        recompute: evaluate again on the way back instead of keeping graphs: of second order, each support gradient,
            one forward and one backward pass more per step for the memory of a single step; of a rule that is learned,
            the rule.
        rule: makes a direction of a gradient, see `rules`; with order 2 only the gradient itself.
        before: share of the query loss before any step, so that the network stays good without adaptation, too; the
            weighted losses after the steps have the rest.
        moving: names of the parameters that move, None for all.
        truncate: steps after which a learned rule is differentiated no further back; 0 for never.

    Example:
        >>> inner = InnerLoop(torch.full((5, 1), 0.01), weights=(0.2,) * 5, moving=("tail.weight",))
        >>> inner.places(["head.weight", "tail.weight"])  # one tensor moves, so that there is one column of rates
        [1]
        >>> inner.rule([torch.tensor(3.0)], {})  # the direction is the gradient itself
        [tensor(3.)]
    """

    rates: Tensor
    weights: tuple[float, ...]
    order: Literal[1, 2] = 2
    recompute: bool = False
    rule: Rule = gradient
    before: float = 0.0
    moving: tuple[str, ...] | None = None
    truncate: int = 0

    def places(self, names: Sequence[str]) -> list[int]:
        """Give where the parameters that move stand among all of them."""
        if self.moving is None:
            return list(range(len(names)))
        order = {name: place for place, name in enumerate(names)}
        return [order[name] for name in self.moving]


@dataclass(frozen=True)
class MetaGradient:
    """What an outer level returns for one task; everything is detached.

    Attributes:
        params: name -> gradient of the parameters that the task started from, shaped as they are.
        rates: gradient of `InnerLoop.rates`, or zeros where there is none.
        loss: weighted query loss, scalar.
        support: support loss before each step, (steps,).
        query: query loss after the last step (steps 0: before any), scalar.
        rule: gradient of each parameter of the rule, where that is learned; or nothing.

    Example:
        >>> from mzsr_basicsr.meta import maml
        >>> inner = InnerLoop(torch.tensor([[0.25]]), weights=(1.0,))
        >>> square = lambda params: params["w"] ** 2
        >>> found = maml(lambda step, params: square, square, {"w": torch.tensor(1.0)}, inner)  # 1 -> 0.5
        >>> found.params, found.rates, found.support, found.query
        ({'w': tensor(0.5000)}, tensor([[-2.]]), tensor([1.]), tensor(0.2500))
    """

    params: dict[str, Tensor]
    rates: Tensor
    loss: Tensor
    support: Tensor
    query: Tensor
    rule: tuple[Tensor, ...] = ()


Outer = Callable[[Lessons, Loss, Params, InnerLoop], MetaGradient]


def spread(row: Tensor, values: Sequence[Tensor]) -> Tensors:
    """Give the rate of each tensor that moves, a number or as many as it has elements.

    Args:
        row: (tensors,) or (elements,).
        values: the tensors.
    """
    if len(row) == len(values):
        return list(row)
    parts = row.split([value.numel() for value in values])
    return [part.view_as(value) for part, value in zip(parts, values, strict=True)]


def gathered(products: Tensors, columns: int) -> Tensor:
    """Make the gradient of a row of rates from that of each element's rate: the inverse of `spread`."""
    if columns == len(products):
        return torch.stack([product.sum() for product in products])
    return torch.cat([product.flatten() for product in products])


def moved(values: Sequence[Tensor], row: Tensor, directions: Sequence[Tensor]) -> Tensors:
    """Make one step: each tensor less its rate times its direction."""
    rates = spread(row, values)
    return [value - rate * way for value, rate, way in zip(values, rates, directions, strict=True)]


def slope_of(
    loss: Loss, names: Sequence[str], values: Tensors, wrt: Sequence[int], keep: bool = False
) -> tuple[Tensor, Tensors]:
    """Evaluate a loss and its gradient at leaf values; parameters that the loss does not reach get zeros.

    Args:
        loss: of the parameters.
        names: of all parameters.
        values: theirs.
        wrt: places of those whose gradient is wanted.
        keep: keep the graph of the gradient.
    """
    value = loss(dict(zip(names, values, strict=True)))
    leaves = [values[place] for place in wrt]
    slope = torch.autograd.grad(value, leaves, create_graph=keep, allow_unused=True, materialize_grads=True)
    return value.detach(), list(slope)
