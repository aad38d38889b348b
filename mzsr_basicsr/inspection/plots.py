"""Plots of an inspection, as SVG elements for the page: curves by update, and the layers' movement."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mzsr_basicsr.inspection.results import Inspection
from mzsr_basicsr.inspection.signal_words import words_of
from mzsr_basicsr.pages.svg import INK, svg_text

_LOSS, _PSNR, _SON, _COPY = "#3b82d6", "#d9822b", "#3a9d6e", "#a86bc4"  # seen on white and on black
_MARKED = 40  # points; with more of them the curve has no dots
_POINTS_AN_INCH = 72
_LEAST_MOVE = 1e-7  # of the colour scale; layers that did not move are left empty


@dataclass(frozen=True)
class Plot:
    """An `<svg>` element; in its own units the abscissa of each shown update, and top and bottom of the axes."""

    svg: str
    places: list[float]
    top: float
    bottom: float


def plots_of(found: Inspection) -> list[Plot]:
    """Draw all: the loss; PSNR of the SR image, where it is known; PSNR on a copy, where there are any, and the son."""
    updates = found.updates
    plots = [_curve(found, words_of(found.manner.signal).title, [u.loss for u in updates], _LOSS)]
    if updates[0].psnr is not None:
        plots.append(_curve(found, "PSNR against the HR image, dB", [u.psnr or 0.0 for u in updates], _PSNR))
    if found.copy is not None:
        plots.append(_curve(found, "PSNR on the first copy, dB", [u.copy_psnr or 0.0 for u in updates], _COPY))
    plots.append(_curve(found, "PSNR on the son against the LR image, dB", [u.son_psnr for u in updates], _SON))
    return plots


def _curve(found: Inspection, title: str, values: Sequence[float], colour: str) -> Plot:
    figure = Figure(figsize=(5.0, 2.9))
    figure.set_label(f"{title}, by update")
    axes = figure.add_axes((0.15, 0.17, 0.82, 0.71))
    known = [value if math.isfinite(value) else math.nan for value in values]
    marker = "o" if len(known) <= _MARKED else ""
    axes.plot(range(len(known)), known, color=colour, linewidth=2, marker=marker, markersize=5)
    axes.axhline(known[0], color=INK, linewidth=0.8, linestyle=(0, (4, 4)), alpha=0.6)
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel("update", color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.grid(axis="y", color=INK, alpha=0.15, linewidth=0.8)
    _ink(axes)
    return _finished(figure, axes, found)


def heat_map(found: Inspection) -> Plot:
    """Draw layers by updates, coloured by the logarithm of the relative movement."""
    layers = found.layers()
    numbers = [number for number in found.sr if number]
    grid = np.array([[found.moved(number)[layer].relative or 0.0 for number in numbers] for layer in layers])
    figure = Figure(figsize=(9.0, 0.8 + 0.24 * len(layers)))
    figure.set_label("How far each layer moved, by update")
    margin, left = 0.55 / figure.get_figheight(), min(0.4, 0.02 + 0.009 * max(map(len, layers)))
    axes = figure.add_axes((left, margin, 0.88 - left, 1 - 1.2 * margin))
    largest = max(float(grid.max()), _LEAST_MOVE)
    smallest = max(min((float(v) for v in grid.flat if v > 0), default=largest), largest * 1e-4)
    norm = LogNorm(smallest * 0.999, largest * 1.001)
    shown = np.ma.masked_less_equal(grid, 0)
    mesh = axes.pcolormesh(np.arange(len(numbers) + 1), np.arange(len(layers) + 1), shown, norm=norm, cmap="viridis")
    axes.set_yticks(np.arange(len(layers)) + 0.5, layers, fontfamily="monospace", fontsize=9)
    step = max(1, math.ceil(len(numbers) / 12))
    axes.set_xticks(np.arange(len(numbers))[::step] + 0.5, [str(number) for number in numbers[::step]])
    axes.invert_yaxis()
    axes.set_xlabel("update", color=INK)
    bar = figure.colorbar(mesh, cax=figure.add_axes((0.9, margin, 0.02, 1 - 1.2 * margin)))
    bar.ax.yaxis.set_major_formatter(FuncFormatter(_per_cent))
    bar.ax.yaxis.set_minor_formatter(FuncFormatter(lambda value, place: ""))
    bar.outline.set_visible(False)  # type: ignore[operator]
    for each in (axes, bar.ax):
        _ink(each)
    return Plot(svg_text(figure), [], 0, 0)


def _per_cent(value: float, place: int | None) -> str:
    return f"{100 * value:.3g} %"


def _ink(axes: Axes) -> None:
    """Draw all that is not data in the ink that the page replaces by its own."""
    axes.tick_params(which="both", color=INK, labelcolor=INK, labelsize=9)
    for name, spine in axes.spines.items():
        spine.set_color(INK)
        spine.set_linewidth(0.8)
        spine.set_visible(name in ("left", "bottom"))


def _finished(figure: Figure, axes: Axes, found: Inspection) -> Plot:
    units = _POINTS_AN_INCH / figure.dpi
    height = figure.get_figheight() * _POINTS_AN_INCH
    svg = svg_text(figure)  # which also settles the limits
    places = [float(axes.transData.transform((number, axes.get_ylim()[0]))[0]) * units for number in found.sr]
    box = axes.get_position()
    return Plot(svg, places, height * (1 - box.y1), height * (1 - box.y0))
