"""Pixels that are cut into parts, whether they lie in memory or are read from a file as they are asked for."""

from typing import Any, Protocol

import numpy as np


class Pixels(Protocol):
    """(H, W, C), of which `pixels[rows]` and `pixels[rows, columns]`, slices, give parts as arrays."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width and number of bands."""

    @property
    def dtype(self) -> np.dtype:
        """Type of the values."""

    def __getitem__(self, key: Any, /) -> Any:
        """Give a part: (h, w, C)."""
