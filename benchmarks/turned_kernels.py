"""Kernels told the wrong way round: how often `mzsr upscale` would warn, rightly and wrongly.

    python benchmarks/turned_kernels.py BENCHMARKS/Set14/GT BENCHMARKS/Set5/GT [--scale 4] [--noise 4]

Each photograph (its central 512 px, grey) meets ten kernels without symmetry: random walks of a shaking hand, a ghost,
a tail, a corner, noise, a skewed spot. Each is told as it is, turned, with weights misstated by up to half, and in the
place of another; and an image of a Gaussian is told it.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch import Tensor

from mzsr_basicsr.blind.reading import CLEAR, evidence_for_turn
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation

SIDE = 512  # px


def crooked_kernels() -> dict[str, np.ndarray]:
    """Make ten kernels (21, 21) that differ from their turns."""
    y, x = np.mgrid[:21, :21] - 10
    random = np.random.default_rng(9)
    tail = np.where((x == -y) & (x >= 0) & (x < 7), np.exp(-x / 2.5), 0.0)
    corner = np.where(((x == -4) & (abs(y) <= 4)) | ((y == 4) & (abs(x) <= 4)), 1.0, 0.0)
    skewed = np.exp(-(x**2 + y**2) / 4) * (1 + 0.9 * np.tanh(x))
    ghost = 0.7 * ((x == 0) & (y == 0)) + 0.3 * ((x == 3) & (y == -3))
    noise = np.where((abs(x) <= 4) & (abs(y) <= 4), random.random((21, 21)) ** 4, 0.0)
    drawn = {"tail": gaussian_filter(tail, 0.6), "corner": gaussian_filter(corner, 0.6)}
    drawn |= {"skewed": skewed, "ghost": ghost, "noise": noise}
    drawn |= {f"walk {seed}": random_walk(seed) for seed in range(5)}
    return {name: weights / weights.sum() for name, weights in drawn.items()}


def random_walk(seed: int) -> np.ndarray:
    """Draw the path of a shaking hand that starts slowly at the centre: (21, 21)."""
    random = np.random.default_rng(seed)
    place, speed = np.zeros(2), random.normal(size=2) * 0.4
    weights = np.zeros((21, 21))
    for step in range(40):
        row, column = np.clip(np.rint(place + 10), 0, 20).astype(int)
        weights[row, column] += 3 if step < 8 else 1
        speed = 0.8 * speed + random.normal(size=2) * 0.25
        place = place + speed
    return gaussian_filter(weights, 0.5)


def told(kernels: list[Tensor], place: int, random: np.random.Generator) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Give (what is told, the true kernel, the told one)."""
    own, other = kernels[place], kernels[(place + 3) % len(kernels)]
    misstated = own * torch.from_numpy(random.uniform(0.5, 1.5, own.shape))
    yield "as it is", own, own
    yield "turned", own, own.flip((0, 1))
    yield "misstated", own, misstated / misstated.sum()
    yield "another", other, own
    yield "of a Gaussian image", gaussian_kernel(1.5, 1.0, 0.3, 21), own


def photograph(path: Path) -> Tensor:
    """Read the centre of a photograph: (1, 1, H, W) in [0, 1]."""
    grey = Image.open(path).convert("L")
    width, height = (min(SIDE, extent) // 4 * 4 for extent in grey.size)
    left, top = (grey.width - width) // 2, (grey.height - height) // 2
    cut = np.asarray(grey.crop((left, top, left + width, top + height)), dtype=np.float32)
    return torch.from_numpy(cut / 255)[None, None]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--scale", type=int, default=2)
    parser.add_argument("--noise", type=float, default=0.0, help="levels of 0 to 255")
    arguments = parser.parse_args()
    kernels = [torch.from_numpy(weights) for weights in crooked_kernels().values()]
    random, generator = np.random.default_rng(5), torch.Generator().manual_seed(5)
    found = defaultdict(list)
    for path in sorted(path for folder in arguments.folders for path in folder.iterdir()):
        hr = photograph(path)
        for place in range(len(kernels)):
            for name, true, given in told(kernels, place, random):
                degradation = Degradation(true, arguments.scale, noise=arguments.noise / 255)
                lq = round_to_8_bits(degradation.apply(hr, generator))
                given_one = Degradation(given, arguments.scale, noise=arguments.noise / 255)
                found[name].append(evidence_for_turn(lq, given_one))
    print("| told | warned of | largest evidence | median |\n| --- | --- | --- | --- |")
    for name, values in found.items():
        warned = sum(value >= CLEAR for value in values)
        print(f"| {name} | {warned} of {len(values)} | {max(values):.1f} | {np.median(values):.1f} |")


if __name__ == "__main__":
    main()
