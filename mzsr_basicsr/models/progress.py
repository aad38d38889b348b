"""TrainingClock: the progress bar with its ETA and the throughput, and the wall-clock budget of one call."""

import sys
import time
from collections.abc import Mapping

import torch
from tqdm import tqdm

from mzsr_basicsr.models.throughput import Throughput


class TrainingClock:
    """Count iterations against the plan and seconds against the budget.

    Args:
        total_iter: iterations of the whole training.
        budget: seconds this call may take from now on, 0 for no limit.
        show: draw a progress bar on the standard output; the log goes to the standard error.
        throughput: is told of every iteration, and shown.
    """

    def __init__(self, total_iter: int, budget: float, show: bool, throughput: Throughput) -> None:
        self._total = total_iter
        self._budget = budget
        self.throughput = throughput
        self._started = time.monotonic()
        pause = 0.5 if sys.stdout.isatty() else 10.0  # seconds between two drawings
        self._bar = tqdm(
            total=total_iter,
            disable=not show,
            file=sys.stdout,
            unit="it",
            desc="meta-training",
            dynamic_ncols=True,
            mininterval=pause,
        )

    def start(self, iteration: int) -> None:
        """Begin at an iteration other than 0."""
        self._bar.reset(self._total)
        self._bar.initial = self._bar.n = iteration

    def tick(self, iteration: int, losses: Mapping[str, float], dist: bool, device: torch.device) -> bool:
        """Count one iteration; tell whether the budget is spent, alike in every process."""
        self.throughput.tick()
        found = self.throughput.numbers()
        used = {} if found is None else {"op/s": f"{found[0]:.1e} ({100 * found[1]:.0f} %)"}
        self._bar.set_postfix({"loss": f"{losses.get('l_query', float('nan')):.4f}", **used}, refresh=False)
        self._bar.update()
        if iteration >= self._total:
            self._bar.close()
        ended = self._is_spent(iteration, dist, device)
        self.throughput.log(iteration, ended or iteration >= self._total)
        return ended

    def _is_spent(self, iteration: int, dist: bool, device: torch.device) -> bool:
        if self._budget <= 0 or iteration >= self._total:
            return False
        spent = torch.tensor(float(time.monotonic() - self._started > self._budget), device=device)
        if dist:
            torch.distributed.all_reduce(spent, torch.distributed.ReduceOp.MAX)
        return bool(spent)
