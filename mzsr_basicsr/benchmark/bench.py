"""What a process of a benchmark works with: the methods it has loaded, and how a failed task becomes one line."""

from pathlib import Path

import torch

from mzsr_basicsr.benchmark.cell import CellRecord, Task, load_record, measured, run_task
from mzsr_basicsr.benchmark.methods import Method, build_method
from mzsr_basicsr.benchmark.plan import Plan
from mzsr_basicsr.errors import MZSRError

# what a foreign network can end with; a wrong choice of ours is an MZSRError, which is a ValueError
_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


class Bench:
    """Runs tasks, one by one.

    Args:
        plan: the methods.
        folder: of the results, a path.
        device: to work on.
    """

    def __init__(self, plan: Plan, folder: Path, device: torch.device) -> None:
        self._plan = plan
        self._folder = folder
        self._device = device
        self._methods: dict[tuple[str, float], Method] = {}

    def attempt(self, task: Task) -> str | None:
        """Run a task, or only measure what it lacks; give the line that says why it failed, or None."""
        try:
            self._run(task)
        except MZSRError as error:
            return str(error)
        except _FAULTS as error:
            return f"{type(error).__name__}: {' '.join(str(error).split())}"
        return None

    def _run(self, task: Task) -> CellRecord:
        metrics = self._plan.options.metrics
        record = load_record(self._folder, task)
        if record is not None:
            return measured(record, task, self._folder, metrics, self._device)
        method = self.method(task.label, task.given.degradation.scale)
        return run_task(task, method, self._folder, metrics, self._device)

    def method(self, label: str, scale: float) -> Method:
        """Give a method, loaded at its first use."""
        if (label, scale) not in self._methods:
            options = self._plan.methods[label]
            self._methods[label, scale] = build_method(label, options, scale, self._plan.options.seed, self._device)
        return self._methods[label, scale]
