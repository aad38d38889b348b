"""Plots as matplotlib draws them, in its own fonts: whole pages, of which windows are cut."""

import random
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mzsr_basicsr.data.drawn import words
from mzsr_basicsr.data.drawn.canvas import FINE, Canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAGES = 200  # that a process draws, each at its first use: a page takes longer than all other kinds together
PAGE = 448  # px, the least side of a page
STYLES = ("default", "default", "default", "ggplot", "bmh", "dark_background", "grayscale", "seaborn-v0_8", "classic")


def draw_plot(canvas: Canvas, rng: random.Random) -> None:
    """Fill a sheet, one drawn px to each, with a window of a page."""
    extent = max(PAGE, canvas.side)
    packed = _page(rng.randrange(PAGES), extent)
    page = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(extent, extent, 3)
    top, left = (rng.randint(0, extent - canvas.side) for _ in range(2))
    canvas.image.paste(Image.fromarray(page[top : top + canvas.side, left : left + canvas.side]))


@lru_cache(maxsize=PAGES)
def _page(number: int, extent: int) -> bytes:
    """Draw a page: (extent, extent, 3) uint8, packed, as most of it is flat. It is a function of its number."""
    import matplotlib.style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rng = random.Random(number)
    fine = FINE if rng.random() < 0.5 else 1
    dpi = rng.uniform(55, 130)
    with matplotlib.style.context(rng.choice(STYLES)):
        figure = Figure(figsize=(extent / dpi, extent / dpi), dpi=dpi * fine)
        sheet = FigureCanvasAgg(figure)
        rows, columns = rng.choice(((1, 1), (1, 1), (2, 1), (1, 2), (2, 2)))
        for axes in figure.subplots(rows, columns, squeeze=False).flat:
            _fill(axes, rng)
        figure.subplots_adjust(wspace=0.35, hspace=0.4)
        sheet.draw()
    drawn = Image.fromarray(np.asarray(sheet.buffer_rgba())[..., :3])
    whole = drawn.resize((extent * fine, extent * fine)).reduce(fine) if fine > 1 else drawn.resize((extent, extent))
    return zlib.compress(whole.tobytes(), 1)


def _fill(axes: "Axes", rng: random.Random) -> None:
    numbers = np.random.default_rng(rng.getrandbits(32))
    ways: tuple[Callable[[Axes, random.Random, np.random.Generator], None], ...]
    ways = (_walks, _walks, _waves, _columns, _cloud, _levels)
    rng.choice(ways)(axes, rng, numbers)
    axes.set_title(words.label(rng), fontsize=rng.uniform(8, 13))
    axes.set_xlabel(words.label(rng))
    axes.set_ylabel(words.label(rng))
    axes.tick_params(labelsize=rng.uniform(6, 11))
    if rng.random() < 0.6:
        axes.grid(True, linestyle=rng.choice(("-", "--", ":")), linewidth=rng.uniform(0.4, 1))
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc=rng.choice(("upper right", "upper left", "lower right", "best")), fontsize=rng.uniform(6, 10))


def _walks(axes: "Axes", rng: random.Random, numbers: np.random.Generator) -> None:
    for _ in range(rng.randint(1, 5)):
        heights = numbers.normal(size=rng.randint(10, 80)).cumsum()
        axes.plot(heights, label=words.word(rng), linewidth=rng.uniform(0.6, 2.2), marker=rng.choice((None, "o", ".")))


def _waves(axes: "Axes", rng: random.Random, numbers: np.random.Generator) -> None:
    x = np.linspace(0, 10, 200)
    for _ in range(rng.randint(1, 4)):
        y = np.exp(-x * rng.uniform(0, 0.3)) * np.sin(x * rng.uniform(0.5, 4) + rng.random() * 6)
        line = axes.plot(x, y, rng.choice(("-", "--", ":", "-.")), label=words.word(rng), linewidth=rng.uniform(0.6, 2))
        if rng.random() < 0.3:
            axes.fill_between(x, y - 0.2, y + 0.2, alpha=0.3, color=line[0].get_color())


def _columns(axes: "Axes", rng: random.Random, numbers: np.random.Generator) -> None:
    number = rng.randint(3, 15)
    heights = numbers.random(number)
    errors = 0.1 * numbers.random(number) if rng.random() < 0.4 else None
    if rng.random() < 0.7:
        axes.bar(np.arange(number), heights, yerr=errors, edgecolor=rng.choice((None, "black")), label=words.word(rng))
    else:
        axes.barh([words.word(rng) for _ in range(number)], heights, height=rng.uniform(0.4, 0.9))


def _cloud(axes: "Axes", rng: random.Random, numbers: np.random.Generator) -> None:
    for _ in range(rng.randint(1, 3)):
        x, y = numbers.normal(rng.random() * 4, 1, (2, rng.randint(20, 150)))
        axes.scatter(x, y, s=rng.uniform(4, 40), marker=rng.choice("o.xs^+"), label=words.word(rng))


def _levels(axes: "Axes", rng: random.Random, numbers: np.random.Generator) -> None:
    x, y = np.meshgrid(np.linspace(-3, 3, 60), np.linspace(-3, 3, 60))
    field = np.sin(x * rng.uniform(0.5, 2)) + np.cos(y * rng.uniform(0.5, 2) + x * rng.random())
    if rng.random() < 0.4:
        axes.contourf(x, y, field, rng.randint(4, 12))
    else:
        lines = axes.contour(x, y, field, rng.randint(5, 14), linewidths=rng.uniform(0.5, 1.5))
        axes.clabel(lines, fontsize=rng.uniform(5, 8))
