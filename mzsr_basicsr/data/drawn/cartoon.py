"""Cartoons: flat regions of colour with dark outlines, screen tones, simple faces and speech bubbles."""

import math
import random

from mzsr_basicsr.data.drawn import curves, words
from mzsr_basicsr.data.drawn.canvas import Canvas, Lettering, Point
from mzsr_basicsr.data.drawn.colours import BLACK, WHITE, Colour, between, from_hsv, palette
from mzsr_basicsr.data.drawn.fills import fill, gradient
from mzsr_basicsr.data.drawn.fonts import choose


def draw_cartoon(canvas: Canvas, rng: random.Random) -> None:
    """Fill a sheet with a scene."""
    side = canvas.side
    grey = rng.random() < 0.3  # as manga are printed
    colours = [from_hsv(0, 0, rng.choice((0.0, 0.35, 0.6, 0.8, 1, 1))) for _ in range(6)] if grey else palette(rng, 6)
    edge = BLACK if rng.random() < 0.75 else between(rng.choice(colours), BLACK, 0.75)
    line = rng.uniform(0.7, 3)
    _ground(canvas, rng, colours)
    special = 2  # fills that are not flat, at most: they cost the most time
    for _ in range(rng.randint(5, 16)):
        centre = (rng.random() * side, rng.random() * side)
        outline = _outline(rng, centre, max(side, 48) * (0.04 + 0.36 * rng.random() ** 2))
        pair = (rng.choice(colours), rng.choice([*colours, BLACK, WHITE]))
        if special and rng.random() < 0.2:
            fill(canvas, rng, outline, pair)
            special -= 1
        else:
            canvas.area(outline, pair[0])
        if rng.random() < 0.9:
            canvas.area(outline, None, edge, line)
    if rng.random() < 0.5:
        _face(canvas, rng, (rng.choice(colours), rng.choice(colours), edge), line)
    if rng.random() < 0.35:
        _bubble(canvas, rng, line)


def _ground(canvas: Canvas, rng: random.Random, colours: list[Colour]) -> None:
    chance = rng.random()
    if chance < 0.2:
        canvas.image.paste(gradient(canvas, rng, colours[0], colours[1]))
    elif chance < 0.6:
        canvas.box((0, 0), (canvas.side, canvas.side), colours[0])
    if rng.random() < 0.3:  # a horizon
        left, right = (rng.uniform(0.3, 0.9) * canvas.side for _ in range(2))
        canvas.area([(0, left), (canvas.side, right), (canvas.side, canvas.side), (0, canvas.side)], colours[2])


def _outline(rng: random.Random, centre: Point, radius: float) -> list[Point]:
    form = rng.randrange(4)
    if form == 0:
        return curves.corners(rng, centre, radius)
    if form == 1:
        return curves.arc(centre, radius, 0, 2 * math.pi)
    return curves.blob(rng, centre, radius)


def _face(canvas: Canvas, rng: random.Random, colours: tuple[Colour, Colour, Colour], line: float) -> None:
    """Draw a head: (skin, hair, edge)."""
    skin, hair, edge = colours
    radius = max(canvas.side, 48) * rng.uniform(0.15, 0.4)
    x, y = (rng.uniform(0.2, 0.8) * canvas.side for _ in range(2))
    canvas.area(curves.blob(rng, (x, y - radius * 0.3), radius * 1.15, 0.2), hair, edge, line)
    canvas.disk((x, y), (radius * rng.uniform(0.75, 1), radius), skin, edge, line)
    tall, wide = radius * rng.uniform(0.12, 0.35), radius * rng.uniform(0.1, 0.2)
    for side in (-1, 1):
        eye = (x + side * 0.38 * radius, y - 0.1 * radius)
        canvas.disk(eye, (wide, tall), WHITE, edge, line)
        canvas.disk((eye[0], eye[1] + tall * 0.2), (wide * 0.6, tall * 0.6), edge)
        canvas.disk((eye[0] - wide * 0.2, eye[1]), (wide * 0.2, tall * 0.2), WHITE)
        brow = curves.arc((eye[0], eye[1] - tall * 0.3), 2 * wide, -2.4, -0.7)
        canvas.line(brow, edge, line)
    smile = rng.uniform(0.1, 0.6)
    canvas.line(curves.arc((x, y + radius * (0.6 - smile * 0.4)), radius * smile, 0.5, 2.6), edge, line)


def _bubble(canvas: Canvas, rng: random.Random, line: float) -> None:
    size = round(2 * rng.uniform(8, 14)) / 2
    lettering = Lettering(choose(rng, "sans", rng.random() < 0.5, rng.random() < 0.3), size, BLACK)
    texts = [" ".join(words.word(rng) for _ in range(rng.randint(1, 3))).upper() for _ in range(rng.randint(1, 4))]
    half = (max(canvas.length(text, lettering) for text in texts) / 2 + size, (len(texts) * 1.2 + 1.2) * size / 2 + 2)
    x, y = (rng.uniform(0.15, 0.85) * canvas.side for _ in range(2))
    tip = (x + rng.uniform(-1, 1) * half[0], y + half[1] + 1.5 * size)
    canvas.area([(x - size / 2, y), (x + size, y), tip], WHITE, BLACK, line)
    if rng.random() < 0.6:
        canvas.disk((x, y), (1.3 * half[0], 1.3 * half[1]), WHITE, BLACK, line)
    else:
        canvas.box((x - half[0], y - half[1]), (2 * half[0], 2 * half[1]), WHITE, BLACK, line, size)
    canvas.area([(x - size / 2 + line, y), (x + size - line, y), (tip[0], tip[1] - 3 * line)], WHITE)
    for i, text in enumerate(texts):
        canvas.text((x, y + (i - (len(texts) - 1) / 2) * 1.2 * size), text, lettering, "mm")
