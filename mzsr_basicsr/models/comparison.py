"""The comparison picture: HR crop, bicubic, and the SR image after each number of updates, each with its PSNR."""

import math
from pathlib import Path

import cv2
import numpy as np
from basicsr.utils import imwrite, tensor2img
from torch import Tensor

from mzsr_basicsr.degradation import upscale
from mzsr_basicsr.metrics.paper_metric import calculate_psnr_paper

_CROP = 96  # px of the image that are shown
_ZOOM = 3
_BAR = 40  # px below each tile, for two lines of text


def save_comparison(path: Path, gt: np.ndarray, lq: Tensor, scale: float, pictures: dict[int, np.ndarray]) -> None:
    """Write one row of enlarged crops of the image's most detailed part.

    Args:
        path: PNG to write.
        gt: (H, W, 3) uint8, BGR as BasicSR's pictures.
        lq: (1, 3, h, w) RGB in [0, 1].
        scale: magnification.
        pictures: SR images by number of updates, as gt.
    """
    bicubic = tensor2img([upscale(lq, scale)[..., : gt.shape[0], : gt.shape[1]].clamp(0, 1).cpu()])
    names = {n: "before" if n == 0 else f"after {n} update{'s' * (n > 1)}" for n in pictures}
    columns = [("HR", gt), ("bicubic", bicubic), *((names[n], pictures[n]) for n in sorted(pictures))]
    top, left = _busiest(gt)
    tiles = [_tile(name, image[top : top + _CROP, left : left + _CROP], image, gt, scale) for name, image in columns]
    imwrite(np.concatenate(tiles, axis=1), str(path))


def _busiest(image: np.ndarray) -> tuple[int, int]:
    """Find the crop with the most fine detail: the largest mean absolute Laplacian."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    detail = cv2.boxFilter(np.abs(cv2.Laplacian(grey, cv2.CV_32F)), -1, (_CROP, _CROP), anchor=(0, 0))
    allowed = detail[: max(1, image.shape[0] - _CROP), : max(1, image.shape[1] - _CROP)]
    top, left = np.unravel_index(int(np.argmax(allowed)), allowed.shape)
    return int(top), int(left)


def _tile(name: str, crop: np.ndarray, image: np.ndarray, gt: np.ndarray, scale: float) -> np.ndarray:
    psnr = calculate_psnr_paper(image, gt, crop_border=math.ceil(scale))
    large = cv2.resize(crop, None, fx=_ZOOM, fy=_ZOOM, interpolation=cv2.INTER_NEAREST)
    canvas = np.full((large.shape[0] + _BAR, large.shape[1] + 4, 3), 255, np.uint8)
    canvas[: large.shape[0], 2:-2] = large
    label = "PSNR / dB" if math.isinf(psnr) else f"{psnr:.2f}"
    for line, text in enumerate((name, label)):
        origin = (6, large.shape[0] + 16 + 18 * line)
        cv2.putText(canvas, text, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return canvas
