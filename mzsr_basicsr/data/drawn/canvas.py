"""The sheet that is drawn on: coordinates in px of the finished image, pixels that are smaller by a whole factor."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from mzsr_basicsr.data.drawn.colours import Colour
from mzsr_basicsr.data.drawn.fonts import Face, font

Point = tuple[float, float]  # (x, y), px of the finished image, from the upper left corner
FINE = 4  # drawn pixels to one of the finished image, along each side


class Lettering(NamedTuple):
    """How a text is written; size in px of the finished image."""

    face: Face
    size: float
    colour: Colour


@dataclass(frozen=True)
class Canvas:
    """A square window on a page that may be larger: what lies outside of it is not drawn.

    `side` in px of the finished image; `factor` drawn pixels to one of these; `origin` of the page in the window.
    """

    image: Image.Image
    pen: ImageDraw.ImageDraw
    side: int
    factor: int
    paper: Colour
    origin: Point = (0.0, 0.0)

    def page(self, rng: random.Random, width: float, height: float) -> "Canvas":
        """Lay a page of (width, height) px, at least the window's, under the window, at a whole px."""
        x, y = (-rng.randint(0, max(round(extent) - self.side, 0)) for extent in (width, height))
        return replace(self, origin=(float(x), float(y)))

    def pixel(self, point: Point) -> Point:
        """Give the drawn pixel of a place on the page."""
        x, y = ((value + shift) * self.factor for value, shift in zip(point, self.origin, strict=True))
        return round(x), round(y)

    def thick(self, width: float) -> int:
        """Give a line's width in drawn pixels, at least one."""
        return max(round(width * self.factor), 1)

    def box(
        self,
        corner: Point,
        extent: Point,
        fill: Colour | None,
        edge: Colour | None = None,
        width: float = 1,
        radius: float = 0,
    ) -> None:
        """Draw a rectangle: upper left corner and (width, height); its edge lies inside."""
        left, top = self.pixel(corner)
        right, bottom = self.pixel((corner[0] + extent[0], corner[1] + extent[1]))
        if right <= left or bottom <= top:
            return
        place = (left, top, right - 1, bottom - 1)
        thick = self.thick(width) if edge else 0
        if radius > 0:
            bend = min(radius * self.factor, (right - left) / 2, (bottom - top) / 2)
            self.pen.rounded_rectangle(place, bend, fill, edge, thick)
        else:
            self.pen.rectangle(place, fill, edge, thick)

    def disk(
        self, centre: Point, radii: Point, fill: Colour | None, edge: Colour | None = None, width: float = 1
    ) -> None:
        """Draw an ellipse with upright axes."""
        left, top = self.pixel((centre[0] - radii[0], centre[1] - radii[1]))
        right, bottom = self.pixel((centre[0] + radii[0], centre[1] + radii[1]))
        if right > left and bottom > top:
            self.pen.ellipse((left, top, right - 1, bottom - 1), fill, edge, self.thick(width) if edge else 0)

    def area(self, points: Sequence[Point], fill: Colour | None, edge: Colour | None = None, width: float = 1) -> None:
        """Draw a polygon of at least three points."""
        if fill:
            self.pen.polygon([self.pixel(point) for point in points], fill)
        if edge:
            self.line([*points, *points[:2]], edge, width)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """Draw a line through points, with round joints."""
        thick = self.thick(width)
        self.pen.line([self.pixel(point) for point in points], colour, thick, joint="curve" if thick > 4 else None)

    def text(self, place: Point, text: str, lettering: Lettering, anchor: str = "ls") -> None:
        """Write a line of text; `anchor` in Pillow's letters, by default the left end of the base line."""
        x, y = self.pixel(place)
        reach = 2 * lettering.size * self.factor
        if -reach < y < self.image.height + reach and x < self.image.width + reach * len(text):
            self.pen.text((x, y), text, lettering.colour, self._font(lettering), anchor)

    def length(self, text: str, lettering: Lettering) -> float:
        """Measure a line of text, px."""
        return self._font(lettering).getlength(text) / self.factor

    def _font(self, lettering: Lettering) -> ImageFont.FreeTypeFont:
        return font(lettering.face, lettering.size * self.factor)


def blank(side: int, factor: int, paper: Colour) -> Canvas:
    """Give an empty sheet of (side, side) px."""
    image = Image.new("RGB", (side * factor,) * 2, paper)
    return Canvas(image, ImageDraw.Draw(image), side, factor, paper)
