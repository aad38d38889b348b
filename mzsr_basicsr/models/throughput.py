"""How much of the machine a training uses: its operations a second, beside the rate of plain matrix products.

Operations are those of convolutions and matrix products, an addition and a multiplication apart; what else a training
does (filters by FFT, data, the optimizer) takes time, but is not counted.
"""

import copy
import time
from collections import deque
from collections.abc import Sequence
from statistics import median

import torch
from basicsr.utils import get_root_logger
from torch.utils.flop_counter import FlopCounterMode

from mzsr_basicsr.adaptation.clock import seconds_now
from mzsr_basicsr.archs.windows import FAILURES
from mzsr_basicsr.meta import MetaStep, Task

_RECENT = 50  # iterations whose median counts, so that a validation between two of them does not
_MEASURED = 0.3  # seconds that the machine is measured for
_LONG, _LARGEST = 0.01, 8192  # seconds of a product that is large enough, and px of the largest one tried


class Throughput:
    """Take the time of iterations, and compare what they do with what the machine can do.

    Args:
        device: of the training.
        precision: of its convolutions, "float32", "mixed" or "bfloat16"; all but the first are held against bfloat16.
        print_freq: iterations from one line of the log to the next.
        active: measure at all; one process is enough.
    """

    def __init__(self, device: torch.device, precision: str, print_freq: int, active: bool = True) -> None:
        self._device = device
        self._kind = torch.float32 if precision == "float32" else torch.bfloat16
        self._print_freq = print_freq
        self._active = active
        self._operations: int | None = None
        self._rate = 0.0
        self._ticked: float | None = None
        self._seconds: deque[float] = deque(maxlen=_RECENT)

    @property
    def wants_count(self) -> bool:
        """Whether to call `count`: once, when a second iteration begins, as one alone is nothing to measure."""
        return self._active and self._ticked is not None and self._operations is None

    def count(self, step: MetaStep, tasks: Sequence[Task], weights: tuple[float, ...]) -> None:
        """Count the operations of an iteration, and measure the machine; neither is taken for time of the training.

        Args:
            step: is left as it was; so are random numbers where the caller puts them back.
            tasks: the meta-batch.
            weights: see `MetaStep`.
        """
        begun = time.perf_counter()
        self._operations = operations_of(step, tasks, weights)
        if self._operations:
            self._rate = machine_rate(self._device, self._kind)
        if self._ticked is not None:
            self._ticked += time.perf_counter() - begun

    def tick(self) -> None:
        """Note that an iteration ends."""
        now = time.perf_counter()
        if self._ticked is not None:
            self._seconds.append(now - self._ticked)
        self._ticked = now

    def numbers(self) -> tuple[float, float] | None:
        """Give operations a second of the recent iterations, and their share of the machine's; None: not known."""
        if not self._operations or not self._seconds:
            return None
        own = self._operations / median(self._seconds)
        return own, own / self._rate

    def log(self, iteration: int, last: bool) -> None:
        """Say it in the log as often as losses are, and at the last iteration of a call."""
        line = self.line() if last or iteration % self._print_freq == 0 else None
        if line is not None:
            get_root_logger().info(f"Iteration {iteration}: {line}")

    def line(self) -> str | None:
        """Say it in words; None: nothing is known."""
        found = self.numbers()
        if found is None:
            return None
        threads = torch.get_num_threads()
        where = f"{threads} thread{'s' * (threads != 1)}" if self._device.type == "cpu" else self._device.type
        machine = f"this machine's {self._rate:.1e} ({str(self._kind)[6:]} matrix product, {where})"
        return f"{found[0]:.1e} operations/s, {100 * found[1]:.0f} % of {machine}"


def operations_of(step: MetaStep, tasks: Sequence[Task], weights: tuple[float, ...]) -> int:
    """Count what a meta-step does, forward and backward, on a copy of it; 0 where that cannot be counted."""
    try:
        with FlopCounterMode(display=False) as counter:
            copy.deepcopy(step)(tasks, weights)
    except FAILURES:
        return 0
    return int(counter.get_total_flops())


def machine_rate(device: torch.device, dtype: torch.dtype, seconds: float = _MEASURED) -> float:
    """Measure the best rate of square matrix products, operations a second; their side grows until they take a while.

    Args:
        device: to measure.
        dtype: of the matrices.
        seconds: that are spent, about.
    """
    end, best, side = time.perf_counter() + seconds, 0.0, 256
    matrix = torch.full((side, side), 0.5, dtype=dtype, device=device)
    while best == 0 or time.perf_counter() < end:
        begun = seconds_now(device)
        matrix @ matrix
        took = seconds_now(device) - begun
        best = max(best, 2 * side**3 / max(took, 1e-9))
        if took < _LONG and side < _LARGEST:
            side *= 2
            matrix = torch.full((side, side), 0.5, dtype=dtype, device=device)
    return best
