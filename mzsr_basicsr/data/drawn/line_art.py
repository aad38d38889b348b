"""Line art: strokes, curves, circles, hatching and technical drawings, in one ink on one ground."""

import math
import random

from mzsr_basicsr.data.drawn import curves, words
from mzsr_basicsr.data.drawn.canvas import Canvas, Point
from mzsr_basicsr.data.drawn.colours import Colour, ink
from mzsr_basicsr.data.drawn.fills import fill
from mzsr_basicsr.data.drawn.text import small


def draw_line_art(canvas: Canvas, rng: random.Random) -> None:
    """Fill a sheet with lines."""
    colour = ink(rng, canvas.paper)
    width = rng.uniform(0.5, 2.5)
    ways = (_strokes, _outlines, _sketch, _technical, _fan, _rings)
    for way in rng.sample(ways, rng.randint(1, 3)):
        way(canvas, rng, colour, width)


def _strokes(canvas: Canvas, rng: random.Random, colour: Colour, width: float) -> None:
    for _ in range(rng.randint(3, 14)):
        canvas.line(curves.wild(rng, max(canvas.side, 32)), colour, width * rng.uniform(0.5, 2))


def _rings(canvas: Canvas, rng: random.Random, colour: Colour, width: float) -> None:
    """Draw ellipses and parts of them, each with a line of its own width, with paper left between."""
    for _ in range(rng.randint(2, 10)):
        centre = (rng.random() * canvas.side, rng.random() * canvas.side)
        wide, high = (rng.uniform(4, 50) for _ in range(2))
        start = rng.uniform(0, 2 * math.pi)
        end = start + (2 * math.pi if rng.random() < 0.4 else rng.uniform(0.5, 4))
        rim = [(centre[0] + x * wide, centre[1] + y * high) for x, y in curves.arc((0, 0), 1, start, end)]
        canvas.line(rim, colour, width * rng.uniform(0.5, 1.5))


def _outlines(canvas: Canvas, rng: random.Random, colour: Colour, width: float) -> None:
    """Draw closed outlines; the nearer hide those behind, and one may be hatched."""
    hatched = rng.random() < 0.5
    for i in range(rng.randint(3, 10)):
        centre = (rng.random() * canvas.side, rng.random() * canvas.side)
        radius = max(canvas.side, 48) * rng.uniform(0.05, 0.35)
        form = rng.choice((curves.blob, curves.corners))
        outline = form(rng, centre, radius)
        if hatched and i == 0:
            fill(canvas, rng, outline, (canvas.paper, colour))
        canvas.area(outline, canvas.paper if rng.random() < 0.5 and i else None, colour, width)


def _sketch(canvas: Canvas, rng: random.Random, colour: Colour, width: float) -> None:
    """Draw bundles of short strokes side by side, as hair, grass and shading are."""
    for _ in range(rng.randint(2, 6)):
        x, y = rng.random() * canvas.side, rng.random() * canvas.side
        angle, length, step = rng.uniform(0, math.pi), rng.uniform(10, 50), rng.uniform(1.5, 5)
        c, s = math.cos(angle), math.sin(angle)
        for i in range(rng.randint(5, 25)):
            reach = length * rng.uniform(0.6, 1)
            start = (x - s * i * step, y + c * i * step)
            bend = rng.uniform(-0.1, 0.2) * length
            middle = (start[0] + c * reach / 2 - s * bend, start[1] + s * reach / 2 + c * bend)
            end = (start[0] + c * reach, start[1] + s * reach)
            canvas.line(curves.bezier([start, middle, middle, end], 6), colour, width * 0.7)


def _technical(canvas: Canvas, rng: random.Random, colour: Colour, width: float) -> None:
    """Draw a part with centre lines, bores and its dimensions."""
    side = max(canvas.side, 64)
    left, top = (rng.uniform(0.05, 0.3) * side for _ in range(2))
    wide, high = (rng.uniform(0.4, 0.65) * side for _ in range(2))
    canvas.box((left, top), (wide, high), None, colour, width, rng.choice((0, 0, 8)))
    x, y, radius = left + wide / 2, top + high / 2, min(wide, high) * rng.uniform(0.15, 0.4)
    for share in (1.0, 0.6):
        canvas.disk((x, y), (radius * share,) * 2, None, colour, width)
    for k in range(rng.choice((0, 4, 6))):
        bore = curves.arc((x, y), radius * 0.8, k * 1.0472, k * 1.0472 + 0.2)[0]
        canvas.disk(bore, (radius * 0.1,) * 2, None, colour, width * 0.7)
    for i in range(round(wide / 6)):
        canvas.box((left + 6 * i, y), (4 if i % 2 else 1.5, max(width / 2, 0.5)), colour)
    _dimension(canvas, rng, ((left, top + high + 10), (left + wide, top + high + 10)), colour)


def _dimension(canvas: Canvas, rng: random.Random, ends: tuple[Point, Point], colour: Colour) -> None:
    (left, y), (right, _) = ends
    canvas.line(ends, colour, 0.7)
    for x, way in ((left, 1), (right, -1)):
        canvas.line([(x, y - 8), (x, y + 3)], colour, 0.7)
        canvas.area([(x, y), (x + way * 6, y - 1.5), (x + way * 6, y + 1.5)], colour)
    canvas.text(((left + right) / 2, y - 2), words.number(rng), small(canvas, rng)._replace(colour=colour), "ms")


def _fan(canvas: Canvas, rng: random.Random, colour: Colour, width: float) -> None:
    """Draw rays from a point or rings about it: all directions, finer and finer."""
    centre = (rng.random() * canvas.side, rng.random() * canvas.side)
    reach = max(canvas.side, 32) * rng.uniform(0.3, 1)
    number = rng.randint(6, 40)
    if rng.random() < 0.5:
        for i in range(number):
            angle = 2 * math.pi * i / number
            c, s = math.cos(angle), math.sin(angle)
            near = reach * rng.choice((0.0, 0.3))
            start = (centre[0] + near * c, centre[1] + near * s)
            canvas.line([start, (centre[0] + reach * c, centre[1] + reach * s)], colour, width * 0.7)
        return
    for i in range(1, number // 2 + 2):
        radius = reach * i / (number // 2 + 2)
        canvas.disk(centre, (radius, radius), None, colour, width * 0.7)
