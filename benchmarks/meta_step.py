"""Time, peak memory and error of the meta-step against a plain create_graph loop, `higher`, TorchOpt and learn2learn.

`make bench` runs it, in some 5 minutes on two cores: the same networks (the paper's and the shipped one, with their
trained weights), batch, layout (channels last) and threads for all, in float32 and by autocast in bfloat16, by turns in
one process. "error" is the relative L2 distance of the meta-gradient from the plain loop's in float32: a precision
holds where that is below 1 %. "× best" is the time over that of ours in "mixed". Memory is the peak above the start,
each variant in a process of its own; with `--device cuda`, what PyTorch allocated. See floor.py for the floor.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import floor
import peers
import torch
import torch.nn.functional as F
from peers import Case

from mzsr_basicsr.data.photos import Photos, random_patch
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import Pairs, Task
from mzsr_basicsr.weights.pretrained import load_pretrained

SIDE = 64  # HR px of a patch
NETWORKS = {"paper": ("shipped:mzsr_paper_x2", 2), "shipped": ("shipped:mzsr_x2", 8)}  # weights, patches of each set
OURS = ("float32", "mixed", "bfloat16")
HELD = 0.01  # error up to which a precision holds


def make_cases(arguments: argparse.Namespace, name: str) -> Iterator[Case]:
    """Make the network as MZSRModel does, channels last, and its tasks; one case for each number of steps."""
    weights, patches = NETWORKS[name]
    network = load_pretrained(weights).network.train().requires_grad_()
    network = network.to(arguments.device).to(memory_format=torch.channels_last)
    generator = torch.Generator().manual_seed(0)
    tasks = [make_task(arguments, patches * arguments.size, generator) for _ in range(arguments.tasks)]
    yield from (Case(network, tasks, steps, "float32") for steps in arguments.steps)


def make_task(arguments: argparse.Namespace, patches: int, generator: torch.Generator) -> Task:
    """Cut patches from photographs, or draw smooth ones with edges, and degrade them by g_2.0^d."""
    if arguments.photos:
        photos = Photos(arguments.photos, "disk", "--photos")
        places = torch.randint(len(photos), (2 * patches,), generator=generator).tolist()
        hr = torch.stack([random_patch(photos, place, SIDE, True, generator) for place in places])
    else:
        fields = torch.rand(2, 2 * patches, 3, SIDE // 4, SIDE // 4, generator=generator)
        smooth, edges = (F.interpolate(field, size=SIDE, mode="bicubic") for field in fields)
        hr = (0.6 * smooth + 0.4 * (edges > 0.5)).clamp(0, 1)
    told = Degradation(gaussian_kernel(2.0, 2.0, 0.0).float().to(arguments.device), 2)
    hr = hr.to(arguments.device)
    lr = told.apply(hr)
    return Task(Pairs(lr[:patches], hr[:patches]), Pairs(lr[patches:], hr[patches:]), told)


def variants(arguments: argparse.Namespace) -> list[tuple[str, str]]:
    """List what is compared: makers and their precisions."""
    names = [name for name in peers.MAKERS if name not in peers.missing() and name in arguments.makers]
    both = ("float32", "bfloat16")
    return [(n, p) for n in names for p in (OURS if n == "ours" else ("mixed",) if "recompute" in n else both)]


def run(case: Case, maker: str, precision: str) -> torch.Tensor:
    """Make one meta-step."""
    return peers.gradient(maker, Case(case.network, case.tasks, case.steps, precision))


def memory(arguments: argparse.Namespace, name: str, maker: str, precision: str) -> list[float]:
    """Measure a variant's peak above its start for each number of steps, MB."""
    if arguments.device.type == "cuda":
        return [_peak_on_device(case, maker, precision) for case in make_cases(arguments, name)]
    given = [f"--{key}={getattr(arguments, key)}" for key in ("size", "tasks")]
    given += ["--photos", arguments.photos] if arguments.photos else []
    steps = [str(count) for count in sorted(arguments.steps)]
    command = [sys.executable, "-W", "ignore", __file__, *given, "--steps", *steps, "--child", name, maker, precision]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(value) for value in json.loads(done.stdout.splitlines()[-1])]


def _peak_on_device(case: Case, maker: str, precision: str) -> float:
    case.network.zero_grad()
    start = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    run(case, maker, precision)
    return (torch.cuda.max_memory_allocated() - start) / 2**20


def child(arguments: argparse.Namespace) -> None:
    """Run one variant for each number of steps, in rising order, and print the peaks."""
    name, maker, precision = arguments.child
    cases, peaks = list(make_cases(arguments, name)), []
    small = Degradation(torch.ones(1, 1), 2)
    pairs = Pairs(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 16, 16))
    run(Case(cases[0].network, [Task(pairs, pairs, small)], 1, precision), maker, precision)  # loads the libraries
    Path("/proc/self/clear_refs").write_text("5")  # Linux: lets the peak begin anew, here
    start = resident("VmRSS")
    for case in cases:
        run(case, maker, precision)
        peaks.append(resident("VmHWM") - start)
    print(json.dumps(peaks))


def resident(field: str) -> float:
    """Read this process's resident set (VmRSS) or its peak (VmHWM), in MB; Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def compare(arguments: argparse.Namespace, name: str) -> None:
    """Print the table of a network: for each number of steps, all variants by turns."""
    chosen = variants(arguments)
    peaks = {variant: memory(arguments, name, *variant) for variant in chosen}
    for number, case in enumerate(make_cases(arguments, name)):
        exact = run(case, "plain loop", "float32")
        errors = {v: float((run(case, *v) - exact).norm() / exact.norm()) for v in chosen}
        rounds: dict[tuple[str, str], list[float]] = {variant: [] for variant in chosen}
        rates = {"float32": 0.0, "bfloat16": 0.0}
        for _ in range(arguments.rounds):
            for precision in rates:
                found = floor.rate(arguments.device, getattr(torch, precision))
                rates[precision] = max(rates[precision], found)
            for variant in chosen:
                rounds[variant].append(floor.timed(lambda v=variant: run(case, *v), arguments.device))  # noqa: B023
        floors = floor.seconds(case, rates)
        measured = ", ".join(f"{key} {value / 1e9:.0f}" for key, value in rates.items())
        work = f"{floor.operations(case)[0] / 1e9:.0f} GFLOP, convolutions at {measured} GFLOP/s"
        print(f"\n{name} network, {case.steps} steps: {work}", flush=True)
        for variant in chosen:
            ratio = statistics.median(a / b for a, b in zip(rounds[variant], rounds["ours", "mixed"], strict=True))
            median, held = statistics.median(rounds[variant]), "holds" if errors[variant] < HELD else "-"
            over = f"{median / floors[variant[1]]:5.2f} x floor  {median / floors['bfloat16']:5.2f} x bfloat16's"
            print(f"  {variant[0]:16} {variant[1]:9} {median:7.3f} s  {ratio:5.2f} x best  {over}", end="")
            print(f"  {peaks[variant][number]:7.0f} MB  error {errors[variant]:.4f} {held}", flush=True)


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", choices=NETWORKS, nargs="+", default=list(NETWORKS))
    parser.add_argument("--size", type=int, default=1, help="of the sets: times 2 (paper) and 8 (shipped) patches")
    parser.add_argument("--tasks", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 3, 5, 10])
    parser.add_argument("--makers", choices=peers.MAKERS, nargs="+", default=list(peers.MAKERS))
    parser.add_argument("--photos", help="folder to cut patches from (default: drawn)")
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    parser.add_argument("--tf32", action="store_true", help="let CUDA compute float32 convolutions in TF32")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.steps = sorted(arguments.steps)
    torch.backends.cudnn.allow_tf32 = arguments.tf32
    if arguments.child:
        return child(arguments)
    where = f"{torch.get_num_threads()} threads" if arguments.device.type == "cpu" else torch.cuda.get_device_name()
    print(f"torch {torch.__version__}, {where}, {arguments.tasks} tasks, median of {arguments.rounds} rounds")
    for name, reason in peers.missing().items():
        print(f"{name}: left out ({reason})")
    for name in arguments.networks:
        compare(arguments, name)
    return None


if __name__ == "__main__":
    main()
