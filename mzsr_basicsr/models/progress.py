"""TrainingClock: the progress bar with its ETA, and the wall-clock budget of one call."""

import time
from collections.abc import Mapping

import torch
from tqdm import tqdm


class TrainingClock:
    """Count iterations against the plan and seconds against the budget.

    Args:
        total_iter: iterations of the whole training.
        budget: seconds this call may take from now on, 0 for no limit.
        show: draw a progress bar on the standard error.
    """

    def __init__(self, total_iter: int, budget: float, show: bool) -> None:
        self._total = total_iter
        self._budget = budget
        self._started = time.monotonic()
        self._bar = tqdm(total=total_iter, unit="it", desc="meta-training", disable=not show, dynamic_ncols=True)

    def start(self, iteration: int) -> None:
        """Begin at an iteration other than 0."""
        self._bar.initial = iteration
        self._bar.reset(self._total)

    def tick(self, iteration: int, losses: Mapping[str, float], dist: bool, device: torch.device) -> bool:
        """Count one iteration; tell whether the budget is spent, alike in every process."""
        self._bar.set_postfix({"loss": f"{losses.get('l_query', float('nan')):.4f}"}, refresh=False)
        self._bar.update()
        if iteration >= self._total:
            self._bar.close()
        if self._budget <= 0 or iteration >= self._total:
            return False
        spent = torch.tensor(float(time.monotonic() - self._started > self._budget), device=device)
        if dist:
            torch.distributed.all_reduce(spent, torch.distributed.ReduceOp.MAX)
        return bool(spent)
