"""A wide image enlarged window by window: each is what the whole image would give there, and none needs another."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mzsr_basicsr.degradation.resize import output_length
from mzsr_basicsr.errors import ImageError, TrainingError
from mzsr_basicsr.upscaling.plan import Plan
from mzsr_basicsr.upscaling.render import Job, render_tiles
from mzsr_basicsr.upscaling.restore import put_back_by, taps
from mzsr_basicsr.upscaling.survey import clear_part_of
from mzsr_basicsr.upscaling.tiling import Tile, widened
from mzsr_basicsr.upscaling.upscaler import Upscaler
from mzsr_basicsr.upscaling.wide import Held, Wide, margin_of

BLOCK = 256  # px, side of the blocks that windows of a result are made of, at most
_STEP = 16  # px, what a block's side is a multiple of
_TAPS = 4  # LR px that resampling to another scale looks at beyond a window


def plan_wide(upscaler: Upscaler, image: Wide) -> Plan:
    """Find the kernel and the noise of a wide image, and adapt the network to it, by its liveliest parts.

    Raises:
        ImageError, KernelError: see `Upscaler.plan`.
    """
    return upscaler.plan_from(clear_part_of(image), image.known, min(image.shape[:2]), image.name)


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows of a result.

    Attributes:
        upscaler: the network and its choices.
        image: what is enlarged, surveyed.
        plan: what was found out about it.
    """

    upscaler: Upscaler
    image: Wide
    plan: Plan

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the result, px."""
        height, width = self.image.shape[:2]
        scale = self.upscaler.settings.scale
        return output_length(height, scale), output_length(width, scale)

    @property
    def block(self) -> int:
        """Side of the blocks, px of the result."""
        side = int(self.upscaler.settings.tile * self.upscaler.settings.scale)
        return min(BLOCK, side // _STEP * _STEP)

    def tiles(self) -> Iterator[Tile]:
        """Cut the result into windows of whole blocks, row by row, of about the tile's side."""
        side = int(self.upscaler.settings.tile * self.upscaler.settings.scale) // self.block * self.block
        (height, width) = self.size
        for top in range(0, height, side):
            for left in range(0, width, side):
                yield Tile((top, min(top + side, height)), (left, min(left + side, width)))

    def render(self, window: Tile) -> tuple[np.ndarray, np.ndarray | None]:
        """Enlarge one window.

        Returns:
            (h, w, C) of the image's type, and (h, w) bool: where the image's mask says no data; None for no mask.

        Raises:
            ImageError: the result is not finite, or black where the image is not; or memory runs out.
        """
        scale = self.upscaler.settings.scale
        held, degradation = self._hold(window), self._job.degradation
        places = [
            taps(part, length, scale, degradation, first)
            for part, length, first in zip(
                (window.rows, window.columns), self.image.shape[:2], held.origin, strict=True
            )
        ]
        nearest = np.ix_(places[0].nearest, places[1].nearest)
        missing = None if held.missing is None else held.missing[nearest]
        if held.blank():
            return held.raw[nearest], missing
        return put_back_by(self._rendered(held, window), held.raw, held.ready, places[0], places[1]), missing

    def _rendered(self, held: Held, window: Tile) -> np.ndarray:
        (top, bottom), (left, right) = window.rows, window.columns
        result = np.empty((bottom - top, right - left, self.image.shape[2]), held.dtype)
        tiles = render_tiles(
            self._job, held, self.upscaler.settings.scale, [window], self._overlap, lambda: self._overlap
        )
        try:
            for tile, part in tiles:
                (above, below), (before, after) = tile.rows, tile.columns
                result[above - top : below - top, before - left : after - left] = part
        except TrainingError as error:
            raise ImageError(f"{self.image.name}: {error}") from error
        return result

    def _hold(self, window: Tile) -> Held:
        """Read what a window needs."""
        scale = self.upscaler.settings.scale
        around = self._overlap + _TAPS + (margin_of(self._overlap) if self.image.may_lack else 0)
        parts = ((math.floor(first / scale), math.ceil(last / scale)) for first, last in (window.rows, window.columns))
        rows, columns = (
            widened(part, around, length) for part, length in zip(parts, self.image.shape[:2], strict=True)
        )
        return self.image.hold(rows, columns)

    @cached_property
    def _job(self) -> Job:
        return self.upscaler.job(self.plan, self.image.known)

    @cached_property
    def _overlap(self) -> int:
        side = self.upscaler.settings.tile
        return self.upscaler.reach(self._job, self.plan) if max(self.image.shape[:2]) > side else 0
