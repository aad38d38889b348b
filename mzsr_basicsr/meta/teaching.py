"""What a task of a meta-batch is adapted to by, and what a start sees of it."""

from collections.abc import Callable

from torch import nn

from mzsr_basicsr.meta.starts.start import View
from mzsr_basicsr.meta.task import Lessons, PixelLoss, Task, task_loss

Teach = Callable[[nn.Module, Task, PixelLoss], Lessons]  # what a task is adapted to by


def by_pairs(network: nn.Module, task: Task, pixel_loss: PixelLoss) -> Lessons:
    """Adapt to the support set, in every step to the same."""
    loss = task_loss(network, task.support, task.degradation, pixel_loss)
    return lambda step, params: loss


def view_of(task: Task) -> View:
    """Give what a start sees: of an internal task the LR image, of an external one the LR images it is adapted by."""
    internal = task.made is not None
    given = task.support.gt if internal else task.support.lq
    return View(given if len(given) else task.query.lq, task.degradation)
