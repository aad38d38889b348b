"""How a meta-training scales over processes: the same meta-batch for each, one thread each, gloo.

A row has the time of a meta-step with its gradients averaged by DistributedDataParallel; that of the average alone,
after a barrier, so that nobody waits for anybody; its share of the step; and the efficiency, which is the step of one
process over that of many. Two processes share caches, memory and cores with each other, and with whoever else works on
the machine, so that a step of two is longer by more than the average takes. Seconds of CPU do not count the waiting for
a core; the efficiency is given by them, too.

    python benchmarks/scaling.py                     # 1 and 2 processes, half a minute
    python benchmarks/scaling.py --processes 1 2 4 8 --tasks 5 --steps 20
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--tasks", type=int, default=1, help="of the meta-batch, for each process (default: %(default)s)"
    )
    parser.add_argument("--steps", type=int, default=10, help="that are timed (default: %(default)s)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        return child(arguments.tasks, arguments.steps)
    print("| processes | step, s | of it CPU, s | average of gradients, s | its share | efficiency | by CPU | load |")
    print("| ---: |" + " ---: |" * 7)
    first: dict[str, float] = {}
    for count in arguments.processes:
        load = os.getloadavg()[0]
        found = launched(count, arguments)
        first = first or found
        step, cpu, average = (found[name] for name in ("step", "cpu", "average"))
        shares = f"{100 * average / step:.2f} % | {100 * first['step'] / step:.0f} % | {100 * first['cpu'] / cpu:.0f} %"
        print(f"| {count} | {step:.3f} | {cpu:.3f} | {average:.4f} | {shares} | {load:.1f} |", flush=True)
    print(
        f"{arguments.tasks} tasks for each process, second order, 5 inner steps, {found['bytes']:,} bytes of gradients"
    )
    return None


def launched(count: int, arguments: argparse.Namespace) -> dict[str, float]:
    """Run so many processes, and give what the first of them found."""
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={count}", __file__]
    own = {"OMP_NUM_THREADS": "1", "PYTHONPATH": f"{HERE.parent}:{HERE}"}
    words = ["--child", f"--tasks={arguments.tasks}", f"--steps={arguments.steps}"]
    done = subprocess.run([*run, *words], env={**os.environ, **own}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: scaling: {done.stderr.strip().rpartition(chr(10))[2]}")
    return json.loads(done.stdout.splitlines()[-1])


def child(tasks: int, steps: int) -> None:
    """Time meta-steps and averages in one of the processes."""
    import torch
    import torch.distributed as dist
    import torch.nn.functional as F
    from peers import RATE

    from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
    from mzsr_basicsr.degradation.kernels import gaussian_kernel
    from mzsr_basicsr.degradation.record import Degradation
    from mzsr_basicsr.host.compat import init_gloo, leave
    from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml

    torch.set_num_threads(1)
    torch.manual_seed(0)
    init_gloo()
    network = MZSRNetLR().to(memory_format=torch.channels_last)
    bare = MetaStep(network, maml, F.l1_loss, 5, RATE, learn_rates=True)
    ddp = torch.nn.parallel.DistributedDataParallel(bare)
    optimizer = torch.optim.Adam(bare.parameters(), 1e-4)
    told, hr = Degradation(gaussian_kernel(2.0, 2.0, 0.0).float(), 2), torch.rand(16, 3, 64, 64)
    lr = told.apply(hr)
    batch = [Task(Pairs(lr[:8], hr[:8]), Pairs(lr[8:], hr[8:]), told)] * tasks

    def step() -> None:
        optimizer.zero_grad()
        ddp(batch, (0.2,) * 5)[0].backward()
        optimizer.step()

    size = sum(parameter.numel() for parameter in bare.parameters())
    gradients = torch.ones(size)
    whole, cpu = medians_of(step, steps)
    average, _ = medians_of(lambda: dist.all_reduce(gradients), 3 * steps)
    if dist.get_rank() == 0:
        print(json.dumps({"step": whole, "cpu": cpu, "average": average, "bytes": 4 * size}))
    leave()


def medians_of(work: Callable[[], object], times: int) -> tuple[float, float]:
    """Give the median seconds of some work that all processes begin together, and those of its CPU; one goes before."""
    import torch.distributed as dist

    seconds = []
    for _ in range(times + 1):
        dist.barrier()
        begun = time.perf_counter(), time.process_time()
        work()
        seconds.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
    whole, cpu = zip(*seconds[1:], strict=True)
    return statistics.median(whole), statistics.median(cpu)


if __name__ == "__main__":
    main()
