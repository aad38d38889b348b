"""What a meta-step gives back: the losses of its tasks, and a loss that has the gradients it computed."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class StepReport:
    """Losses of the meta-batch's tasks, detached.

    Attributes:
        meta: weighted query loss of each task, (tasks,).
        query: query loss after the last inner step of each task, (tasks,).
        support: support loss before each inner step, (tasks, steps).

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml
        >>> network, pairs = torch.nn.Conv2d(1, 1, 1), Pairs(torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4))
        >>> step = MetaStep(network, maml, torch.nn.functional.mse_loss, steps=2, rate=0.01)
        >>> loss, report = step([Task(pairs, pairs, Degradation("delta", scale=1))] * 3, weights=(0.0, 1.0))
        >>> report.support.shape, torch.equal(report.meta.mean(), loss)  # three tasks, two steps
        (torch.Size([3, 2]), True)
        >>> bool((report.query < report.support[:, 0]).all())  # the steps have helped
        True
    """

    meta: Tensor
    query: Tensor
    support: Tensor


class AttachGradient(torch.autograd.Function):
    """Give a loss value the gradients that were computed with it, so that backward() and DDP's hooks see them."""

    @staticmethod
    def forward(ctx: Any, loss: Tensor, gradients: list[Tensor], *leaves: Tensor) -> Tensor:
        """Keep the gradients of the leaves."""
        ctx.gradients = gradients
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor | None, ...]:
        """Give them."""
        return (None, None, *[outputs[0] * gradient for gradient in ctx.gradients])
