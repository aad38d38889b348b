"""Run the tasks of a benchmark, one by one, in processes side by side or on a cluster; a failed one stops no other."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import torch

from mzsr_basicsr.benchmark.run.bench import Bench
from mzsr_basicsr.benchmark.run.cell import Task
from mzsr_basicsr.benchmark.run.plan import Plan
from mzsr_basicsr.jobs.crew import Done, Hands, spread

KILLED = "its process was killed, maybe for lack of memory; give --jobs 1, or leave this image out"


def run_tasks(
    tasks: list[Task], plan: Plan, folder: Path, device: torch.device, hands: Hands
) -> Iterator[Done[Task, str | None]]:
    """Yield each task when it is done, with the line that says why it failed, or None.

    Args:
        tasks: what to do.
        plan: the methods.
        folder: of the results.
        device: to work on.
        hands: who works.
    """
    with closing(spread(tasks, Benching(plan, folder, device), lambda task: KILLED, hands)) as outcomes:
        yield from outcomes


@dataclass(frozen=True)
class Benching:
    """What a process needs to run tasks: the methods, the folder of the results, and the device to work on."""

    plan: Plan
    folder: Path
    device: torch.device

    def __call__(self) -> Callable[[Task, bool], str | None]:
        """Give what runs a task; one that was begun before goes on from its record, if it has one."""
        bench = Bench(self.plan, self.folder, self.device)
        return lambda task, again: bench.attempt(task)
