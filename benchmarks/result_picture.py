"""Draw the README's picture: a small photograph, enlarged by bicubic and by MZSR, beside the original.

    python benchmarks/result_picture.py docs/result.png

The photograph, astronaut, ships with scikit-image. It is blurred by g_2.0^d, subsampled directly by 2, and rounded to
8 bits. PSNR is the paper's, of the whole photograph; the picture shows a part of it, each pixel as a square.
"""

import argparse
from pathlib import Path

import numpy as np
import skimage.data
import torch
from PIL import Image

import mzsr_basicsr
from mzsr_basicsr import Degradation
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.kernel_tools.picture import labelled_row
from mzsr_basicsr.metrics.quality import psnr_y

KERNEL = "gaussian:2,2"
SCALE = 2
PART = (slice(66, 170), slice(170, 274))  # rows and columns of the photograph that are shown
ZOOM = 2  # px a side of each of its pixels


def to_tensor(picture: np.ndarray) -> torch.Tensor:
    """Turn (H, W, 3) uint8 into (3, H, W) in [0, 1]."""
    return torch.from_numpy(picture.transpose(2, 0, 1) / 255)


def to_picture(image: torch.Tensor) -> np.ndarray:
    """Round (3, H, W) to (H, W, 3) uint8."""
    return (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


def shown(picture: np.ndarray) -> np.ndarray:
    """Cut out the part and magnify it."""
    return picture[PART].repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)


def main() -> None:
    """Degrade the photograph, enlarge it both ways, and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path, help="PNG to write")
    arguments = parser.parse_args()
    hr = skimage.data.astronaut()
    lr = to_picture(Degradation(KERNEL, SCALE).apply(to_tensor(hr)))
    bicubic = to_picture(imresize(to_tensor(lr), scale=SCALE))
    mzsr = mzsr_basicsr.upscale(lr, SCALE, KERNEL, updates=10, subsampling="direct").image
    columns = [
        ("small photo", shown(lr.repeat(SCALE, axis=0).repeat(SCALE, axis=1))),
        (f"bicubic: {psnr_y(bicubic, hr, SCALE):.2f} dB", shown(bicubic)),
        (f"MZSR: {psnr_y(mzsr, hr, SCALE):.2f} dB", shown(mzsr)),
        ("original", shown(hr)),
    ]
    Image.fromarray(labelled_row(columns)).save(arguments.picture, optimize=True)


if __name__ == "__main__":
    main()
