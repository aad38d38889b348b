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
