"""Charts: axes with ticks and labels, grid lines, bars, lines, points, slices, a title and a legend."""

import math
import random
from typing import NamedTuple

from mzsr_basicsr.data.drawn import curves, words
from mzsr_basicsr.data.drawn.canvas import Canvas, Lettering, Point
from mzsr_basicsr.data.drawn.colours import Colour, between, ink, palette
from mzsr_basicsr.data.drawn.text import small


class Plot(NamedTuple):
    """Where the data lie on the page, px: (left, top) and (width, height); and the colours of the series."""

    corner: Point
    extent: Point
    colours: list[Colour]

    def place(self, x: float, y: float) -> Point:
        """Give the place of data in [0, 1], y upward."""
        return self.corner[0] + x * self.extent[0], self.corner[1] + (1 - y) * self.extent[1]


def draw_chart(canvas: Canvas, rng: random.Random) -> None:
    """Draw one chart, as large as the sheet or larger."""
    wide, high = (max(canvas.side, 128) * rng.uniform(1, 1.5) for _ in range(2))
    page = canvas.page(rng, wide, high)
    letters = small(canvas, rng)
    left, bottom, top = 3.2 * letters.size, 3 * letters.size, 2.2 * letters.size
    extent = (round(wide - left - letters.size), round(high - top - bottom))
    plot = Plot((round(left), round(top)), extent, palette(rng, rng.randint(1, 5)))
    if rng.random() < 0.12:
        _slices(page, rng, plot, letters)
    else:
        _axes(page, rng, plot, letters)
        for way in rng.choice(((_bars,), (_lines,), (_points,), (_lines, _points), (_area, _lines), (_bars, _lines))):
            way(page, rng, plot)
        _frame(page, rng, plot, letters.colour)
    page.text((wide / 2, 0.5 * top), words.label(rng), letters._replace(size=round(letters.size * 1.2)), "mm")
    if rng.random() < 0.6:
        _legend(page, rng, plot, letters)


def _axes(page: Canvas, rng: random.Random, plot: Plot, letters: Lettering) -> None:
    """Draw ticks with their numbers, and maybe the grid."""
    grid = between(page.paper, letters.colour, rng.uniform(0.1, 0.3)) if rng.random() < 0.65 else None
    dashed = rng.random() < 0.3
    (left, top), (wide, high) = plot.corner, plot.extent
    rows, columns = rng.randint(2, 8), rng.randint(2, 7)
    step, form = rng.choice((1, 2, 5, 10, 25, 0.1, 0.5, 1000)), rng.choice(("{:g}", "{:g}", "{:.1f}"))
    for i in range(rows + 1):
        y = top + round(high * (1 - i / rows))
        if grid:
            _rule(page, (left, y), (wide, 1), grid, dashed)
        page.box((left - 3, y), (3, 1), letters.colour)
        page.text((left - 5, y), form.format(i * step), letters, "rm")
    named = rng.random() < 0.4
    for i in range(columns + 1):
        x = left + round(wide * i / columns)
        if grid:
            _rule(page, (x, top), (1, high), grid, dashed)
        page.box((x, top + high), (1, 4), letters.colour)
        page.text((x, top + high + 5), words.word(rng)[:5] if named else f"{i * step:g}", letters, "ma")
    page.text((left + wide / 2, top + high + 1.7 * letters.size), words.label(rng), letters, "ma")


def _rule(page: Canvas, corner: Point, extent: Point, colour: Colour, dashed: bool) -> None:
    if not dashed:
        page.box(corner, extent, colour)
        return
    for i in range(round(max(extent) / 6)):
        along = (6 * i, 0) if extent[0] > extent[1] else (0, 6 * i)
        page.box((corner[0] + along[0], corner[1] + along[1]), (min(extent[0], 3), min(extent[1], 3)), colour)


def _frame(page: Canvas, rng: random.Random, plot: Plot, colour: Colour) -> None:
    (left, top), (wide, high) = plot.corner, plot.extent
    if rng.random() < 0.4:
        page.box(plot.corner, (wide + 1, high + 1), None, colour, 1)
        return
    page.box((left, top + high), (wide + 1, 1), colour)
    page.box((left, top), (1, high), colour)


def _bars(page: Canvas, rng: random.Random, plot: Plot) -> None:
    groups, series = rng.randint(3, 12), min(len(plot.colours), rng.randint(1, 3))
    edge = ink(rng, page.paper) if rng.random() < 0.3 else None
    slot = plot.extent[0] / groups
    width = slot * rng.uniform(0.5, 0.95) / series
    for g in range(groups):
        for k in range(series):
            x, y = plot.place(0, rng.random())
            corner = (x + g * slot + (slot - series * width) / 2 + k * width, y)
            page.box(corner, (width, plot.corner[1] + plot.extent[1] - y), plot.colours[k], edge, 1)


def _series(rng: random.Random) -> list[Point]:
    """Draw one line's data in [0, 1]: a wave with a trend, or a random walk."""
    number, middle = rng.randint(4, 60), rng.uniform(0.2, 0.8)
    if rng.random() < 0.5:
        speed, phase, height = rng.uniform(1, 15), rng.random() * 6, rng.uniform(0.05, 0.3)
        ys = [middle + height * math.sin(speed * i / number + phase) for i in range(number)]
    else:
        ys = [middle]
        for _ in range(number - 1):
            ys.append(ys[-1] + rng.gauss(0, 0.3 / math.sqrt(number)))
    return [(i / (number - 1), min(max(y, 0.0), 1.0)) for i, y in enumerate(ys)]


def _lines(page: Canvas, rng: random.Random, plot: Plot) -> None:
    width, marked = rng.uniform(0.8, 2.5), rng.random() < 0.4
    for colour in plot.colours:
        points = [plot.place(*point) for point in _series(rng)]
        page.line(points, colour, width)
        for point in points if marked and len(points) < 25 else []:
            page.disk(point, (width + 1.2,) * 2, colour)


def _area(page: Canvas, rng: random.Random, plot: Plot) -> None:
    points = [plot.place(*point) for point in _series(rng)]
    page.area([plot.place(0, 0), *points, plot.place(1, 0)], between(page.paper, plot.colours[0], 0.4))


def _points(page: Canvas, rng: random.Random, plot: Plot) -> None:
    for colour in plot.colours[:3]:
        x, y, spread = rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8), rng.uniform(0.05, 0.2)
        radius, form = rng.uniform(1, 3.5), rng.choice(("disk", "ring", "box", "cross"))
        for _ in range(rng.randint(8, 60)):
            data = (min(max(rng.gauss(x, spread), 0), 1), min(max(rng.gauss(y, spread), 0), 1))
            _mark(page, plot.place(*data), radius, colour, form)


def _mark(page: Canvas, place: Point, radius: float, colour: Colour, form: str) -> None:
    x, y = place
    if form == "disk" or form == "ring":
        page.disk(place, (radius, radius), *((colour,) if form == "disk" else (None, colour)))
    elif form == "box":
        page.box((x - radius, y - radius), (2 * radius, 2 * radius), colour)
    else:
        for way in (-1, 1):
            page.line([(x - radius, y - way * radius), (x + radius, y + way * radius)], colour, 1)


def _slices(page: Canvas, rng: random.Random, plot: Plot, letters: Lettering) -> None:
    centre, radius = plot.place(0.5, 0.5), min(plot.extent) * 0.42
    colours, angle = palette(rng, rng.randint(3, 7)), rng.random() * 6
    shares = [rng.uniform(0.3, 1) for _ in colours]
    for colour, share in zip(colours, shares, strict=True):
        end = angle + 2 * math.pi * share / sum(shares)
        rim = curves.arc(centre, radius, angle, end)
        page.area([centre, *rim], colour, page.paper, 1.2)
        middle = curves.arc(centre, radius * 1.15, (angle + end) / 2, end)[0]
        page.text(middle, f"{100 * share / sum(shares):.0f}%", letters, "mm")
        angle = end


def _legend(page: Canvas, rng: random.Random, plot: Plot, letters: Lettering) -> None:
    names = [words.label(rng)[:14] for _ in plot.colours]
    wide = max(page.length(name, letters) for name in names) + 26
    high = 1.4 * letters.size * len(names) + 6
    x, y = (round(value) for value in plot.place(*rng.choice(((0.05, 0.95), (0.5, 0.95), (0.05, 0.4), (0.5, 0.4)))))
    if rng.random() < 0.7:
        page.box((x, y), (round(wide), round(high)), page.paper, between(page.paper, letters.colour, 0.4), 1)
    for i, (name, colour) in enumerate(zip(names, plot.colours, strict=True)):
        row = y + 3 + (i + 0.5) * 1.4 * letters.size
        page.box((x + 4, round(row) - 2), (14, rng.choice((2, 5))), colour)
        page.text((x + 22, row), name, letters, "lm")
