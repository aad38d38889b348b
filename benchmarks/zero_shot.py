"""Seconds of the zero-shot test for 1 and 10 updates of a 256x256 LR image, x2: `python benchmarks/zero_shot.py`.

Both networks run by turns in one process on the same image; random weights, since the cost does not depend on them.
"""

import argparse
import statistics
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from mzsr_basicsr.adaptation.zero_shot import Settings, zero_shot
from mzsr_basicsr.archs.mzsr_arch import MZSRNet
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.models.hardware import memory_format


def seconds(network: torch.nn.Module, lq: torch.Tensor, updates: int) -> float:
    """Time one zero-shot test, from the image to its SR image."""
    kernel = gaussian_kernel(2.0, 2.0, 0.0).to(lq)
    start = time.perf_counter()
    zero_shot(network, lq, Degradation(kernel, 2), Settings(updates=(updates,)))
    if lq.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start


def main() -> None:
    """Print the median seconds, the operations, and the ratio of the two networks round by round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=256, help="side of the LR image, px (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    torch.manual_seed(0)
    lq = torch.rand(1, 3, arguments.size, arguments.size, device=device)
    networks = {c.__name__: c().to(device, memory_format=memory_format(device)) for c in (MZSRNet, MZSRNetLR)}
    where = f"{device}, torch {torch.__version__}, {torch.get_num_threads()} threads"
    print(f"{arguments.size}x{arguments.size} LR, x2, {where}")
    for updates in (1, 10):
        times: dict[str, list[float]] = {name: [] for name in networks}
        for network in networks.values():
            seconds(network, lq, updates)  # warm up
        for _ in range(arguments.rounds):
            for name, network in networks.items():
                times[name].append(seconds(network, lq, updates))
        for name, network in networks.items():
            with FlopCounterMode(display=False) as counter:
                seconds(network, lq, updates)
            median, operations = statistics.median(times[name]), counter.get_total_flops() / 1e9
            rate = f"{operations:7.0f} GFLOP   {operations / median:5.0f} GFLOP/s"
            print(f"  {updates:2} updates  {name:10} {median:7.3f} s   {rate}")
        ratios = [a / b for a, b in zip(times["MZSRNet"], times["MZSRNetLR"], strict=True)]
        print(f"  {updates:2} updates  MZSRNet / MZSRNetLR: {statistics.median(ratios):.2f} x")


if __name__ == "__main__":
    main()
