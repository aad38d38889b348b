"""Screens: terminals and editors, windows with buttons and fields, tables of numbers."""

import random

from mzsr_basicsr.data.drawn import words
from mzsr_basicsr.data.drawn.canvas import Canvas, Lettering
from mzsr_basicsr.data.drawn.colours import Colour, between, from_hsv, ink, luma, palette
from mzsr_basicsr.data.drawn.fonts import choose
from mzsr_basicsr.data.drawn.text import recoloured, small


def draw_terminal(canvas: Canvas, rng: random.Random) -> None:
    """Fill a sheet with lines of code, logs or listings, in a font of equal widths."""
    dark = luma(canvas.paper) < 127
    size = round(2 * rng.uniform(8, 16)) / 2
    face = choose(rng, "mono", rng.random() < 0.15)
    plain = ink(rng, canvas.paper)
    tints = [from_hsv(rng.random(), rng.uniform(0.3, 0.9), 1.0 if dark else rng.uniform(0.2, 0.6)) for _ in range(4)]
    colours = [plain, plain, *tints] if rng.random() < 0.7 else [plain]
    leading, start = round(size * rng.uniform(1.1, 1.4)), rng.randint(-60, 8)
    numbered = rng.random() < 0.3
    y = rng.randint(-round(size), round(size))
    for row in range(round(canvas.side / leading) + 2):
        y += leading
        if rng.random() < 0.08:
            continue
        x = float(start)
        if rng.random() < 0.04:
            canvas.box((0, y - size), (canvas.side, leading), between(canvas.paper, plain, 0.2))
        pieces = ([f"{row + 1:3} "] if numbered else []) + words.code(rng)
        for piece in pieces:
            letters = Lettering(face, size, rng.choice(colours))
            canvas.text((x, y), piece, letters)
            x += canvas.length(piece, letters)
        if rng.random() < 0.05:
            canvas.box((round(x), y - size), (round(size * 0.6), round(size * 1.2)), plain)


def draw_window(canvas: Canvas, rng: random.Random) -> None:
    """Draw a program's window: bars, buttons, fields, boxes to tick, lists."""
    side, letters = canvas.side, small(canvas, rng)
    tint = palette(rng, 3)
    x, y = rng.randint(-20, 12), rng.randint(-20, 12)
    panel = between(canvas.paper, ink(rng, canvas.paper), rng.choice((0.0, 0.05, 0.1)))
    edge = between(panel, ink(rng, panel), rng.uniform(0.2, 0.7))
    canvas.box((x, y), (side * 1.2, side * 1.2), panel, edge, 1)
    bar = round(letters.size * 2)
    canvas.box((x, y), (side * 1.2, bar), tint[0])
    canvas.text((x + 8, y + bar / 2), words.label(rng), recoloured(letters, rng, tint[0]), "lm")
    row, pitch = y + bar + rng.randint(4, 10), round(letters.size * rng.uniform(2.1, 3))
    while row < side:
        column = x + 8
        while column < side:
            column += _element(canvas, rng, (column, row, round(letters.size * 1.8)), (panel, edge, tint[1]), letters)
            column += rng.randint(6, 16)
        row += pitch


def _element(
    canvas: Canvas,
    rng: random.Random,
    place: tuple[int, int, int],
    colours: tuple[Colour, Colour, Colour],
    letters: Lettering,
) -> int:
    """Draw one element at (left, top, height) in (panel, edge, accent), and give its width, px."""
    (x, y, high), (panel, edge, accent) = place, colours
    text, form = words.label(rng)[:16], rng.randrange(5)
    wide = round(canvas.length(text, letters)) + 16
    if form == 0:  # a button
        face = rng.choice((accent, between(panel, edge, 0.3)))
        canvas.box((x, y), (wide, high), face, edge, 1, rng.choice((0, 3, 6)))
        canvas.text((x + wide / 2, y + high / 2), text, recoloured(letters, rng, face), "mm")
    elif form == 1:  # a field
        canvas.box((x, y), (wide + 20, high), canvas.paper, edge, 1)
        canvas.text((x + 4, y + high / 2), text, letters, "lm")
        return wide + 20
    elif form == 2:  # a box to tick
        canvas.box((x, y + high / 2 - 5), (10, 10), canvas.paper, edge, 1)
        if rng.random() < 0.5:
            canvas.line([(x + 2, y + high / 2), (x + 4, y + high / 2 + 3), (x + 8, y + high / 2 - 4)], accent, 1.5)
        canvas.text((x + 14, y + high / 2), text, recoloured(letters, rng, panel), "lm")
    elif form == 3:  # a bar of progress
        canvas.box((x, y + high // 3), (60, high // 3), between(panel, edge, 0.4))
        canvas.box((x, y + high // 3), (rng.randint(4, 60), high // 3), accent)
        return 60
    else:  # an icon
        canvas.box((x, y), (high, high), accent, edge, 1, rng.choice((0, 4)))
        canvas.disk((x + high / 2, y + high / 2), (high / 4, high / 4), panel, edge)
        return high
    return wide


def draw_table(canvas: Canvas, rng: random.Random) -> None:
    """Draw a table of words and numbers, with rules or shaded rows."""
    letters = small(canvas, rng, rng.choice(("sans", "sans", "serif", "mono")))
    pitch, wide = round(letters.size * rng.uniform(1.3, 2.2)), round(letters.size * rng.uniform(5.5, 8))
    rule = between(canvas.paper, letters.colour, rng.uniform(0.15, 1))
    shade = between(canvas.paper, letters.colour, rng.choice((0.0, 0.05, 0.12)))
    upright, lying = rng.random() < 0.5, rng.random() < 0.6
    left, top = rng.randint(-wide, 8), rng.randint(-pitch, 8)
    for j, y in enumerate(range(top, canvas.side, pitch)):
        if j % 2:
            canvas.box((left, y), (canvas.side * 2, pitch), shade)
        if lying or j == 1:
            canvas.box((left, y), (canvas.side * 2, 1), rule)
        for i, x in enumerate(range(left, canvas.side, wide)):
            written = words.word(rng)[:8] if i == 0 or j == 0 else words.number(rng)[:8]
            canvas.text((x + wide - 4, y + pitch / 2), written, letters, "rm")
    for x in range(left, canvas.side, wide) if upright else []:
        canvas.box((x, top), (1, canvas.side * 2), rule)
