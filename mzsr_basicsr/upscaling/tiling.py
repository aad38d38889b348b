"""Tiles: parts of an image that are super-resolved one by one, with as much around them as the network sees.

Beyond its reach a network sees nothing, so a tile with that much around it gives exactly what the whole image gives.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from mzsr_basicsr.archs.blocks import cuts

PROBE = 81  # LR px, the largest reach that is looked for
_SEEN = 1e-9  # relative change, in float64, that counts as none


@dataclass(frozen=True)
class Tile:
    """A part of an image, in px: its first row and the one after its last, and the same of its columns."""

    rows: tuple[int, int]
    columns: tuple[int, int]


def tiles(height: int, width: int, side: int) -> Iterator[Tile]:
    """Cut an image into tiles of at most side x side px.

    Args:
        height: px.
        width: px.
        side: of a tile, px, at least 1.
    """
    for rows in cuts(height, side):
        for columns in cuts(width, side):
            yield Tile(rows, columns)


def widened(part: tuple[int, int], overlap: int, length: int) -> tuple[int, int]:
    """Extend a range of px by an overlap on both sides, as far as the image, of `length` px, goes."""
    return max(0, part[0] - overlap), min(length, part[1] + overlap)


def measure_reach(run: Callable[[Tensor], Tensor], bands: int, scale: int) -> int | None:
    """Measure how far a pixel's influence goes: change one pixel of a random image, and see what changes.

    Args:
        run: (1, bands, h, w) float64 -> (1, any, scale * h, scale * w); must not depend on chance.
        bands: of the image.
        scale: magnification.

    Returns:
        LR px, or None if it is larger than `PROBE`, as with networks that see the whole image.
    """
    side = 2 * PROBE + 3
    image = torch.rand(1, bands, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    changed = image.clone()
    middle = side // 2
    changed[..., middle, middle] = 1 - changed[..., middle, middle]
    before = run(image)
    difference = (run(changed) - before).abs().amax((0, 1))
    rows, columns = torch.nonzero(difference > _SEEN * before.abs().max(), as_tuple=True)
    if not len(rows):
        return 0
    distance = torch.cat([rows, columns]) // scale - middle
    reach = int(distance.abs().max()) + 1
    return reach if reach <= PROBE else None
