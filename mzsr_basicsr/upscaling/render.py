"""Render an enlarged image tile by tile: memory is bounded by the tile, and the seams cannot be seen, nor measured."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from mzsr_basicsr.adaptation.plain import blur_reach
from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import super_resolve
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.resize import output_length, part_weights
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.bands import LIMIT_REACH, Bands, alpha_plane, from_planes, limit, to_planes
from mzsr_basicsr.pictures.parts import Pixels
from mzsr_basicsr.upscaling.allocator import LARGEST, hand_back_memory
from mzsr_basicsr.upscaling.budget import out_of_memory
from mzsr_basicsr.upscaling.tiling import PROBE, Tile, measure_reach, tiles, widened

Progress = Callable[[int, int], None]
_BICUBIC = 4  # LR px that bicubic degradation and enlargement look at, on either side
SMALLEST_TILE = 32  # px of the input; if memory does not hold it, it is too small for anything


@dataclass(frozen=True)
class Job:
    """A network with its parameters and all it is told about one image."""

    network: nn.Module
    params: Mapping[str, Tensor]
    degradation: Degradation
    settings: Settings
    bands: Bands
    device: torch.device

    @property
    def scale(self) -> int:
        """Of the network."""
        return int(self.degradation.scale)

    def enlarge(self, planes: Tensor) -> Tensor:
        """Super-resolve planes (n, 3, h, w), one by one, so that many bands take no more memory than one."""
        each = [super_resolve(self.network, self.params, p, self.degradation, self.settings) for p in planes.split(1)]
        return torch.cat(each)


def render(
    job: Job,
    pixels: np.ndarray,
    scale: float,
    side: int,
    progress: Progress | None = None,
    reach: Callable[[], int] | None = None,
) -> np.ndarray:
    """Enlarge an image.

    Args:
        job: network and image.
        pixels: (H, W, C).
        scale: output over input; where it is not the network's own, the result is resampled from that.
        side: of a tile, px of the input; halved as often as memory runs out.
        progress: called with (px done, px in all).
        reach: gives the reach of the network, LR px; called only if there is more than one tile. None measures it.

    Returns:
        (ceil(scale * H), ceil(scale * W), C) of the same type.

    Raises:
        ImageError: memory runs out even with the smallest tile.
    """
    height, width, count = pixels.shape
    size = output_length(height, scale), output_length(width, scale)
    result = np.empty((*size, count), pixels.dtype)
    reach = reach or (lambda: reach_of(job))
    overlap = reach() if max(height, width) > side else 0
    done = 0
    for tile, part in render_tiles(job, pixels, scale, tiles(*size, max(1, round(side * scale))), overlap, reach):
        result[slice(*tile.rows), slice(*tile.columns)] = part
        done += part.shape[0] * part.shape[1]
        if progress:
            progress(done, size[0] * size[1])
    if result.nbytes > LARGEST:
        hand_back_memory()  # to write a large picture takes more than to compute a tile of it
    return result


def render_tiles(
    job: Job, pixels: Pixels, scale: float, wanted: Iterable[Tile], overlap: int, reach: Callable[[], int]
) -> Iterator[tuple[Tile, np.ndarray]]:
    """Render some tiles of the result, one by one; a tile that memory does not hold comes in smaller ones.

    Args:
        job: network and image.
        pixels: (H, W, C), or what gives parts of it.
        scale: output over input.
        wanted: tiles of the result, in px of it.
        overlap: LR px that are read around a tile; 0 where one tile is all.
        reach: gives the overlap of smaller ones, if there is none.

    Yields:
        Tiles, and their (rows, columns, C) of the image's type.

    Raises:
        ImageError: memory runs out even with the smallest tile.
    """
    waiting = list(wanted)[::-1]
    while waiting:
        tile = waiting.pop()
        try:
            part = _render_tile(job, pixels, scale, tile, overlap)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            halves = _halves(tile, scale)
            if not halves:
                raise ImageError(f"out of memory on {job.device} even with a tile of {SMALLEST_TILE} px") from error
            overlap = overlap or reach()
            waiting += halves
            continue
        yield tile, part


def reach_of(job: Job) -> int:
    """Give how far the whole chain looks, LR px: the network, back-projection, and a px for the self-ensemble.

    A network that does not know its own reach is measured, which takes seconds.
    """
    known = getattr(job.network, "reach", None)
    found = None if known is None else known(job.degradation)
    if found is None:
        found = _measured_reach(job)
    else:
        found += job.settings.back_projection * (math.ceil(job.degradation.kernel.shape[-1] / 2 / job.scale) + _BICUBIC)
    if found is None:
        return PROBE
    return max(found + job.settings.self_ensemble, LIMIT_REACH, blur_reach(job.degradation) + 2)  # flat, and nearest


def _measured_reach(job: Job) -> int | None:
    network = copy.deepcopy(job.network).cpu().double()
    params = {name: value.cpu().double() for name, value in job.params.items()}
    degradation = job.degradation.to(torch.zeros(0, dtype=torch.float64))
    settings = replace(job.settings, self_ensemble=False)
    exact = replace(job, network=network, params=params, degradation=degradation, settings=settings)
    return measure_reach(exact.enlarge, 3, job.scale)


def _render_tile(job: Job, pixels: Pixels, scale: float, tile: Tile, overlap: int) -> np.ndarray:
    """Render one part of the result, (rows, columns, C) of the image's type."""
    own = job.scale
    vertical, rows = _resampling(pixels.shape[0] * own, scale / own, tile.rows, job.device)
    horizontal, columns = _resampling(pixels.shape[1] * own, scale / own, tile.columns, job.device)
    top, bottom = _read(rows, own, overlap, pixels.shape[0])
    left, right = _read(columns, own, overlap, pixels.shape[1])
    part = pixels[top:bottom, left:right]
    down = slice(rows[0] - own * top, rows[1] - own * top)
    inside = (..., down, slice(columns[0] - own * left, columns[1] - own * left))

    def resample(planes: Tensor) -> Tensor:
        planes = planes[inside]
        return planes if vertical is None or horizontal is None else vertical @ planes @ horizontal.T

    planes = resample(job.enlarge(to_planes(part, job.bands, job.device)))
    alpha = None
    if job.bands.alpha:
        low = alpha_plane(part, job.bands, job.device)
        alpha = resample(limit(job.enlarge(low), low, own))
    return from_planes(planes, job.bands, alpha, pixels.dtype)


def _resampling(
    length: int, ratio: float, out: tuple[int, int], device: torch.device
) -> tuple[Tensor | None, tuple[int, int]]:
    """Give the weights from the network's own scale to the result's, None where they are equal, and the px wanted."""
    if ratio == 1:
        return None, out
    weights, wanted = part_weights(length, ratio, out)
    return weights.float().to(device), wanted


def _read(part: tuple[int, int], own: int, overlap: int, length: int) -> tuple[int, int]:
    """Give the px of the input that a range of the network's output needs."""
    return widened((part[0] // own, -(-part[1] // own)), overlap, length)


def _halves(tile: Tile, scale: float) -> list[Tile]:
    """Cut a tile into four, or into none if it is too small already."""
    height, width = tile.rows[1] - tile.rows[0], tile.columns[1] - tile.columns[0]
    if max(height, width) <= SMALLEST_TILE * scale:
        return []
    parts = tiles(height, width, max(1, -(-max(height, width) // 2)))
    y, x = tile.rows[0], tile.columns[0]
    moved = [((p.rows[0] + y, p.rows[1] + y), (p.columns[0] + x, p.columns[1] + x)) for p in parts]
    return [Tile(rows, columns) for rows, columns in moved][::-1]
