"""Find what is not finite in a meta-step, alike in every process, and say which task it came from."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from mzsr_basicsr.meta import Task


def fault(losses: Tensor, gradients: Iterable[Tensor], tasks: Sequence[Task], dist: bool) -> str | None:
    """Say what stops the training, before the optimizer would carry it into the weights.

    A finite loss may have a gradient that overflows: the product of the Hessians of the inner steps.

    Args:
        losses: weighted query loss of each task of this process, (tasks,).
        gradients: of all parameters, after DDP has averaged them.
        tasks: the meta-batch of this process.
        dist: ask the other processes, too.

    Returns:
        One line that names a task, or None in every process where all is finite everywhere.
    """
    bad = ~torch.isfinite(losses)
    overflow = not all(bool(torch.isfinite(gradient).all()) for gradient in gradients)
    anywhere = (bad.any() | overflow).float()
    if dist:
        torch.distributed.all_reduce(anywhere, torch.distributed.ReduceOp.MAX)
    if not anywhere:
        return None
    if bad.any():
        return f"the query loss of {_describe(tasks[int(bad.nonzero()[0])])} is not finite"
    worst = _describe(tasks[int(losses.argmax())])
    return f"the meta-gradient is not finite; the largest query loss here, {losses.max():.1e}, is that of {worst}"


def _describe(task: Task) -> str:
    told = task.degradation
    kernel = told.kernel.reshape(-1, *told.kernel.shape[-2:])[0]  # the first of those that supervised training joined
    middle = kernel[kernel.shape[0] // 2].tolist()
    return f"{task.name} (scale {told.scale:g}, kernel with middle row {[round(v, 4) for v in middle]})"
