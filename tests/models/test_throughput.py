"""What a training says of its throughput: operations counted by hand, seconds by a clock of ours, and nothing moved."""

import copy
import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from helpers.trainings import train, write_options, write_photos
from torch import Tensor, nn

from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml
from mzsr_basicsr.models import throughput
from mzsr_basicsr.models.throughput import Throughput, machine_rate, operations_of

CPU = torch.device("cpu")


class OneConvolution(nn.Module):
    """12 3x3 filters over LR pixels, shuffled to HR."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 12, 3, padding=1)

    def forward(self, lq: Tensor) -> Tensor:
        return F.pixel_shuffle(self.body(lq), 2)


def meta_step(network: nn.Module, order: int = 1) -> MetaStep:
    return MetaStep(network, maml, F.l1_loss, 2, 1e-2, True, order)


def tasks(count: int) -> list[Task]:
    pairs = Pairs(torch.rand(2, 3, 10, 8), torch.rand(2, 3, 20, 16))
    return [Task(pairs, pairs, Degradation(gaussian_kernel(1.0, 1.0, 0.0).float(), 2.0))] * count


def test_operations_are_those_of_the_convolutions() -> None:
    """An inner step and the query go forward, and back to the weights, once each; the LR image wants no gradient."""
    one = 2 * (2 * 10 * 8) * (3 * 9) * 12  # images x pixels x inputs of a filter x filters
    evaluations = 2 + 1  # two inner steps; the query after the last
    assert operations_of(meta_step(OneConvolution()), tasks(2), (0.0, 1.0)) == 2 * evaluations * 2 * one


def test_counting_moves_nothing() -> None:
    step = meta_step(nn.Sequential(OneConvolution(), nn.Dropout(0.5), nn.BatchNorm2d(3)), order=2)
    step.network.train()
    before, given = copy.deepcopy(step.state_dict()), tasks(1)
    state = torch.random.get_rng_state()
    assert operations_of(step, given, (0.5, 0.5)) > 0
    assert step.network.training and all(torch.equal(value, before[name]) for name, value in step.state_dict().items())
    assert all(p.grad is None for p in step.parameters()) and torch.equal(torch.random.get_rng_state(), state)


def test_what_cannot_be_counted_is_not_shown() -> None:
    class Refusing(OneConvolution):
        def __deepcopy__(self, memo: dict) -> "Refusing":
            raise RuntimeError("only one of me")

    own = Throughput(CPU, "float32", 1)
    own.tick()
    own.count(meta_step(Refusing()), tasks(1), (0.0, 1.0))
    own.tick()
    assert own.numbers() is None and own.line() is None and not own.wants_count


def test_the_median_of_the_seconds_counts_and_counting_takes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(throughput.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(throughput, "operations_of", lambda *a: now.__setitem__(0, now[0] + 50) or 6_000_000)
    monkeypatch.setattr(throughput, "machine_rate", lambda device, dtype: {torch.bfloat16: 8e6}[dtype])
    own = Throughput(CPU, "bfloat16", 5)
    assert not own.wants_count  # nothing is measured of a single iteration
    own.tick()
    assert own.wants_count and not Throughput(CPU, "bfloat16", 5, active=False).wants_count
    own.count(meta_step(OneConvolution()), [], ())
    for seconds in (2.0, 2.0, 900.0, 2.0):  # a validation between two of them
        now[0] += seconds
        own.tick()
    assert own.numbers() == pytest.approx((3e6, 0.375)) and not own.wants_count
    threads = torch.get_num_threads()
    plural = "s" * (threads != 1)
    assert own.line() == (
        f"3.0e+06 operations/s, 38 % of this machine's 8.0e+06 (bfloat16 matrix product, {threads} thread{plural})"
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_machines_rate_is_that_of_a_product(dtype: torch.dtype) -> None:
    """It lies near what one product of our own takes; a factor of 4 is left for whatever else the machine does."""
    matrix = torch.full((512, 512), 0.5, dtype=dtype)
    times = []
    for _ in range(5):
        begun = throughput.time.perf_counter()
        matrix @ matrix
        times.append(throughput.time.perf_counter() - begun)
    assert machine_rate(CPU, dtype, 0.1) == pytest.approx(2 * 512**3 / min(times), rel=3)
    assert machine_rate(CPU, dtype, 0.1) > 2 * 512**3 / min(times) / 4


@pytest.mark.parametrize(("precision", "product"), [("float32", "float32"), ("mixed", "bfloat16")])
def test_the_log_of_a_training_says_it(tmp_path: Path, precision: str, product: str) -> None:
    options = write_options(tmp_path / "o.yml", write_photos(tmp_path / "photos"), 5)
    options.write_text(options.read_text().replace("print_freq: 1", "print_freq: 3"))
    options.write_text(options.read_text().replace("  total_iter", f"  precision: {precision}\n  total_iter"))
    done = train(options, tmp_path)
    assert done.returncode == 0, done.stderr
    said = re.findall(
        r"Iteration (\d+): ([\d.e+]+) operations/s, (\d+) % of this machine's ([\d.e+]+) \((.+)\)", done.stderr
    )
    assert [int(number) for number, *_ in said] == [3, 5]  # with the losses, and at the end
    for _, own, share, machine, words in said:
        assert words == f"{product} matrix product, 1 thread"
        assert int(share) == pytest.approx(100 * float(own) / float(machine), abs=0.6, rel=0.11)  # two digits of each
