"""Between the pixels of an image and what a network takes: bands to planes, depth to [0, 1], and alpha.

A network takes three channels. RGB is one plane; any other bands are one plane each, the band three times over, and
are adapted to together.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.holes import fill_nearest
from mzsr_basicsr.pictures.kinds import SMALLEST_SIDE
from mzsr_basicsr.pictures.ranges import usual_range

_LEVELS = 255  # what 1 stands for in 8 bits
LIMIT_REACH = 2  # LR px; alpha stays within its range in a square that reaches so far


@dataclass(frozen=True)
class Bands:
    """The bands of an image: how many of colour, whether alpha follows, and what 0 and 1 stand for.

    `opaque` is what 1 stands for in the alpha, and 0 for its 0; None where the alpha has the range of the colours.
    """

    colours: int
    alpha: bool
    low: float
    high: float
    opaque: float | None = None

    @property
    def planes(self) -> int:
        """Planes of colour."""
        return 1 if self.colours == 3 else self.colours


def check_image(pixels: np.ndarray, alpha: bool, name: str) -> None:
    """Refuse what is no image.

    Args:
        pixels: (H, W, C) uint8, uint16, or floating.
        alpha: the last band is straight alpha.
        name: for messages.

    Raises:
        ImageError: an image that is too small, or is of another shape or type.
    """
    if pixels.ndim != 3 or pixels.shape[2] <= alpha:
        raise ImageError(
            f"{name}: an array of shape {pixels.shape}; an image is (H, W) or (H, W, C), with a colour band"
        )
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        raise ImageError(f"{name}: {width}x{height} px is too small; at least {SMALLEST_SIDE}x{SMALLEST_SIDE} px")
    if pixels.dtype not in (np.uint8, np.uint16, np.float16, np.float32, np.float64):
        raise ImageError(f"{name}: {pixels.dtype} pixels; supported: uint8, uint16, float16, float32 and float64")


def describe(pixels: np.ndarray, alpha: bool, name: str) -> Bands:
    """Check the pixels of an image and describe its bands.

    Args:
        pixels: (H, W, C), see `check_image`; floating values are taken as [0, 1] if all but outliers lie there, else
            the range of all but each band's outliers is mapped to it and back.
        alpha: the last band is straight alpha.
        name: for messages.

    Raises:
        ImageError: see `check_image`; or NaN or infinite pixels, which `prepare.prepared` fills.
    """
    check_image(pixels, alpha, name)
    colours = pixels.shape[2] - alpha
    if pixels.dtype.kind != "f":
        return Bands(colours, alpha, 0.0, float(np.iinfo(pixels.dtype).max))
    low, high = float(pixels.min()), float(pixels.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError(f"{name}: holds pixels that are NaN or infinite; repair it first")
    if low < 0 or high > 1:
        ranges = [usual_range(pixels[:, :, band]) for band in range(colours)]
        ranges += [(float(pixels[:, :, -1].min()), float(pixels[:, :, -1].max()))] if alpha else []
        low, high = min(least for least, _ in ranges), max(most for _, most in ranges)
    if low >= 0 and high <= 1:
        return Bands(colours, alpha, 0.0, 1.0)
    return Bands(colours, alpha, low, high if high > low else low + 1)


def to_planes(part: np.ndarray, bands: Bands, device: torch.device) -> Tensor:
    """Turn a part of an image, (h, w, C), into planes of colour: (planes, 3, h, w) float32 in [0, 1], clipped."""
    exact = part[:, :, : bands.colours].astype(np.result_type(part.dtype, np.float32))  # a range may lie far from zero
    scaled = ((exact.clip(bands.low, bands.high) - bands.low) / (bands.high - bands.low)).astype(np.float32)
    channels = torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1))).to(device)
    return channels[None] if bands.colours == 3 else channels[:, None].expand(-1, 3, -1, -1)


def alpha_plane(part: np.ndarray, bands: Bands, device: torch.device) -> Tensor:
    """Turn the alpha of a part of an image into a plane: (1, 3, h, w) float32 in [0, 1]."""
    low, high = (bands.low, bands.high) if bands.opaque is None else (0.0, bands.opaque)
    return to_planes(part[:, :, -1:], Bands(1, False, low, high), device)


def from_planes(planes: Tensor, bands: Bands, alpha: Tensor | None, like: np.dtype) -> np.ndarray:
    """Undo `to_planes`: (planes, 3, h, w), with alpha (1, 3, h, w), to (h, w, C) of the image's type, rounded."""
    colours = planes[0] if bands.colours == 3 else planes.mean(1)
    channels = colours if alpha is None else torch.cat([colours, alpha.mean(1)])
    if like == np.uint8:
        levels = channels.clamp(0, 1).mul_(_LEVELS).round_().to(torch.uint8)
        return np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy())
    shares = channels.clamp(0, 1).permute(1, 2, 0).cpu().double().numpy()
    scaled = shares * (bands.high - bands.low) + bands.low
    if alpha is not None and bands.opaque is not None:
        scaled[:, :, -1] = shares[:, :, -1] * bands.opaque
    if np.issubdtype(like, np.integer):
        return np.rint(scaled).astype(like)
    return scaled.astype(like)


def fill_transparent(pixels: np.ndarray) -> np.ndarray:
    """Give fully transparent pixels the colour of the nearest other one, so that no hidden colour bleeds into edges.

    Args:
        pixels: (H, W, C), the last band alpha.

    Returns:
        The same where nothing is transparent, else a copy; alpha is as it was.
    """
    hidden = pixels[:, :, -1] <= 0
    filled = fill_nearest(pixels, hidden)
    if filled is not pixels:
        filled[hidden, -1] = pixels[hidden, -1]
    return filled


def limit(sr: Tensor, lq: Tensor, scale: int) -> Tensor:
    """Keep an upscaled alpha within the range of its neighbourhood: opaque stays opaque, and nothing rings.

    Args:
        sr: (1, C, scale * h, scale * w).
        lq: (1, C, h, w), the alpha it was made from.
        scale: magnification.
    """
    around = F.pad(lq, (LIMIT_REACH,) * 4, mode="replicate")
    highest = F.max_pool2d(around, 2 * LIMIT_REACH + 1, 1)
    lowest = -F.max_pool2d(-around, 2 * LIMIT_REACH + 1, 1)
    bounds = (plane.repeat_interleave(scale, -2).repeat_interleave(scale, -1) for plane in (lowest, highest))
    smallest, largest = bounds
    return torch.minimum(torch.maximum(sr, smallest), largest)
