"""What each `--quality` costs in seconds and gains in dB: the table of docs/upscale.md.

    python benchmarks/quality.py BENCHMARKS/Set14/GT                             # all of them, whole
    python benchmarks/quality.py BENCHMARKS/Set14/GT --images 4 --crop 256       # the middle of the first four

Each photograph is degraded by g_2.0^d (or another of the paper's kernels), ×2, 8 bits, and upscaled with the known
kernel. PSNR is the paper's; seconds are those of the kernel, the adaptation and the upscaling.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

import mzsr_basicsr
from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.data.photos import decode, to_picture, to_tensor
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.names import TEST_KERNELS
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.upscaling.quality import QUALITIES

HEAD = ("`--quality`", "PSNR, dB", "against `normal`, dB", "least, most", "seconds an image", "updates")
Row = tuple[float, float, int]  # PSNR, seconds, updates made


def main(given: list[str] | None = None) -> None:
    """Measure, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", help="folder of HR images")
    parser.add_argument("--kernel", default="g2.0d", choices=list(TEST_KERNELS), help="default: %(default)s")
    parser.add_argument("--noise", type=float, default=0.0, help="σ in levels of 0 to 255, known too (default: 0)")
    parser.add_argument("--images", type=int, help="the first so many by name (default: all)")
    parser.add_argument("--crop", type=int, help="side of the middle that is taken, HR px (default: all of an image)")
    parser.add_argument("--weights", help="file or shipped:NAME (default: the command's own)")
    parser.add_argument("--time-budget", type=float, default=0.0, help="seconds for an adaptation (default: any)")
    arguments = parser.parse_args(given)
    try:
        paths = sorted(list_photographs(arguments.photographs, "photographs"))[: arguments.images]
        rows = {name: [] for name in QUALITIES}
        for path in tqdm(paths, unit="image", disable=None):
            for name, row in measure(path, arguments).items():
                rows[name].append(row)
    except MZSRError as error:
        raise SystemExit(f"error: {error}") from None
    print(table(rows))


def measure(path: str, choices: argparse.Namespace) -> dict[str, Row]:
    """Degrade one photograph, and upscale it with each quality."""
    known = TEST_KERNELS[choices.kernel]
    hr = middle(decode(Path(path).read_bytes(), path), choices.crop, known.scale)
    degradation = Degradation(known.spec, known.scale, known.subsampling, choices.noise / 255)
    blurred = degradation.apply(to_tensor(hr)[None].double(), torch.Generator().manual_seed(0))
    lq = to_picture(round_to_8_bits(blurred))
    found = {}
    for name in QUALITIES:
        more = {"quality": name, "weights": choices.weights, "time_budget": choices.time_budget}
        result = mzsr_basicsr.upscale(lq, known.scale, degradation, **more)
        psnr = psnr_y(result.image, hr, known.scale)
        found[name] = (psnr, sum(result.seconds.values()), max(0, len(result.losses) - 1))
    return found


def middle(image: np.ndarray, side: int | None, scale: int) -> np.ndarray:
    """Cut the middle out of (H, W, 3), uint8 or uint16: uint8, both sides multiples of the scale."""
    image = image if image.dtype == np.uint8 else np.round(image / 257).astype(np.uint8)
    for axis in (0, 1):
        length = min(side or image.shape[axis], image.shape[axis]) // scale * scale
        first = (image.shape[axis] - length) // 2
        image = image.take(range(first, first + length), axis)
    return np.ascontiguousarray(image)


def table(rows: dict[str, list[Row]]) -> str:
    """Lay out one line a quality: means over the images, and the range of the gain."""
    lines = ["| " + " | ".join(HEAD) + " |", "| --- |" + " ---: |" * (len(HEAD) - 1)]
    normal = np.array([psnr for psnr, _, _ in rows["normal"]])
    for name, own in rows.items():
        psnr, seconds, updates = (np.array(column) for column in zip(*own, strict=True))
        gain = psnr - normal
        spread = "" if name == "normal" else f"{gain.min():+.2f}, {gain.max():+.2f}"
        cells = (f"`{name}`", f"{psnr.mean():.2f}", f"{gain.mean():+.2f}", spread)
        lines.append("| " + " | ".join([*cells, f"{seconds.mean():.1f}", f"{updates.mean():.0f}"]) + " |")
    return "\n".join([*lines, "", f"Means over {len(normal)} images."])


if __name__ == "__main__":
    main()
