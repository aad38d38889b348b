"""Draw 40 kernels of a law with camera shakes and other shapes: docs/kernel_law.png.

    python benchmarks/kernel_law_picture.py docs/kernel_law.png

Every kernel is 25x25 px of the HR image, drawn from black (0) to white (its own largest weight).
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mzsr_basicsr.data.task_kernels import TaskKernels
from mzsr_basicsr.options.datasets import LawOptions

SHARES = {"shake": 0.3, "disk": 0.1, "box": 0.05, "motion": 0.1, "pair": 0.05, "delta": 0.05, "free": 0.1}
LAW = LawOptions(size=25, lambda1=(0.05, 10.0), lambda2=(0.05, None), log_uniform=True, shapes=SHARES)
ROWS, COLUMNS, ZOOM, GAP = 5, 8, 4, 6  # ZOOM and GAP in px of the picture


def sheet(kernels: list[Tensor]) -> Image.Image:
    """Lay kernels (k, k) out on white, line by line."""
    side = ZOOM * kernels[0].shape[-1]
    page = Image.new("L", (COLUMNS * (side + GAP) - GAP, ROWS * (side + GAP) - GAP), "white")
    for place, kernel in enumerate(kernels):
        grey = Image.fromarray(np.uint8(np.rint(255 * (kernel / kernel.max()).numpy())))
        row, column = divmod(place, COLUMNS)
        page.paste(grey.resize((side, side), Image.Resampling.NEAREST), (column * (side + GAP), row * (side + GAP)))
    return page


def main() -> None:
    """Draw the kernels and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="PNG file to write")
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: %(default)s)")
    given = parser.parse_args()
    law, generator = TaskKernels(LAW, 2.0, "direct"), torch.Generator().manual_seed(given.seed)
    sheet([law.draw(generator)[0] for _ in range(ROWS * COLUMNS)]).save(given.output, optimize=True)


if __name__ == "__main__":
    main()
