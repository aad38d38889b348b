"""Patterns: checkerboards, ruled and squared paper, stripes, pixel art, and blocks like those of matrix codes."""

import random
from typing import Literal

from mzsr_basicsr.data.drawn.canvas import Canvas
from mzsr_basicsr.data.drawn.colours import Colour, between, ink, palette

Form = Literal["checks", "grid", "stripes", "sprite", "code"]
FORMS: tuple[Form, ...] = ("checks", "grid", "stripes", "sprite", "code")


def draw_pattern(canvas: Canvas, rng: random.Random) -> None:
    """Fill a sheet, or a part of it, with one pattern."""
    colour = ink(rng, canvas.paper)
    form = rng.choice(FORMS)
    left, top, wide, high = 0, 0, canvas.side, canvas.side
    if rng.random() < 0.4:  # a part
        left, top = rng.randint(0, wide // 3), rng.randint(0, high // 3)
        wide, high = (extent - start - rng.randint(0, extent // 4) for extent, start in ((wide, left), (high, top)))
    if form == "stripes":
        _stripes(canvas, rng, (left, top, wide, high), colour)
    elif form == "grid":
        _grid(canvas, rng, (left, top, wide, high), colour)
    else:
        _cells(canvas, rng, (left, top, wide, high), form, colour)


def _cells(canvas: Canvas, rng: random.Random, place: tuple[int, int, int, int], form: Form, colour: Colour) -> None:
    """Fill a grid of cells: in turn, at random, or as a sprite whose halves mirror each other."""
    left, top, wide, high = place
    cell = rng.choice((2, 3, 4, 4, 5, 6, 8, 12, 16))
    colours = [colour, *palette(rng, 3)] if form == "sprite" else [colour]
    columns, rows = -(-wide // cell), -(-high // cell)
    half, period = (columns + 1) // 2, rng.choice((8, 12, 16))
    chosen = [[rng.choice(colours) if rng.random() < 0.5 else None for _ in range(half)] for _ in range(period)]
    for row in range(rows):
        for column in range(columns):
            if form == "checks":
                tint = colour if (row + column) % 2 else None
            elif form == "sprite":
                tint = chosen[row % period][min(column, columns - 1 - column) % half]
            else:
                tint = colour if rng.random() < 0.5 else None
            if tint:
                canvas.box((left + column * cell, top + row * cell), (cell, cell), tint)


def _grid(canvas: Canvas, rng: random.Random, place: tuple[int, int, int, int], colour: Colour) -> None:
    left, top, wide, high = place
    step, bold, width = rng.randint(3, 20), rng.choice((4, 5, 10)), rng.choice((1, 1, 2))
    fine = between(canvas.paper, colour, rng.uniform(0.3, 1))
    upright = rng.random() < 0.8
    for i in range(wide // step + 1) if upright else []:
        canvas.box((left + i * step, top), (width, high), colour if i % bold == 0 else fine)
    for i in range(high // step + 1):
        canvas.box((left, top + i * step), (wide, width), colour if i % bold == 0 else fine)


def _stripes(canvas: Canvas, rng: random.Random, place: tuple[int, int, int, int], colour: Colour) -> None:
    """Draw bars of one width, of widths that grow, as test charts have, or of any, as bar codes have."""
    left, top, wide, high = place
    form, width, at = rng.randrange(3), float(rng.randint(1, 6)), 0.0
    upright, lean = rng.random() < 0.5, rng.choice((0, 0, rng.uniform(-1, 1)))
    while at < (wide if upright else high):
        if upright:
            x, y = left + at, float(top + high)
            canvas.area([(x, top), (x + width, top), (x + width + lean * high, y), (x + lean * high, y)], colour)
        else:
            x, y = float(left + wide), top + at
            canvas.area([(left, y), (left, y + width), (x, y + width + lean * wide), (x, y + lean * wide)], colour)
        at += 2 * width if form < 2 else width + rng.randint(1, 5)
        width = width if form == 0 else width * 1.12 if form == 1 else float(rng.randint(1, 5))
