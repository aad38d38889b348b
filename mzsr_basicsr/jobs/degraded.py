"""Make the LR picture of an HR picture: its depth, alpha and metadata stay."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.degradation.degrade import add_noise, blur_and_keep, subsample
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.jobs.degrade_choices import check_seed
from mzsr_basicsr.pictures.bands import fill_transparent
from mzsr_basicsr.pictures.holes import check_data, fill_holes, find_holes
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.resized import resized

_INVISIBLE = 1e-6  # alpha, of 1: below it the colour cannot be told and is taken from the neighbours
_BUFFER = 24e6  # bytes, of the copies of a tile that a convolution makes; far larger ones are several times slower


@dataclass(frozen=True)
class Degrading:
    """How LR pictures are made.

    Attributes:
        degradation: of the pixels as stored; the noise is on the colours alone.
        seed: of the noise, from 0.
        crop: first cut each side, at the right and at the bottom, to a multiple of the scale.
        nodata: the value that stands for no data, whatever the picture says; None for the picture's.
    """

    degradation: Degradation
    seed: int = 0
    crop: bool = False
    nodata: float | None = None

    def __post_init__(self) -> None:
        """Refuse values outside their range.

        Raises:
            ConfigError: one line that names the option.
        """
        check_seed(self.seed)


def degrade_picture(picture: Picture, how: Degrading, name: str, noise_name: str = "") -> Picture:
    """Blur and subsample a picture channel by channel in float64, add noise, and round to its own depth.

    Colours are blurred premultiplied by alpha and then made straight, so that hidden colours leave no fringe; where
    nothing can be seen, they repeat the nearest colour. Alpha gets no noise. An LR pixel has no data where half of what
    it is made of has none; elsewhere the nearest data stand for what is missing.

    Args:
        picture: 8 or 16 bits, or floats, which are not clipped or rounded.
        how: the choices.
        name: of the picture, for messages.
        noise_name: with the seed it determines the noise, so that each picture can have its own.

    Returns:
        (ceil(H / scale), ceil(W / scale)) px; the depth, bands and metadata of the picture.

    Raises:
        ImageError: it is smaller than the multiple it should be cut to, or hardly any pixel has data.
    """
    picture = picture if how.nodata is None else replace(picture, nodata=how.nodata)
    pixels = cut_to_multiple(picture.pixels, how.degradation.scale, name) if how.crop else picture.pixels
    holes = find_holes(pixels, picture.colours, picture.nodata)
    if holes is not None:
        check_data(holes, name)
        pixels = fill_holes(pixels, picture.colours, holes)
    whole = pixels.dtype.kind != "f"
    white = float(np.iinfo(pixels.dtype).max) if whole else 1.0
    low = _degrade_bands(pixels, picture.alpha, white, how.degradation)
    if how.degradation.noise:
        digest = hashlib.sha256(os.fsencode(f"{how.seed} {noise_name}")).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))
        low[: picture.colours] = add_noise(low[: picture.colours], float(how.degradation.noise), generator)
    result = low.permute(1, 2, 0)
    stored = (torch.round(result.clamp(0, 1) * white) if whole else result).numpy().astype(pixels.dtype)
    if holes is not None:
        lacking = _degrade_bands(holes.astype(np.float64), False, 1.0, how.degradation).permute(1, 2, 0).numpy() >= 0.5
        value = math.nan if picture.nodata is None else picture.nodata
        np.copyto(stored[:, :, : picture.colours], np.array(value).astype(pixels.dtype), where=lacking)
    # a quantization lets WebP have losses; an LR picture may not
    small = resized(picture, np.ascontiguousarray(stored), 1 / float(how.degradation.scale))
    return replace(small, quantization=0.0)


def cut_to_multiple(pixels: np.ndarray, scale: float, name: str) -> np.ndarray:
    """Cut (H, W, C) at the right and at the bottom to the largest whole multiples of the scale.

    Of a real scale s, the n-th multiple is floor(n s) px: the most that makes n LR pixels.

    Raises:
        ImageError: a side is shorter than the scale.
    """
    counts = [math.floor(extent / scale + 1e-9) for extent in pixels.shape[:2]]
    if min(counts) < 1:
        height, width = pixels.shape[:2]
        raise ImageError(f"{name}: {width}x{height} px is smaller than the scale {scale:g}; give a larger picture")
    height, width = (math.floor(count * scale + 1e-9) for count in counts)
    return pixels[:height, :width]


def _degrade_bands(pixels: np.ndarray, alpha: bool, white: float, how: Degradation) -> Tensor:
    """Degrade (H, W, C) without noise: (C, h, w) float64, 1 is white."""
    planes = (
        torch.from_numpy(pixels[:, :, band].astype(np.float64)) / white for band in range(pixels.shape[2] - alpha)
    )
    if not alpha:
        return torch.stack([_degrade_plane(plane, how) for plane in planes])
    opacity = torch.from_numpy(pixels[:, :, -1].astype(np.float64)) / white
    opaque = _degrade_plane(opacity, how)
    opaque = torch.where(opaque < _INVISIBLE, 0.0, opaque)
    straight = []
    for plane in planes:
        colour = _degrade_plane(plane * opacity, how) / opaque.clamp_min(_INVISIBLE)
        bounds = (0.0, 1.0) if white > 1 else (float(plane.min()), float(plane.max()))  # bicubic's weights are signed
        straight.append(colour.clamp(*bounds))
    low = torch.stack([*straight, opaque.clamp(0, 1)])
    return torch.from_numpy(fill_transparent(low.permute(1, 2, 0).numpy())).permute(2, 0, 1)


def _degrade_plane(plane: Tensor, how: Degradation) -> Tensor:
    """Degrade (H, W) as `Degradation.apply` does, without noise, tile by tile, which needs k * k times less memory."""
    step = int(how.scale) if how.subsampling == "direct" and float(how.scale).is_integer() else 1
    halo = -(-(how.kernel.shape[-1] // 2) // step) * step
    side = _tile_side(how.kernel.shape[-1], step, halo)
    rows = []
    for top in range(0, plane.shape[0], side):
        starts = range(0, plane.shape[1], side)
        rows.append(torch.cat([_blur_tile(plane, how.kernel, step, halo, (top, left, side)) for left in starts], 1))
    kept = torch.cat(rows)
    return kept if step == how.scale else subsample(kept, how.scale, how.subsampling)


def _tile_side(kernel_side: int, step: int, halo: int) -> int:
    """Choose px of a tile, a multiple of the step, so that its copies fit the buffer if the halo leaves enough."""
    outputs = math.isqrt(int(_BUFFER) // (8 * kernel_side**2))
    side = max(outputs * step - 2 * halo, 2 * halo, 8 * step)
    return side // step * step


def _blur_tile(plane: Tensor, kernel: Tensor, step: int, halo: int, tile: tuple[int, int, int]) -> Tensor:
    """Blur a tile (top, left, side) and keep one pixel in `step`; its border is the plane's where it has one."""
    top, left, side = tile
    first_row, first_column = max(0, top - halo), max(0, left - halo)
    around = plane[first_row : top + side + halo, first_column : left + side + halo]
    low = blur_and_keep(around, kernel, step)
    row, column, count = (top - first_row) // step, (left - first_column) // step, side // step
    return low[row : row + count, column : column + count]
