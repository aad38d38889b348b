"""Time and peak memory of the meta-step against a plain create_graph loop, `higher`, and the convolution floor.

`make bench` runs it (it needs `higher`): the same network, batch, thread count and number of inner
steps for all, by turns in one process; the gradients must agree. Memory is the peak resident set above the start, each
variant in a process of its own. The floor is the counted operations of ours divided by the measured rate of a
large convolution, channels last.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

from mzsr_basicsr.archs.mzsr_arch import MZSRNet
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml

RATE = 1e-2
NETWORKS = {"lr": MZSRNetLR, "paper": MZSRNet}


def make_network(name: str) -> nn.Module:
    """Build the network as MZSRModel does on a CPU: channels last, for every variant."""
    return NETWORKS[name]().to(memory_format=torch.channels_last)


def make_task(patches: int, side: int) -> Task:
    """Draw smooth random patches, degraded by g_2.0^d."""
    generator = torch.Generator().manual_seed(0)
    hr = F.interpolate(torch.rand(2 * patches, 3, side // 4, side // 4, generator=generator), size=side, mode="bicubic")
    kernel = gaussian_kernel(2.0, 2.0, 0.0).float()
    lr = Degradation(kernel, 2).apply(hr)
    return Task(Pairs(lr[:patches], hr[:patches]), Pairs(lr[patches:], hr[patches:]), Degradation(kernel, 2.0))


def ours(network: nn.Module, tasks: list[Task], steps: int, order: int, recompute: bool = False) -> list[Tensor]:
    """Run this package's step, loss after the last inner step."""
    network.zero_grad()
    step = MetaStep(network, maml, F.l1_loss, steps, RATE, order=order, recompute=recompute)
    step(tasks, (*[0.0] * (steps - 1), 1.0))[0].backward()
    return [p.grad for p in network.parameters()]


def plain(network: nn.Module, tasks: list[Task], steps: int, order: int) -> list[Tensor]:
    """Keep the graph of everything and go backwards once, as textbook code does."""
    network.zero_grad()
    total = torch.zeros(())
    for task in tasks:
        params = dict(network.named_parameters())
        for _ in range(steps):
            loss = F.l1_loss(functional_call(network, params, (task.support.lq,)), task.support.gt)
            slope = torch.autograd.grad(loss, list(params.values()), create_graph=order == 2)
            params = {name: p - RATE * g for (name, p), g in zip(params.items(), slope, strict=True)}
        total = total + F.l1_loss(functional_call(network, params, (task.query.lq,)), task.query.gt)
    (total / len(tasks)).backward()
    return [p.grad for p in network.parameters()]


def peer(network: nn.Module, tasks: list[Task], steps: int, order: int) -> list[Tensor]:
    """Use `higher`'s differentiable SGD, one task's backward at a time as its examples do."""
    import higher

    network.zero_grad()
    optimizer = torch.optim.SGD(network.parameters(), RATE)
    for task in tasks:
        options = {"copy_initial_weights": False, "track_higher_grads": order == 2}
        with higher.innerloop_ctx(network, optimizer, **options) as (fast, inner):
            for _ in range(steps):
                inner.step(F.l1_loss(fast(task.support.lq), task.support.gt))
            loss = F.l1_loss(fast(task.query.lq), task.query.gt) / len(tasks)
            if order == 2:
                loss.backward()
                continue
            slope = torch.autograd.grad(loss, list(fast.parameters()))
        for parameter, gradient in zip(network.parameters(), slope, strict=True):
            parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
    return [p.grad for p in network.parameters()]


VARIANTS: dict[str, Callable[..., list[Tensor]]] = {
    "ours": ours,
    "ours, recompute": lambda *a: ours(*a, recompute=True),
    "plain loop": plain,
    "higher": peer,
}


def measure_floor(function: Callable[[], object]) -> tuple[float, float]:
    """Count a step's operations; divide them by the rate of one large convolution. Return seconds and GFLOP."""
    with FlopCounterMode(display=False) as counter:
        function()
    operations = counter.get_total_flops()
    conv = nn.Conv2d(64, 64, 3, padding=1).to(memory_format=torch.channels_last)
    image = torch.rand(8, 64, 128, 128).contiguous(memory_format=torch.channels_last)
    large = 2 * 64 * 64 * 9 * 8 * 128 * 128
    with torch.no_grad():
        seconds = statistics.median(timed(lambda: conv(image)) for _ in range(15))
    return operations / (large / seconds), operations / 1e9


def timed(function: Callable[[], object]) -> float:
    """Give the seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def peak_memory(variant: str, arguments: argparse.Namespace, steps: int, order: int, tasks: int) -> float:
    """Measure a variant's peak above its start, in MB, in a fresh process."""
    given = [f"--network={arguments.network}", f"--patches={arguments.patches}", f"--tasks={tasks}"]
    command = [sys.executable, "-W", "ignore", __file__, *given, "--child", variant, str(steps), str(order)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def child(arguments: argparse.Namespace) -> None:
    """Run one variant once and print its peak."""
    variant, steps, order = arguments.child
    network = make_network(arguments.network)
    tasks = [make_task(arguments.patches, 64)] * arguments.tasks
    ours(network, [make_task(1, 16)], 1, 2)  # libraries and thread pools are loaded before the measurement
    Path("/proc/self/clear_refs").write_text("5")  # Linux: lets the peak begin anew, here
    start = resident("VmRSS")
    VARIANTS[variant](network, tasks, int(steps), int(order))
    print(resident("VmHWM") - start)


def resident(field: str) -> float:
    """Read this process's resident set (VmRSS) or its peak (VmHWM), in MB; Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def compare(arguments: argparse.Namespace, steps: int, order: int) -> None:
    """Print one table: time, ratio to the plain loop and to the floor, and memory of each variant."""
    torch.manual_seed(0)
    network = make_network(arguments.network)
    tasks = [make_task(arguments.patches, 64)] * arguments.tasks
    names = [name for name in VARIANTS if order == 2 or "recompute" not in name]
    results = {name: [g.clone() for g in VARIANTS[name](network, tasks, steps, order)] for name in names}
    for name in names:  # the same gradient, or the comparison means nothing
        for a, b in zip(results[name], results["plain loop"], strict=True):
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-2)
    floor, operations = measure_floor(lambda: ours(network, tasks, steps, order))
    rounds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(arguments.rounds):
        for name in names:
            rounds[name].append(timed(lambda name=name: VARIANTS[name](network, tasks, steps, order)))
    print(f"\norder {order}, {steps} inner steps: {operations:.0f} GFLOP, floor {floor:.3f} s")
    memory = {name: peak_memory(name, arguments, steps, order, arguments.tasks) for name in names}
    for name in names:
        median = statistics.median(rounds[name])
        by_round = [a / b for a, b in zip(rounds[name], rounds["plain loop"], strict=True)]
        ratio, share = statistics.median(by_round), memory[name] / max(memory["plain loop"], 1)
        times = f"{median:7.3f} s  {ratio:5.2f} x plain  {median / floor:5.2f} x floor"
        print(f"  {name:16} {times}  {memory[name]:7.0f} MB  {share:5.2f} x plain", flush=True)


def main() -> None:
    """Compare both orders for 1, 5 and 10 inner steps, then memory against the number of tasks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=NETWORKS, default="lr")
    parser.add_argument("--patches", type=int, default=8)
    parser.add_argument("--tasks", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 5, 10])
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        return child(arguments)
    patches = f"{arguments.patches}+{arguments.patches} patches of 64 px"
    print(f"{arguments.network} network, {arguments.tasks} tasks of {patches}, ", end="")
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, median of {arguments.rounds} rounds")
    for order in (1, 2):
        for steps in arguments.steps:
            compare(arguments, steps, order)
    peaks = [f"{n} tasks {peak_memory('ours', arguments, 5, 2, n):.0f} MB" for n in (1, 4)]
    print(f"\npeak of ours, order 2, 5 steps: {', '.join(peaks)}")
    return None


if __name__ == "__main__":
    main()
