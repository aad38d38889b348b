"""Printed text: paragraphs with headings and lists, in many fonts and colours, sometimes a little askew."""

import math
import random

from PIL import Image

from mzsr_basicsr.data.drawn import words
from mzsr_basicsr.data.drawn.canvas import FINE, Canvas, Lettering
from mzsr_basicsr.data.drawn.colours import between, ink
from mzsr_basicsr.data.drawn.fonts import Family, choose

FAMILIES: tuple[Family, ...] = ("sans", "sans", "serif", "serif", "mono")
SMALLEST, LARGEST = 8.0, 32.0  # px of the em


def draw_text(canvas: Canvas, rng: random.Random) -> None:
    """Fill a sheet with text."""
    family = rng.choice(FAMILIES)
    size = round(2 * SMALLEST * (LARGEST / SMALLEST) ** rng.betavariate(1, 2)) / 2
    colour = ink(rng, canvas.paper)
    body = Lettering(choose(rng, family, rng.random() < 0.15, rng.random() < 0.1), size, colour)
    column = max(canvas.side, 6 * size) * rng.uniform(0.8, 1.8)
    margin = rng.uniform(0.3, 1.5) * size
    page = canvas.page(rng, column + 2 * margin, canvas.side)
    _fill(page, rng, body, (margin, column))
    if canvas.factor == FINE and rng.random() < 0.4:
        _tilt(canvas, rng)


def _fill(page: Canvas, rng: random.Random, body: Lettering, column: tuple[float, float]) -> None:
    leading = body.size * rng.uniform(1.1, 1.6)
    style = rng.choice(("left", "left", "justified", "justified", "centre"))
    listed = rng.random() < 0.15
    y = rng.uniform(-0.5, 1.2) * leading
    while y < page.side + leading:
        if rng.random() < 0.2:
            y += _heading(page, rng, body, (column[0], y))
        for line, last in _lines(page, rng, body, column[1]):
            y += leading
            _write(page, line, body, (*column, y), "left" if last and style == "justified" else style)
            if y > page.side + leading:
                return
        y += leading * rng.choice((0, 0, 0.5, 1))
        if listed:
            page.disk((column[0] / 2, y + leading - body.size / 3), (body.size / 7,) * 2, body.colour)
    if rng.random() < 0.2:
        rule = page.side * rng.random()
        page.box((column[0], rule), (column[1], rng.choice((1, 1, 2))), between(page.paper, body.colour, 0.6))


def _heading(page: Canvas, rng: random.Random, body: Lettering, place: tuple[float, float]) -> float:
    """Write a heading and give its height, px."""
    size = min(round(2 * body.size * rng.uniform(1.1, 2)) / 2, 1.5 * LARGEST)
    family = body.face.family if rng.random() < 0.6 else rng.choice(FAMILIES)
    colour = body.colour if rng.random() < 0.7 else ink(rng, page.paper)
    title = " ".join(words.word(rng) for _ in range(rng.randint(1, 5)))
    heading = Lettering(choose(rng, family, bold=True), size, colour)
    page.text((place[0], place[1] + 1.3 * size), rng.choice((str.capitalize, str.title, str.upper))(title), heading)
    return 1.6 * size


def _lines(page: Canvas, rng: random.Random, body: Lettering, width: float) -> list[tuple[list[str], bool]]:
    """Break a paragraph into lines of words, (words, whether it is the last line)."""
    paragraph = [word for _ in range(rng.randint(1, 5)) for word in words.sentence(rng)]
    space = page.length(" ", body)
    lines: list[list[str]] = [[]]
    used = 0.0
    for word in paragraph:
        extent = page.length(word, body)
        if lines[-1] and used + extent > width:
            lines.append([])
            used = 0.0
        lines[-1].append(word)
        used += extent + space
    return [(line, i == len(lines) - 1) for i, line in enumerate(lines)]


def _write(page: Canvas, line: list[str], body: Lettering, place: tuple[float, float, float], style: str) -> None:
    """Write one line into a column: place (left, width, base line)."""
    left, width, y = place
    if style != "justified" or len(line) < 3:
        text = " ".join(line)
        shift = (width - page.length(text, body)) / 2 if style == "centre" else 0.0
        page.text((left + shift, y), text, body)
        return
    extents = [page.length(word, body) for word in line]
    gap = (width - sum(extents)) / (len(line) - 1)
    for word, extent in zip(line, extents, strict=True):
        page.text((left, y), word, body)
        left += extent + gap


def _tilt(canvas: Canvas, rng: random.Random) -> None:
    """Turn the whole sheet by a few degrees, seldom up to fifteen, and shear it a little, as scanned pages lie."""
    angle = math.radians(rng.uniform(-3, 3) if rng.random() < 0.7 else rng.uniform(-15, 15))
    c, s, shear = math.cos(angle), math.sin(angle), rng.uniform(-0.04, 0.04)
    half = canvas.image.width / 2
    a, b, d, e = c, s + shear, -s, c
    places = (a, b, half - a * half - b * half, d, e, half - d * half - e * half)
    turned = canvas.image.transform(
        canvas.image.size, Image.Transform.AFFINE, places, Image.Resampling.NEAREST, fillcolor=canvas.paper
    )
    canvas.image.paste(turned)


def small(canvas: Canvas, rng: random.Random, family: Family = "sans") -> Lettering:
    """Draw the lettering of labels in charts, maps and buttons."""
    size = round(2 * rng.uniform(SMALLEST, 13)) / 2
    return Lettering(choose(rng, family, rng.random() < 0.2), size, ink(rng, canvas.paper))


def recoloured(lettering: Lettering, rng: random.Random, ground: tuple[int, int, int]) -> Lettering:
    """Give the same lettering in an ink for another ground."""
    return lettering._replace(colour=ink(rng, ground))
