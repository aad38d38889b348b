"""MetaStep: one outer step over a meta-batch, as the single module that DistributedDataParallel wraps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from mzsr_basicsr.meta.learners import InnerLoop, Learner, MetaGradient, _descend
from mzsr_basicsr.meta.rules import Rule, gradient
from mzsr_basicsr.meta.task import Lessons, PixelLoss, Task, task_loss

Teach = Callable[[nn.Module, Task, PixelLoss], Lessons]  # what a task is adapted to by


def by_pairs(network: nn.Module, task: Task, pixel_loss: PixelLoss) -> Lessons:
    """Adapt to the support set, in every step to the same."""
    loss = task_loss(network, task.support, task.degradation, pixel_loss)
    return lambda step, params: loss


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


class _AttachGradient(torch.autograd.Function):
    """Give a loss value the gradients that were computed with it, so that backward() and DDP's hooks see them."""

    @staticmethod
    def forward(ctx: Any, loss: Tensor, gradients: list[Tensor], *leaves: Tensor) -> Tensor:
        ctx.gradients = gradients
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor | None, ...]:
        return (None, None, *[outputs[0] * gradient for gradient in ctx.gradients])


class MetaStep(nn.Module):
    """Adapt to each task of a meta-batch and return the mean query loss, ready for backward().

    Tasks are taken one after the other and only their gradients are kept: memory does not grow with their number.
    Where it is adapted, the network runs in eval mode, as at meta-test: a random layer would make θ_k differ between
    its evaluations. With 0 steps it runs in the mode it is in, so that its layers train as in any supervised training.

    Args:
        network: any `nn.Module`; its parameters stay its own (save and load the network, not this module).
        learner: computes one task's gradient.
        pixel_loss: loss of both loops, (prediction, target) -> scalar.
        steps: inner steps, 0 for plain supervised training on the query sets.
        rate: initial inner rate α of every step and parameter tensor.
        learn_rates: make the rates parameters (stored as logarithms, so they stay positive).
        order: 1 or 2.
        recompute: see `InnerLoop`.
        rule: see `InnerLoop`.
        teach: what an inner step learns from.
        before: see `InnerLoop`.
    """

    log_rates: Tensor

    def __init__(
        self,
        network: nn.Module,
        learner: Learner,
        pixel_loss: PixelLoss,
        steps: int,
        rate: float,
        learn_rates: bool = False,
        order: Literal[1, 2] = 2,
        recompute: bool = False,
        rule: Rule = gradient,
        teach: Teach = by_pairs,
        before: float = 0.0,
    ) -> None:
        super().__init__()
        self.network = network
        self.learner = learner
        self.pixel_loss = pixel_loss
        self.order = order
        self.recompute = recompute
        self.rule = rule
        self.teach = teach
        self.before = before
        self.names = [name for name, value in network.named_parameters() if value.requires_grad]
        first = next(network.parameters())
        log_rates = torch.full((steps, len(self.names)), rate, dtype=first.dtype, device=first.device).log()
        if learn_rates:
            self.log_rates = nn.Parameter(log_rates)
        else:
            self.register_buffer("log_rates", log_rates)

    @property
    def learns_rates(self) -> bool:
        """Whether the inner rates are trained."""
        return isinstance(self.log_rates, nn.Parameter)

    def forward(self, tasks: Sequence[Task], weights: tuple[float, ...]) -> tuple[Tensor, StepReport]:
        """Run the meta-step.

        Args:
            tasks: the meta-batch of this process.
            weights: query weight after each inner step, see `query_weights`.

        Returns:
            The mean weighted query loss over the tasks, and the losses of each task.
        """
        own = dict(self.network.named_parameters())
        leaves: list[Tensor] = [own[name] for name in self.names]
        inner = InnerLoop(self.log_rates.detach().exp(), weights, self.order, self.recompute, self.rule, self.before)
        sums = [torch.zeros_like(leaf) for leaf in leaves]
        rate_sum = torch.zeros_like(inner.rates)
        found: list[MetaGradient] = []
        was_training = self.network.training
        self.network.train(was_training and not len(inner.rates))
        try:
            for task in tasks:
                gradient = self._one_task(task, dict(zip(self.names, leaves, strict=True)), inner)
                for total, name in zip(sums, self.names, strict=True):
                    total += gradient.params[name] / len(tasks)
                rate_sum += gradient.rates / len(tasks)
                found.append(MetaGradient({}, gradient.rates, gradient.loss, gradient.support, gradient.query))
        finally:
            self.network.train(was_training)
        report = StepReport(
            torch.stack([g.loss for g in found]),
            torch.stack([g.query for g in found]),
            torch.stack([g.support for g in found]),
        )
        if self.learns_rates:  # d/d(log α) = α d/dα
            leaves, sums = [*leaves, self.log_rates], [*sums, rate_sum * inner.rates]
        return _AttachGradient.apply(report.meta.mean(), sums, *leaves), report

    def judge(self, task: Task) -> Tensor:
        """Adapt to a task as in training, and judge by its query set; nothing is changed, and no gradient is kept.

        The network runs in eval mode, as at meta-test, also with 0 steps.

        Returns:
            Query loss before any inner step and after each, (steps + 1,).
        """
        own = dict(self.network.named_parameters())
        params = {name: own[name] for name in self.names}
        inner = InnerLoop(self.log_rates.detach().exp(), (), order=1, rule=self.rule)
        was_training = self.network.training
        self.network.eval()
        try:
            query = task_loss(self.network, task.query, task.degradation, self.pixel_loss)
            if not len(inner.rates):  # there may be no support set
                points: list[list[Tensor]] = [list(params.values())]
            else:
                trajectory, _ = _descend(self.teach(self.network, task, self.pixel_loss), params, inner)
                points = [point.values for point in trajectory]
            with torch.no_grad():
                return torch.stack([query(dict(zip(self.names, values, strict=True))) for values in points])
        finally:
            self.network.train(was_training)

    def _one_task(self, task: Task, params: dict[str, Tensor], inner: InnerLoop) -> MetaGradient:
        query = task_loss(self.network, task.query, task.degradation, self.pixel_loss)
        if not len(inner.rates):  # plain supervised training: there may be no support set
            return self.learner(lambda step, params: query, query, params, inner)
        support = self.teach(self.network, task, self.pixel_loss)
        return self.learner(support, query, params, inner)
