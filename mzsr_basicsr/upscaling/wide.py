"""An image that is not held whole: read in parts, each made ready for a network as the whole would be."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.bands import Bands
from mzsr_basicsr.pictures.prepare import Prepared, prepared_part
from mzsr_basicsr.upscaling.tiling import widened

Range = tuple[int, int]
Raw = tuple[np.ndarray, np.ndarray | None]
"""(h, w, C) as stored, and (h, w) bool: pixels without data by the image's mask; None for no mask."""
_DIAGONAL = 1.5  # what fills a pixel may lie farther away than the pixel that it is seen from, but for this not more


@dataclass(frozen=True, eq=False)
class Wide:
    """An image that is read in parts; `wide[rows, columns]` gives a part as a network may see it.

    Attributes:
        read: gives the part of some rows and columns, as stored.
        shape: height, width and bands.
        dtype: whole numbers or floating.
        piece: height and width, px, of what is best read at once.
        alpha: whether the last band is straight alpha.
        nodata: the value that stands for no data; None for none but NaN and infinite ones.
        masked: whether `read` gives masks.
        name: for messages.
        bands: of the image; None until its range is known.
        part: rows and columns that are judged and learned from.
        margin: px that are read around a part for what fills its holes.
    """

    read: Callable[[Range, Range], Raw]
    shape: tuple[int, int, int]
    dtype: np.dtype
    piece: Range
    alpha: bool = False
    nodata: float | None = None
    masked: bool = False
    name: str = "image"
    bands: Bands | None = None
    margin: int = 0

    @property
    def known(self) -> Bands:
        """Its bands.

        Raises:
            ImageError: they are not known yet.
        """
        if self.bands is None:
            raise ImageError(f"{self.name}: its range was not measured; measure it first")
        return self.bands

    @property
    def may_lack(self) -> bool:
        """Whether there may be pixels to fill."""
        return self.masked or self.alpha or self.nodata is not None or self.dtype != np.uint8

    def pieces(self) -> Iterator[tuple[int, int, Raw]]:
        """Read all of it: top, left, and what lies there."""
        (height, width), (tall, broad) = self.shape[:2], self.piece
        for top in range(0, height, tall):
            for left in range(0, width, broad):
                bottom, right = min(top + tall, height), min(left + broad, width)
                yield top, left, self.read((top, bottom), (left, right))

    def hold(self, rows: Range, columns: Range) -> "Held":
        """Read a part into memory, made ready."""
        raw, missing = self.read(rows, columns)
        ready = prepared_part(raw, self.known, self.nodata, missing)
        return Held(raw, ready, missing, (rows[0], columns[0]), self.shape, raw.dtype)

    def __getitem__(self, key: Any) -> np.ndarray:
        """Give a part, (h, w, C), its holes filled."""
        vertical, horizontal = key if isinstance(key, tuple) else (key, slice(None))
        rows, columns = vertical.indices(self.shape[0])[:2], horizontal.indices(self.shape[1])[:2]
        around = self.margin if self.may_lack else 0
        wide = widened(rows, around, self.shape[0]), widened(columns, around, self.shape[1])
        return self.hold(*wide)[slice(*rows), slice(*columns)]


@dataclass(frozen=True, eq=False)
class Held:
    """A part of a wide image in memory, cut by the places of the whole.

    Attributes:
        raw: (h, w, C) as stored.
        ready: the same as a network may see it.
        missing: (h, w) bool, pixels without data by the image's mask; None for no mask.
        origin: its first row and column.
        shape: of the whole image.
        dtype: of it.
    """

    raw: np.ndarray
    ready: Prepared
    missing: np.ndarray | None
    origin: tuple[int, int]
    shape: tuple[int, int, int]
    dtype: np.dtype

    def __getitem__(self, key: tuple[slice, slice]) -> np.ndarray:
        """Give a part, (h, w, C)."""
        top, left = self.origin
        rows, columns = key
        return self.ready.pixels[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]

    def blank(self) -> bool:
        """Tell whether there is nothing to see: no pixel has data in all bands, or all are transparent."""
        holes = self.ready.holes
        return (holes is not None and bool(holes.all())) or (
            self.ready.bands.alpha and bool((self.raw[:, :, -1] <= 0).all())
        )


def margin_of(overlap: int) -> int:
    """Give how far, px, lies what fills the holes that a network sees from a pixel with data."""
    return math.ceil(_DIAGONAL * overlap) + 2


@dataclass(frozen=True, eq=False)
class Clear:
    """The part of a wide image that is judged and learned from."""

    wide: Wide
    rows: Range
    columns: Range

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width and bands of the part."""
        return self.rows[1] - self.rows[0], self.columns[1] - self.columns[0], self.wide.shape[2]

    @property
    def dtype(self) -> np.dtype:
        """Of the image."""
        return self.wide.dtype

    def __getitem__(self, key: Any) -> np.ndarray:
        """Give a part of the part."""
        vertical, horizontal = key if isinstance(key, tuple) else (key, slice(None))
        (top, bottom), (left, right) = vertical.indices(self.shape[0])[:2], horizontal.indices(self.shape[1])[:2]
        (above, _), (before, _) = self.rows, self.columns
        return self.wide[above + top : above + bottom, before + left : before + right]
