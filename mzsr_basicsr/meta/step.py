"""MetaStep: one outer step over a meta-batch, as the single module that DistributedDataParallel wraps."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor, nn

from mzsr_basicsr.meta.adjoint import descend
from mzsr_basicsr.meta.inner import InnerLoop, MetaGradient, Outer
from mzsr_basicsr.meta.learner import MetaLearner, through_the_start
from mzsr_basicsr.meta.modulation import folded, with_folding
from mzsr_basicsr.meta.outer import first_order, second_order
from mzsr_basicsr.meta.report import AttachGradient, StepReport
from mzsr_basicsr.meta.rounding import with_short_gradients
from mzsr_basicsr.meta.rules import Rule, gradient
from mzsr_basicsr.meta.task import Lessons, Loss, PixelLoss, Task, task_loss
from mzsr_basicsr.meta.teaching import Teach, by_pairs, view_of


class MetaStep(nn.Module):
    """Adapt to each task of a meta-batch and return the mean query loss, ready for backward().

    Tasks are taken one after the other and only their gradients are kept: memory does not grow with their number.
    Where it is adapted, the network runs in eval mode, as at meta-test: a random layer would make θ_k differ between
    its evaluations. With 0 steps it runs in the mode it is in, so that its layers train as in any supervised training.

    Args:
        network: any `nn.Module`; its parameters stay its own (save and load the network, not this module).
        outer: computes one task's gradient, see `outer.OUTERS`.
        pixel_loss: loss of both loops, (prediction, target) -> scalar.
        steps: inner steps, 0 for plain supervised training on the query sets.
        rate: initial inner rate α of every step and parameter tensor.
        learn_rates: make the rates parameters (stored as logarithms, so they stay positive): True or "tensor", one for
            each step and tensor that moves; "element", one for each element, the same in every step.
        order: 1 or 2, for an outer that asks for it.
        recompute: see `InnerLoop`.
        rule: see `InnerLoop`; not used where a learner is given.
        teach: what an inner step learns from.
        before: see `InnerLoop`.
        learner: start, scope and rule; None for θ itself, all of it.
        truncate: see `InnerLoop`.
        mixed: compute in bfloat16 what serves the meta-gradient alone, see `rounding`; the inner steps stay exact.

    Example:
        On the loss w² a step from w = 1 at a rate of 0.25 leads to 1/2, so that the query loss is w² / 4.

        >>> from mzsr_basicsr import Degradation
        >>> from mzsr_basicsr.meta import Pairs, Task, maml
        >>> network, mse = nn.Conv2d(1, 1, 1, bias=False), nn.functional.mse_loss
        >>> _ = network.weight.data.fill_(1)
        >>> pairs = Pairs(torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4))
        >>> task = Task(pairs, pairs, Degradation("delta", scale=1))
        >>> step = MetaStep(network, maml, mse, steps=1, rate=0.25)
        >>> loss, report = step([task], weights=(1.0,))
        >>> loss.backward()
        >>> loss.detach(), network.weight.grad.flatten(), step.judge(task), step.inner((1.0,)).rates
        (tensor(0.2500), tensor([0.5000]), tensor([1.0000, 0.2500]), tensor([[0.2500]]))
    """

    log_rates: Tensor

    def __init__(
        self,
        network: nn.Module,
        outer: Outer,
        pixel_loss: PixelLoss,
        steps: int,
        rate: float,
        learn_rates: bool | Literal["tensor", "element"] = False,
        order: Literal[1, 2] = 2,
        recompute: bool = False,
        rule: Rule = gradient,
        teach: Teach = by_pairs,
        before: float = 0.0,
        learner: MetaLearner | None = None,
        truncate: int = 0,
        mixed: bool = False,
    ) -> None:
        super().__init__()
        self.network = network
        self.outer = outer
        self.pixel_loss = pixel_loss
        self.steps = steps
        self.order = order
        self.recompute = recompute
        self.teach = teach
        self.before = before
        self.truncate = truncate
        self.mixed = mixed
        self.early = False  # take the steps as constants for now, whatever the outer level does
        self.learner = MetaLearner(network, rule=rule) if learner is None else learner
        self.names = [name for name, value in network.named_parameters() if value.requires_grad]
        log_rates = self._rates(rate, learn_rates == "element")
        if learn_rates:
            self.log_rates = nn.Parameter(log_rates)
        else:
            self.register_buffer("log_rates", log_rates)

    def _rates(self, rate: float, of_elements: bool) -> Tensor:
        """Make the logarithms of the rates that training begins with."""
        first, count = next(self.network.parameters()), len(self.learner.moving)
        shape = (min(self.steps, 1), self.learner.elements(self.network)) if of_elements else (self.steps, count)
        return torch.full(shape, rate, dtype=first.dtype, device=first.device).log()

    @property
    def learns_rates(self) -> bool:
        """Whether the inner rates are trained."""
        return isinstance(self.log_rates, nn.Parameter)

    @property
    def takes_tasks_apart(self) -> bool:
        """Whether a task is more than its pairs: it is adapted to, or looked at."""
        return self.steps > 0 or self.learner.start.looks

    def inner(self, weights: tuple[float, ...]) -> InnerLoop:
        """Give the inner loop as it stands."""
        rates = self.log_rates.detach().exp()
        rates = rates.expand(self.steps, -1) if len(rates) != self.steps else rates
        how = (self.order, self.recompute, self.learner.rule, self.before, self.learner.moving, self.truncate)
        return InnerLoop(rates, weights, *how)

    def forward(self, tasks: Sequence[Task], weights: tuple[float, ...]) -> tuple[Tensor, StepReport]:
        """Run the meta-step.

        Args:
            tasks: the meta-batch of this process.
            weights: query weight after each inner step, see `query_weights`.

        Returns:
            The mean weighted query loss over the tasks, and the losses of each task.
        """
        own = dict(self.network.named_parameters())
        leaves: list[Tensor] = [*(own[name] for name in self.names), *self.learner.own()]
        inner = self.inner(weights)
        sums = [torch.zeros_like(leaf) for leaf in leaves]
        rate_sum = torch.zeros_like(self.log_rates)
        found: list[tuple[Tensor, Tensor, Tensor]] = []
        was_training = self.network.training
        self.network.train(was_training and not self.steps)
        try:
            for task in tasks:
                result, slopes = self._one_task(task, leaves, inner)
                sums = [total + slope / len(tasks) for total, slope in zip(sums, slopes, strict=True)]
                by_rate = result.rates if len(result.rates) == len(rate_sum) else result.rates.sum(0, keepdim=True)
                rate_sum += by_rate / len(tasks)
                found.append((result.loss, result.query, result.support))
        finally:
            self.network.train(was_training)
        report = StepReport(*(torch.stack(part) for part in zip(*found, strict=True)))
        if self.learns_rates:  # d/d(log α) = α d/dα
            leaves, sums = [*leaves, self.log_rates], [*sums, rate_sum * self.log_rates.detach().exp()]
        return AttachGradient.apply(report.meta.mean(), sums, *leaves), report

    def judge(self, task: Task) -> Tensor:
        """Adapt to a task as in training, and judge by its query set; nothing is changed, and no gradient is kept.

        The network runs in eval mode, as at meta-test, also with 0 steps.

        Returns:
            Query loss before any inner step and after each, (steps + 1,).
        """
        own = dict(self.network.named_parameters())
        was_training = self.network.training
        self.network.eval()
        try:
            with torch.no_grad():
                begun = self.learner.begin(view_of(task), {name: own[name] for name in self.names})
            support, query = self._losses(task)
            trajectory, _ = descend(support, begun, replace(self.inner(()), order=1))
            with torch.no_grad():
                return torch.stack([query(dict(zip(begun, point.values, strict=True))) for point in trajectory])
        finally:
            self.network.train(was_training)

    def _losses(self, task: Task) -> tuple[Lessons, Loss]:
        """Give what a task is adapted to by, and what it is judged by."""
        query = self._rounded(with_folding(task_loss(self.network, task.query, task.degradation, self.pixel_loss)))
        if not self.steps:  # plain supervised training: there may be no support set
            return lambda step, here: query, query
        lessons = self.teach(self.network, task, self.pixel_loss)
        return lambda step, here: self._rounded(with_folding(lessons(step, folded(here))), exact=True), query

    def _rounded(self, loss: Loss, exact: bool = False) -> Loss:
        return with_short_gradients(loss, exact) if self.mixed else loss

    def _one_task(self, task: Task, leaves: list[Tensor], inner: InnerLoop) -> tuple[MetaGradient, list[Tensor]]:
        """Give one task's result, and the gradient of each leaf: the network's, the start's, the rule's."""
        support, query = self._losses(task)
        begun = self.learner.begin(view_of(task), dict(zip(self.names, leaves, strict=False)))
        outer = first_order if self.early and self.outer is second_order else self.outer
        result = outer(support, query, begun, inner)
        count = len(leaves) - len(self.learner.of_the_rule())
        return result, [*through_the_start(begun, result.params, leaves[:count]), *result.rule]
