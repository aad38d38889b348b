"""What a process of a benchmark works with: the methods it has loaded, and how a failed task becomes one line."""

import importlib
import os
import sys
from pathlib import Path

import torch

from mzsr_basicsr.benchmark.run.cell import CellRecord, Task, load_record, measured, run_task, same_size
from mzsr_basicsr.benchmark.run.ensemble import ensemble
from mzsr_basicsr.benchmark.run.methods import build_method
from mzsr_basicsr.benchmark.run.options import EnsembleOptions
from mzsr_basicsr.benchmark.run.output import Method
from mzsr_basicsr.benchmark.run.places import Place, at_place, placed
from mzsr_basicsr.benchmark.run.plan import Plan
from mzsr_basicsr.errors import ConfigError, MZSRError
from mzsr_basicsr.options.reading import may_be_imported

# what a foreign network can end with; a wrong choice of ours is an MZSRError, which is a ValueError
_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def _import(modules: list[str]) -> None:
    """Import the modules of the user, whose networks register themselves."""
    if modules and os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    for name in modules:
        if not may_be_imported(name):
            raise ConfigError(
                f"imports: {name} is no module of yours; give names of modules outside of Python's library"
            )
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ConfigError(f"imports: {name}: {error}; start in its folder, or install it") from error


class Bench:
    """Runs tasks, one by one.

    Args:
        plan: the methods.
        folder: of the results, a path.
        device: to work on.
    """

    def __init__(self, plan: Plan, folder: Path, device: torch.device) -> None:
        _import(plan.options.imports)
        self._plan = plan
        self._folder = folder
        self._device = device
        self._methods: dict[tuple[str, float, Place], Method] = {}

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
        if record is not None and same_size(record, task, self._folder):
            return measured(record, task, self._folder, metrics, self._device)
        place = task.given.source.dataset, task.given.source.kernel
        method = self.method(task.label, task.given.degradation.scale, place)
        return run_task(task, method, self._folder, metrics, self._device)

    def method(self, label: str, scale: float, place: Place) -> Method:
        """Give a method, loaded at its first use."""
        options = self._plan.methods[label]
        own = place if isinstance(options, EnsembleOptions) or placed(options) else ("", "")
        if (label, scale, own) not in self._methods:
            self._methods[label, scale, own] = (
                ensemble([self.method(member, scale, place) for member in options.of])
                if isinstance(options, EnsembleOptions)
                else build_method(label, at_place(options, place), scale, self._plan.options.seed, self._device)
            )
        return self._methods[label, scale, own]
