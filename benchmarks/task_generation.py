"""Compare batched task generation with a per-image NumPy/SciPy one: `python benchmarks/task_generation.py`.

One task is one 15x15 kernel applied to 16 HR patches (8 support, 8 query) of 64x64 RGB, subsampled x2 direct and
enlarged again as the network's input; a meta-batch has 5 tasks. Both sides start from the same patches and kernels, run
by turns in one process on the same threads, and must agree; drawing patches and kernels is not timed.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.kernels import KernelLaw, sample_kernels
from mzsr_basicsr.degradation.record import Degradation

TASKS, PATCHES, SIDE, SCALE = 5, 16, 64, 2


def generate_batched(patches: Tensor, kernels: Tensor) -> Tensor:
    """Make the network inputs (5, 16, 3, 64, 64) of one meta-batch with this package."""
    return upscale(Degradation(kernels, SCALE).apply(patches), SCALE, size=(SIDE, SIDE))


def generate_per_image(patches: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """Make the same inputs image by image: SciPy's correlate per channel, slicing, and a NumPy bicubic."""
    result = np.empty_like(patches)
    for task, kernel in enumerate(kernels):
        for number, image in enumerate(patches[task]):
            blurred = np.stack([ndimage.correlate(channel, kernel, mode="reflect") for channel in image])
            result[task, number] = numpy_bicubic(blurred[:, ::SCALE, ::SCALE], SCALE)
    return result


def numpy_bicubic(image: np.ndarray, scale: int) -> np.ndarray:
    """Enlarge (C, H, W) by gathering four taps per axis, recomputing the weights per image as imresize codes do."""
    for axis in (1, 2):
        length = image.shape[axis]
        centre = (np.arange(length * scale) + 0.5) / scale - 0.5
        taps = np.floor(centre).astype(int)[:, None] + np.arange(-1, 3)  # (out, 4)
        x = np.abs(centre[:, None] - taps)
        weights = np.where(x <= 1, 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2)
        folded = np.pad(np.arange(length), 2, mode="symmetric")[taps + 2]
        gathered = np.take(image, folded.ravel(), axis=axis)
        shape = (*image.shape[:axis], length * scale, 4, *image.shape[axis + 1 :])
        spread = weights.astype(image.dtype).reshape(-1, 4, *(1,) * (2 - axis))
        image = (gathered.reshape(shape) * spread).sum(axis=axis + 1)
    return image


def timed(function: Callable[[], object]) -> float:
    """Give the seconds that one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> None:
    """Check that both sides agree, time them by turns, and print medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds; each runs both sides once")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of torch; SciPy has one")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    generator = torch.Generator().manual_seed(0)
    patches = torch.rand(TASKS, PATCHES, 3, SIDE, SIDE, generator=generator)
    kernels = sample_kernels(KernelLaw.paper(SCALE), TASKS, generator)[0].float()
    expected = generate_per_image(patches.numpy(), kernels.numpy())
    difference = float(np.abs(generate_batched(patches, kernels).numpy() - expected).max())
    if not difference < 1e-5:
        raise SystemExit(f"the two sides differ by {difference:.2e} (allowed 1e-5): the timing would mean nothing")
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        theirs.append(timed(lambda: generate_per_image(patches.numpy(), kernels.numpy())))
        ours.append(timed(lambda: generate_batched(patches, kernels)))
    batched, single = statistics.median(ours), statistics.median(theirs)
    print(f"largest difference {difference:.2e}; {arguments.threads} thread(s); {arguments.rounds} rounds")
    print(f"batched    {batched * 1e3:9.2f} ms per meta-batch  {TASKS / batched:8.1f} tasks/s")
    print(f"per image  {single * 1e3:9.2f} ms per meta-batch  {TASKS / single:8.1f} tasks/s")
    print(f"ratio      {single / batched:9.1f} x   (median ms; range of ratios {_span(ours, theirs)})")


def _span(ours: list[float], theirs: list[float]) -> str:
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    return f"{math.floor(min(ratios))} to {math.ceil(max(ratios))}"


if __name__ == "__main__":
    main()
