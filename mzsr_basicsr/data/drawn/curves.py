"""Outlines as lists of points: Bézier curves, smooth closed blobs, regular polygons and stars."""

import math
import random
from collections.abc import Sequence

from mzsr_basicsr.data.drawn.canvas import Point


def bezier(controls: Sequence[Point], steps: int = 20) -> list[Point]:
    """Sample a cubic Bézier curve of four control points."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = controls
    found = []
    for i in range(steps + 1):
        t = i / steps
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
        found.append((a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3))
    return found


def wild(rng: random.Random, side: float) -> list[Point]:
    """Draw a Bézier curve somewhere in and about a square."""
    return bezier([(rng.uniform(-0.2, 1.2) * side, rng.uniform(-0.2, 1.2) * side) for _ in range(4)])


def blob(rng: random.Random, centre: Point, radius: float, wobble: float = 0.3) -> list[Point]:
    """Draw a smooth closed outline about a centre: a circle with a few waves."""
    waves = [(n, rng.uniform(0, wobble) / n**0.7, rng.uniform(0, 2 * math.pi)) for n in (1, 2, 3, 5)]
    found = []
    for i in range(48):
        angle = 2 * math.pi * i / 48
        reach = radius * (1 + sum(height * math.cos(n * angle + phase) for n, height, phase in waves))
        found.append((centre[0] + reach * math.cos(angle), centre[1] + reach * math.sin(angle)))
    return found


def corners(rng: random.Random, centre: Point, radius: float) -> list[Point]:
    """Draw a polygon: regular, a star, or any that does not cross itself."""
    number, turn, form = rng.randint(3, 8), rng.uniform(0, 2 * math.pi), rng.randrange(3)
    if form == 1:
        number *= 2
    found = []
    for i in range(number):
        reach = radius * (1.0 if form == 0 else (0.45 if i % 2 else 1.0) if form == 1 else rng.uniform(0.4, 1.2))
        angle = turn + 2 * math.pi * i / number
        found.append((centre[0] + reach * math.cos(angle), centre[1] + reach * math.sin(angle)))
    return found


def arc(centre: Point, radius: float, start: float, end: float) -> list[Point]:
    """Sample an arc; angles in radians, clockwise on the screen from the right."""
    steps = max(round(abs(end - start) / 0.1), 2)
    angles = [start + (end - start) * i / steps for i in range(steps + 1)]
    return [(centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)) for angle in angles]
