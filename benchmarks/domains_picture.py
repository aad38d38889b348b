"""Draw a picture of each domain: medical, the surface of the moon, a scanned page, a drawing; bicubic beside MZSR.

    python benchmarks/domains_picture.py docs/domains.png

The first three ship with scikit-image (immunohistochemistry, moon, page), the drawing is one of this package's own. All
are blurred by g_2.0^d, subsampled directly by 2, and rounded to 8 bits. PSNR is the paper's, of the whole image; the
picture shows a part of each.
"""

import argparse
from pathlib import Path

import numpy as np
import skimage.data
import torch
from PIL import Image
from result_picture import KERNEL, SCALE, to_picture, to_tensor

import mzsr_basicsr
from mzsr_basicsr import Degradation
from mzsr_basicsr.data.drawn.graphic import draw_graphic
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.kernel_tools.picture import labelled_row
from mzsr_basicsr.metrics.quality import psnr_y

SIDE, ZOOM = 88, 2  # of what is shown, HR px, and px a side of each of its pixels
Column = tuple[str, np.ndarray]


def images() -> dict[str, tuple[np.ndarray, tuple[int, int]]]:
    """Give each domain's HR image, (H, W, 3) uint8 of even sides, and the upper left corner of what is shown."""
    drawn = draw_graphic(256, torch.Generator().manual_seed(7), "line art")
    found = {
        "medical": (skimage.data.immunohistochemistry(), (180, 200)),
        "moon": (skimage.data.moon(), (412, 200)),
        "page": (skimage.data.page(), (60, 40)),
        "drawing": (to_picture(drawn), (80, 80)),
    }
    return {name: (_rgb(image), corner) for name, (image, corner) in found.items()}


def columns(name: str, hr: np.ndarray, corner: tuple[int, int]) -> list[Column]:
    """Degrade an image, enlarge it both ways, and cut out what is shown."""
    lr = to_picture(Degradation(KERNEL, SCALE).apply(to_tensor(hr)))
    bicubic = to_picture(imresize(to_tensor(lr), scale=SCALE))
    mzsr = mzsr_basicsr.upscale(lr, SCALE, KERNEL, updates=10, subsampling="direct").image
    top, left = corner
    part = (slice(top, top + SIDE), slice(left, left + SIDE))
    shown = [image[part].repeat(ZOOM, axis=0).repeat(ZOOM, axis=1) for image in (bicubic, mzsr)]
    labels = (f"{name}, bicubic: {psnr_y(bicubic, hr, SCALE):.2f}", f"MZSR: {psnr_y(mzsr, hr, SCALE):.2f} dB")
    return list(zip(labels, shown, strict=True))


def _rgb(image: np.ndarray) -> np.ndarray:
    image = image if image.ndim == 3 else image[..., None].repeat(3, axis=2)
    return image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]


def main() -> None:
    """Enlarge all, and write the picture: two domains a row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path, help="PNG to write")
    arguments = parser.parse_args()
    cells = [columns(name, *found) for name, found in images().items()]
    rows = [labelled_row([*cells[i], *cells[i + 1]]) for i in range(0, len(cells), 2)]
    Image.fromarray(np.concatenate(rows)).save(arguments.picture, optimize=True)


if __name__ == "__main__":
    main()
