"""Memory of the meta-step, counted exactly: bytes that autograd holds at once, from its saved tensors."""

import torch
import torch.nn.functional as F
from torch.autograd.graph import saved_tensors_hooks

from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml


class Ledger:
    """Counts the bytes of saved tensors that are alive, and their peak."""

    def __init__(self) -> None:
        self.now = self.peak = 0

    def pack(self, tensor: torch.Tensor) -> "Held":
        return Held(self, tensor)


class Held:
    def __init__(self, ledger: Ledger, tensor: torch.Tensor) -> None:
        self.ledger, self.tensor, self.size = ledger, tensor, tensor.nbytes
        ledger.now += self.size
        ledger.peak = max(ledger.peak, ledger.now)

    def __del__(self) -> None:
        self.ledger.now -= self.size


def peak(tasks: int, steps: int, order: int = 2, recompute: bool = False) -> int:
    torch.manual_seed(0)
    pairs = Pairs(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 16, 16))
    task = Task(pairs, pairs, Degradation(torch.ones(1, 1), 2.0))
    step = MetaStep(MZSRNetLR(num_feat=8, num_conv=4), maml, F.l1_loss, steps, 1e-2, order=order, recompute=recompute)
    ledger = Ledger()
    with saved_tensors_hooks(ledger.pack, lambda held: held.tensor):
        step([task] * tasks, (*[0.5 / max(steps - 1, 1)] * (steps - 1), 0.5))[0].backward()
    return ledger.peak


def test_the_peak_does_not_grow_with_the_number_of_tasks() -> None:
    assert peak(tasks=6, steps=3) == peak(tasks=1, steps=3)


def test_recomputing_keeps_the_peak_of_one_step() -> None:
    assert peak(1, steps=8, recompute=True) == peak(1, steps=2, recompute=True)
    assert peak(1, steps=8) > 3 * peak(1, steps=2)  # what it saves: kept graphs grow with the steps
    assert peak(1, steps=5, recompute=True) < peak(1, steps=5) / 3


def test_first_order_keeps_no_graph() -> None:
    assert peak(1, steps=8, order=1) == peak(1, steps=1, order=1)
