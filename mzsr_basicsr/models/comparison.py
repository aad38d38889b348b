"""The comparison picture: HR crop, bicubic, and the SR image after each number of updates, each with its PSNR."""

import math
from pathlib import Path

import cv2
import numpy as np
from basicsr.metrics import calculate_metric
from basicsr.utils import imwrite

from mzsr_basicsr.metrics.results import heading

_CROP = 96  # px of the image that are shown
_ZOOM = 3
_BAR = 40  # px below each tile, for two lines of text


def save_comparison(path: Path, gt: np.ndarray, pictures: dict[str, np.ndarray], scale: float) -> None:
    """Write one row of enlarged crops of the image's most detailed part.

    Args:
        path: PNG to write.
        gt: (H, W, 3) uint8, BGR as BasicSR's pictures.
        pictures: bicubic and SR images by column of the results, as gt.
        scale: magnification; the PSNR is the paper's.
    """
    columns = [("HR", gt), *((heading(column), picture) for column, picture in pictures.items())]
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
    metric = {"type": "calculate_psnr_paper", "crop_border": math.ceil(scale)}
    psnr = calculate_metric({"img": image, "img2": gt}, metric)
    large = cv2.resize(crop, None, fx=_ZOOM, fy=_ZOOM, interpolation=cv2.INTER_NEAREST)
    canvas = np.full((large.shape[0] + _BAR, large.shape[1] + 4, 3), 255, np.uint8)
    canvas[: large.shape[0], 2:-2] = large
    label = "the original" if math.isinf(psnr) else f"{psnr:.2f} dB"
    for line, text in enumerate((name, label)):
        origin = (6, large.shape[0] + 16 + 18 * line)
        cv2.putText(canvas, text, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return canvas
