"""Where the pixels of a result lie on the image that it was made of: what corrects the geometry of a file."""

from typing import NamedTuple

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.upscaling.described import offset_of

_DIGITS = 9  # of px; the centre of mass of a centred kernel is zero but for rounding


class Place(NamedTuple):
    """How a result lies on its image, by pixel centres, along x (to the right) and y (down).

    Result pixel j lies at image pixel (j + 1/2 - offset) / scale - 1/2: centred for bicubic subsampling, pixel 0 on
    pixel 0 for direct subsampling with a centred kernel, whose offset is (1 - scale) / 2.

    Attributes:
        scale: result over image.
        x: offset of the result to the right, px of the result.
        y: the same, down.
        width: of the result, px.
        height: of the result, px.
    """

    scale: float
    x: float
    y: float
    width: int
    height: int

    @property
    def origin(self) -> tuple[float, float]:
        """(x, y) of the result's first pixel, px of the image."""
        return self.on_image(0, self.x), self.on_image(0, self.y)

    def on_image(self, place: float, offset: float) -> float:
        """Give where a pixel of the result lies, px of the image along one axis."""
        return (place + 0.5 - offset) / self.scale - 0.5

    def on_result(self, place: float, offset: float) -> float:
        """Give where a pixel of the image lies, px of the result along one axis."""
        return (place + 0.5) * self.scale - 0.5 + offset


def place_of(degradation: Degradation, scale: float, size: tuple[int, int]) -> Place:
    """Say where a result lies.

    Args:
        degradation: what the image is thought to have lost.
        scale: result over image.
        size: (width, height) of the result, px.
    """
    x, y = (round(shift, _DIGITS) for shift in offset_of(degradation, scale))
    return Place(scale, x, y, *size)
