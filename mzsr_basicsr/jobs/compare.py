"""The comparison picture of a photograph: bicubic, the result, and the kernel that was used."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.adaptation.lively import slope
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.kernel_tools.picture import draw_kernel, labelled_row
from mzsr_basicsr.pictures.bands import Bands, to_planes
from mzsr_basicsr.pictures.holes import find_holes
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.prepare import prepared

SHOWN = 240  # px of the input, at most
KERNEL = (160, 320)  # px of the drawing, at least and at most; in a smaller one nothing could be seen
_CPU = torch.device("cpu")


def comparison(picture: Picture, result: Picture, kernel: Tensor, scale: float) -> np.ndarray:
    """Put bicubic upscaling, the result and the kernel side by side, of the liveliest part at full size.

    Args:
        picture: the input.
        result: the output, of the same bands.
        kernel: (k, k), drawn beside them as it lies on the pixels of the file.
        scale: output over input.

    Returns:
        (H, W, 3) uint8 RGB; several bands are shown as grey, transparency and what has no data as white.
    """
    pixels, bands, *_ = prepared(picture.pixels, picture.alpha, "image", picture.nodata)
    height, width = (min(SHOWN, extent) for extent in picture.pixels.shape[:2])
    top, left = _liveliest(pixels, bands, height, width)
    before = _shown(picture, (top, left, height, width), bands)
    y, x = round(top * scale), round(left * scale)
    after = _shown(result, (y, x, round(height * scale), round(width * scale)), bands)
    bicubic = imresize(before, size=(after.shape[-2], after.shape[-1]))
    side = min(max(after.shape[-2], KERNEL[0]), KERNEL[1])
    columns = [("bicubic", as_bytes(bicubic)), (f"MZSR x{scale:g}", as_bytes(after))]
    return labelled_row([*columns, ("kernel", draw_kernel(kernel, side))])


def _liveliest(pixels: np.ndarray, bands: Bands, height: int, width: int) -> tuple[int, int]:
    """Find the part of (height, width) px with the most gradient, on a coarse grid; row by row, to save memory."""
    best, place = -1.0, (0, 0)
    for top in range(0, pixels.shape[0] - height + 1, max(1, height // 2)):
        energy = slope(to_planes(pixels[top : top + height], bands, _CPU)).mean((0, 1, 2))
        sums = energy.unfold(0, width, max(1, width // 2)).mean(1)
        if float(sums.max()) > best:
            best, place = float(sums.max()), (top, int(sums.argmax()) * max(1, width // 2))
    return place


def _shown(picture: Picture, place: tuple[int, int, int, int], bands: Bands) -> Tensor:
    """Turn a part, of (top, left, height, width) px, into (3, h, w) as a screen would show it."""
    top, left, height, width = place
    return on_screen(replace(picture, pixels=picture.pixels[top : top + height, left : left + width]), bands)


def on_screen(picture: Picture, bands: Bands) -> Tensor:
    """Turn a picture into (3, H, W) in [0, 1] as a screen would show it, white where nothing is."""
    part = picture.pixels
    colours = to_planes(part, bands, _CPU).mean(0)
    holes = find_holes(part, bands.colours, picture.nodata)
    if holes is not None:
        colours = torch.where(torch.from_numpy(holes.any(2)), 1.0, colours)
    if not bands.alpha:
        return colours
    alpha = torch.from_numpy(part[:, :, -1].astype(np.float32) - bands.low) / (bands.high - bands.low)
    return colours * alpha + 1 - alpha


def as_bytes(image: Tensor) -> np.ndarray:
    """Round (3, H, W) in [0, 1] to (H, W, 3) uint8."""
    return torch.round(image.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()
