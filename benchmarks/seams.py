"""How much a part of an image differs from the whole by what is read around it, in levels of 255: can seams be seen?

    python benchmarks/seams.py [-w shipped:mzsr_x2] [--around 6 10 14 20 28 40]

For each kernel and noise: the reach that the network tells, and for each margin, LR px, the largest and the root mean
square difference of a part of 128x128 px from the same part of the whole image, both computed in float32.
"""

import argparse
from collections.abc import Iterator

import numpy as np
import torch
from skimage import data
from torch import Tensor

from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import super_resolve
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.task import network_inputs
from mzsr_basicsr.weights.pretrained import load_pretrained

KERNELS = (
    ("gaussian:0.2,0.2", "direct"),
    ("gaussian:2,2", "direct"),
    ("gaussian:6,6", "direct"),
    ("gaussian:1.3,1.3", "bicubic"),
    ("disk:2", "direct"),
    ("shake:3,25", "direct"),
)
TOP, LEFT, SIDE = 150, 160, 128  # of the part, LR px


def cases() -> Iterator[tuple[str, Degradation]]:
    """Give each kernel without noise and with some."""
    for kernel, subsampling in KERNELS:
        for noise in (0.0, 5.0):
            name = f"{kernel}, {subsampling}, σ {noise:g}"
            yield name, Degradation(kernel, 2, subsampling, noise / 255).to(torch.zeros(0))


def difference(network: torch.nn.Module, lq: Tensor, degradation: Degradation, whole: Tensor, around: int) -> Tensor:
    """Give the part's differences from the whole, levels."""
    params = dict(network.named_parameters())
    shared = {k: v for k, v in network_inputs(network, lq, degradation).items() if k == "trust"}
    rows, columns = slice(TOP - around, TOP + SIDE + around), slice(LEFT - around, LEFT + SIDE + around)
    part = super_resolve(network, params, lq[..., rows, columns], degradation, Settings(shared=shared))
    inside = slice(2 * around, 2 * (around + SIDE))
    there = whole[..., 2 * TOP : 2 * (TOP + SIDE), 2 * LEFT : 2 * (LEFT + SIDE)]
    return 255 * (part[..., inside, inside] - there)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-w", "--weights", default="shipped:mzsr_x2")
    parser.add_argument("--around", type=int, nargs="+", default=[6, 10, 14, 20, 28, 40, 81])
    arguments = parser.parse_args()
    network = load_pretrained(arguments.weights).network.eval()
    photo = np.tile(data.astronaut(), (2, 2, 1))[:900, :900]
    hr = torch.from_numpy(np.ascontiguousarray(photo)).permute(2, 0, 1)[None] / 255
    print("| kernel | reach |", " | ".join(map(str, arguments.around)), "|")
    print("| --- | ---: |", " ---: |" * len(arguments.around))
    for name, degradation in cases():
        lq = round_to_8_bits(degradation.apply(hr, torch.Generator().manual_seed(0)))
        whole = super_resolve(network, dict(network.named_parameters()), lq, degradation, Settings())
        found = [difference(network, lq, degradation, whole, around) for around in arguments.around]
        told = [f"{float(d.abs().max()):.4f} ({float(d.square().mean().sqrt()):.4f})" for d in found]
        print(f"| {name} | {network.reach(degradation) or 'not known'} | {' | '.join(told)} |", flush=True)


if __name__ == "__main__":
    main()
