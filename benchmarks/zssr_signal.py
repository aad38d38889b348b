"""Measure what ZSSR learns from: its sons alone, or its own scale too.

    python benchmarks/zssr_signal.py IMAGE [IMAGE ...] --updates 300 --seeds 0 1 --signals son mixed scale

The central 128x128 px of each image are blurred by g_2.0^d, subsampled directly by 2, and rounded to 8 bits; PSNR is
the paper's. The network is the paper's of MZSR, its random weights, crops and flips those of the seed.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from mzsr_basicsr.archs.build import build_network
from mzsr_basicsr.data.photos import to_picture, to_tensor
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.zssr import ZSSRSettings, zssr

SIDE, SCALE = 128, 2
NETWORK = {"type": "MZSRNet", "num_in_ch": 3, "num_out_ch": 3, "num_feat": 64, "num_conv": 8, "scale": SCALE}


def centre(path: Path) -> np.ndarray:
    """Read the central part of a picture: (SIDE, SIDE, 3) uint8; grey counts as three equal channels."""
    pixels = read_picture(path).pixels
    top, left = ((extent - SIDE) // 2 for extent in pixels.shape[:2])
    part = pixels[top : top + SIDE, left : left + SIDE, :3]
    return np.ascontiguousarray(part.repeat(3 // part.shape[2], axis=2))


def measure(hr: np.ndarray, kernel: str, settings: ZSSRSettings) -> tuple[float, float]:
    """Give PSNR, dB, after the last update, and seconds."""
    degradation = Degradation(kernel, SCALE)
    lq = round_to_8_bits(degradation.apply(to_tensor(hr).double()[None])).float()
    torch.manual_seed(settings.seed)
    network = build_network(dict(NETWORK))
    result = zssr(network, lq, degradation.to(lq), settings)
    last = max(settings.updates)
    return psnr_y(to_picture(result.images[last]), hr, SCALE), result.seconds[last]


def main() -> None:
    """Print one line for each image, signal and seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", nargs="+", type=Path, help="pictures of 128 px a side or more")
    parser.add_argument("--kernel", default="gaussian:2,2,0,21", help="(default: %(default)s)")
    parser.add_argument("--updates", type=int, default=300, help="(default: %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1], help="(default: %(default)s)")
    parser.add_argument("--signals", nargs="+", default=["son", "mixed", "scale"], help="(default: %(default)s)")
    arguments = parser.parse_args()
    for path in arguments.images:
        for signal in arguments.signals:
            for seed in arguments.seeds:
                settings = ZSSRSettings(updates=(arguments.updates,), signal=signal, quantize_son=True, seed=seed)
                psnr, seconds = measure(centre(path), arguments.kernel, settings)
                print(f"{path.stem}, {signal}, seed {seed}: {psnr:.2f} dB, {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
