"""Meta-validation: the same tasks again and again, judged before and after adaptation; they say which network is best.

BasicSR saves the state of an iteration before it validates. The tasks are therefore judged by the model itself, at the
end of the iteration: a state holds what was found at its own iteration, and a resumed training knows it.
"""

import contextlib
import logging
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from basicsr.utils import get_root_logger
from basicsr.utils.registry import DATASET_REGISTRY
from torch import Tensor, nn
from torch.utils.data import default_collate

from mzsr_basicsr.data.kernel_meta_dataset import KernelMetaDataset
from mzsr_basicsr.data.photos import Photos
from mzsr_basicsr.data.task_set import TaskSet
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta import MetaStep, Task
from mzsr_basicsr.models.task_builder import build_tasks
from mzsr_basicsr.options.run import RunOptions

SECTION = "val_tasks"  # of `datasets`


@dataclass
class Best:
    """The lowest mean loss after adaptation so far, its iteration, and how many validations have come since."""

    loss: float = math.inf
    iteration: int = 0
    since: int = 0

    def note(self, loss: float, iteration: int) -> bool:
        """Take the loss of a validation; tell whether it is the best so far. One that is not finite never is."""
        if not loss < self.loss:
            self.since += 1
            return False
        self.loss, self.iteration, self.since = loss, iteration, 0
        return True


class MetaValidation:
    """Judge a training by its validation tasks, where it has any.

    Args:
        options: of the run.
        device: where the tasks are degraded and adapted to.
    """

    def __init__(self, options: RunOptions, device: torch.device) -> None:
        self._options = options
        self._device = device
        self.best = Best()
        self._unlogged: tuple[int, dict[str, float]] | None = None
        self.tasks = _build(options.datasets[SECTION]) if SECTION in options.datasets else None
        if self.tasks is not None:
            get_root_logger().addFilter(_of_several_sets)
            self._warn_of_shared_photographs(self.tasks)

    def _warn_of_shared_photographs(self, tasks: KernelMetaDataset) -> None:
        section = self._options.datasets["train"]
        train = DATASET_REGISTRY.get(section["type"])(section)
        own = _paths(tasks.photos)
        shared = own & _paths(train.photos) if isinstance(train, TaskSet) else set()
        if shared:
            get_root_logger().warning(
                f"datasets.{SECTION}: {len(shared)} of its {len(own)} photographs are trained on, too; give both "
                "sections a `part`, as [0.0, 0.9] and [0.9, 1.0], or this one a folder of its own"
            )

    def is_due(self, iteration: int) -> bool:
        """Tell whether the tasks are judged at an iteration: with every validation, and at the end."""
        last = self._options.train is not None and iteration == self._options.train.total_iter
        return self.tasks is not None and (last or iteration % self._options.val.val_freq == 0)

    def task(self, index: int) -> Task:
        """Make one of the tasks; always the same."""
        if self.tasks is None:
            raise ConfigError(f"datasets.{SECTION}: required section is missing; add it to the option file")
        o = self.tasks.options
        batch = {key: value.to(self._device) for key, value in default_collate([self.tasks[index]]).items()}
        with torch.no_grad():
            return build_tasks(batch, o.subsampling, o.seed, o.quantize)[0]

    def losses(self, step: MetaStep, network: nn.Module) -> Tensor:
        """Judge all tasks, shared among the processes; every process gets the same numbers.

        Args:
            step: of the training; it is left as it was.
            network: to be judged by its inner loop, such as the moving average of the step's own.

        Returns:
            (tasks, steps + 1), query loss before any inner step and after each, float64.
        """
        count = 0 if self.tasks is None else len(self.tasks)
        table = torch.zeros(count, step.steps + 1, dtype=torch.float64, device=self._device)
        with _judged_in(step, network):
            for index in range(self._options.rank, count, self._options.world_size):
                table[index] = step.judge(self.task(index)).double()
        if self._options.dist:  # the rows of others are zero here, so that the sum is exact
            torch.distributed.all_reduce(table)
        return table

    def judge(self, step: MetaStep, network: nn.Module, iteration: int) -> bool:
        """Judge the network and say it in the log; tell whether it is the best so far."""
        means = self.losses(step, network).mean(0).tolist()
        before, after = means[0], means[-1]
        better = self.best.note(after, iteration)
        found = {"before": before, "after": after, "gain": 1 - after / before if before else 0.0}
        self._unlogged = (iteration, found)
        best = "the best so far" if better else f"the best was {self.best.loss:.4e} at {self.best.iteration}"
        losses = f"query loss {before:.4e}"
        if len(means) > 1:
            losses += f" before, {after:.4e} after {len(means) - 1} inner steps (gain {100 * found['gain']:.1f} %)"
        get_root_logger().info(f"Iteration {iteration}: validation tasks: {losses}; {best}")
        return better

    def log(self, tb_logger: Any) -> None:
        """Give tensorboard what was found last, once."""
        if tb_logger and self._unlogged is not None:
            iteration, found = self._unlogged
            for name, value in found.items():
                tb_logger.add_scalar(f"{SECTION}/{name}", value, iteration)
            tb_logger.flush()  # the training may end here
        self._unlogged = None

    def ended(self) -> str | None:
        """Say why the training ends here; None: it goes on."""
        patience = self._options.train.patience if self._options.train else 0
        if not patience or self.best.since < patience or not self.best.iteration:  # no loss was finite so far
            return None
        best = f"that of iteration {self.best.iteration} ({self.best.loss:.4e}, in net_g_best.pth)"
        return f"train.patience of {patience} is spent, no validation was better than {best}"

    def state(self) -> dict[str, Any]:
        """Give what a resumed training must know."""
        return asdict(self.best)

    def load(self, state: Mapping[str, Any], was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """Go on from what `state` gave; where the tasks have changed, their best begins anew.

        Args:
            state: of the training.
            was: `flattened` options of the state.
            now: of this run.
        """
        before, after = (
            {key: value for key, value in options.items() if key.startswith(f"datasets.{SECTION}.")}
            for options in (was, now)
        )
        if before == after:
            self.best = Best(**state)
        elif self.tasks is not None:
            get_root_logger().warning(f"datasets.{SECTION}: the tasks have changed; the best of them begins anew")


def _build(section: dict[str, Any]) -> KernelMetaDataset:
    tasks = DATASET_REGISTRY.get(section["type"])(section)
    if not isinstance(tasks, KernelMetaDataset):
        raise ConfigError(
            f"datasets.{SECTION}.type: {section['type']} draws no tasks; give KernelMetaDataset, or call the section "
            "otherwise, as val"
        )
    return tasks


def _paths(photos: Photos) -> set[str]:
    return {os.path.abspath(photos.path(index)) for index in range(len(photos))}


@contextlib.contextmanager
def _judged_in(step: MetaStep, network: nn.Module) -> Iterator[None]:
    """Put a network into the place of a meta-step's own, for as long as it is judged."""
    own = step.network
    step.network = network
    try:
        yield
    finally:
        step.network = own


def _of_several_sets(record: logging.LogRecord) -> bool:
    """Leave out what BasicSR says at every validation of several data sets: that only its SRModel knows of them."""
    return "Multiple validation datasets" not in str(record.msg)
