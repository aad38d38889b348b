"""Maps: land, water and parks, contour lines, roads with their casings, borders, and names."""

import random

from mzsr_basicsr.data.drawn import curves, words
from mzsr_basicsr.data.drawn.canvas import Canvas, Point
from mzsr_basicsr.data.drawn.colours import WHITE, Colour, between, from_hsv, ink, luma
from mzsr_basicsr.data.drawn.text import recoloured, small


def draw_map(canvas: Canvas, rng: random.Random) -> None:
    """Fill a sheet with a map."""
    side = max(canvas.side, 64)
    dark = luma(canvas.paper) < 127
    land = between(canvas.paper, ink(rng, canvas.paper), rng.choice((0, 0.05)))
    canvas.box((0, 0), (side, side), land)
    for hue in rng.sample((0.55, 0.3, 0.25, 0.12, 0.6), rng.randint(1, 4)):
        tint = from_hsv(hue, rng.uniform(0.15, 0.5), 0.35 if dark else rng.uniform(0.8, 1))
        centre = (rng.random() * side, rng.random() * side)
        canvas.area(curves.blob(rng, centre, side * rng.uniform(0.1, 0.5)), tint)
    if rng.random() < 0.4:
        _contours(canvas, rng, from_hsv(0.08, 0.5, 0.6))
    if rng.random() < 0.5:
        _blocks(canvas, rng, between(land, ink(rng, land), 0.15))
    _roads(canvas, rng, side, land)
    letters = small(canvas, rng)
    for _ in range(rng.randint(1, 5)):
        place = (rng.uniform(-0.2, 0.9) * canvas.side, rng.random() * canvas.side)
        if rng.random() < 0.4:
            canvas.disk((place[0] - 5, place[1] - 3), (2.5, 2.5), from_hsv(rng.random(), 0.8, 0.8), WHITE)
        canvas.text(place, words.word(rng).capitalize(), recoloured(letters, rng, land))


def _contours(canvas: Canvas, rng: random.Random, colour: Colour) -> None:
    """Draw one outline at many sizes about a peak."""
    peak = (rng.random() * canvas.side, rng.random() * canvas.side)
    rim = curves.blob(rng, (0, 0), max(canvas.side, 64) * rng.uniform(0.4, 0.9))
    levels = rng.randint(5, 14)
    for k in range(1, levels):
        ring = [(peak[0] + x * k / levels, peak[1] + y * k / levels) for x, y in rim]
        canvas.area(ring, None, colour, 1.2 if k % 5 == 0 else 0.6)


def _blocks(canvas: Canvas, rng: random.Random, colour: Colour) -> None:
    """Draw houses along a grid."""
    pitch = rng.randint(12, 24)
    for x in range(rng.randint(-pitch, 0), canvas.side, pitch):
        for y in range(0, canvas.side, pitch):
            if rng.random() < 0.7:
                canvas.box((x, y), (pitch * rng.uniform(0.4, 0.8), pitch * rng.uniform(0.4, 0.8)), colour)


def _roads(canvas: Canvas, rng: random.Random, side: float, land: Colour) -> None:
    """Draw all casings first, then the roads, so that crossings are open."""
    casing = between(land, ink(rng, land), rng.uniform(0.3, 0.8))
    fills = (WHITE, from_hsv(0.13, 0.6, 1), from_hsv(0.08, 0.7, 0.95), land)
    roads: list[tuple[list[Point], float, Colour]] = []
    for _ in range(rng.randint(3, 10)):
        course = curves.wild(rng, side)
        if rng.random() < 0.5:
            course = [course[0], course[-1]]
        roads.append((course, rng.uniform(1, 7), rng.choice(fills)))
    for course, width, _ in roads:
        canvas.line(course, casing, width + 1.6)
    for course, width, colour in roads:
        canvas.line(course, colour, width)
    if rng.random() < 0.4:
        border = curves.wild(rng, side)
        for i in range(0, len(border) - 1, 2):
            canvas.line(border[i : i + 2], casing, 1.2)
