"""Orthogonal: an optimizer whose steps move all singular directions of a layer alike ("Muon", Jordan et al. 2024)."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from mzsr_basicsr.meta.rules import nearest_orthogonal

_BETAS, _TINY = (0.9, 0.999), 1e-8  # of Adam, for what is no matrix


class Orthogonal(torch.optim.Optimizer):
    """Move matrices along the orthogonal matrix nearest to their gradients' average, and all else as Adam does.

    A convolution's weights are a matrix of outputs by inputs and taps. The average is Nesterov's. Gradients' size plays
    no part.

    Args:
        params: parameters or groups of them; a group with `matrices: false` is moved as by Adam altogether.
        lr: length of a step, in singular values of a matrix.
        momentum: of the matrices' average, 0 to below 1.
        vector_share: the step of what is no matrix, over `lr`.

    Raises:
        ValueError: a value outside its range.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 4e-3, momentum: float = 0.95, vector_share: float = 0.25
    ) -> None:
        if not 0 <= momentum < 1 or not vector_share >= 0:
            raise ValueError(f"momentum {momentum} must be 0 to below 1, vector_share {vector_share} at least 0")
        super().__init__(params, {"lr": lr, "momentum": momentum, "vector_share": vector_share, "matrices": True})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Make one step; `closure` computes the loss anew where it is given."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            moved = [p for p in group["params"] if p.grad is not None]
            matrices = [p for p in moved if p.ndim > 1 and group["matrices"]]
            self._move_matrices(matrices, group["lr"], group["momentum"])
            share = group["vector_share"] if group["matrices"] else 1.0
            for p in moved:
                if p.ndim <= 1 or not group["matrices"]:
                    self._move_as_adam(p, group["lr"] * share)
        return loss

    def _move_matrices(self, params: list[Tensor], lr: float, momentum: float) -> None:
        """Bring matrices of one shape to orthogonality together."""
        ahead: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
        for p in params:
            if p.grad is None:
                continue
            mean = self.state[p].setdefault("mean", torch.zeros_like(p))
            mean.lerp_(p.grad, 1 - momentum)
            slope = p.grad.lerp(mean, momentum).flatten(1)
            ahead.setdefault(slope.shape, []).append((p, slope))
        for pairs in ahead.values():
            directions = nearest_orthogonal(torch.stack([slope for _, slope in pairs]))
            for (p, _), direction in zip(pairs, directions, strict=True):
                p.sub_(direction.view_as(p), alpha=lr)

    def _move_as_adam(self, p: Tensor, lr: float) -> None:
        state = self.state[p]
        if p.grad is None:
            return
        if not state:
            state.update(step=torch.zeros(()), mean=torch.zeros_like(p), square=torch.zeros_like(p))
        state["step"] += 1
        state["mean"].lerp_(p.grad, 1 - _BETAS[0])
        state["square"].lerp_(p.grad.square(), 1 - _BETAS[1])
        first, second = (1 - beta ** float(state["step"]) for beta in _BETAS)
        p.sub_(state["mean"] / first / ((state["square"] / second).sqrt() + _TINY), alpha=lr)
