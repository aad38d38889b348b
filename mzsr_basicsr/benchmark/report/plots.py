"""Pictures of a benchmark: PSNR against time, and against the number of updates (needs matplotlib)."""

import io
import math
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from mzsr_basicsr.benchmark.report.labels import Label, place
from mzsr_basicsr.benchmark.report.points import Points, average, by_method, method_numbers, with_several
from mzsr_basicsr.benchmark.results import Results
from mzsr_basicsr.pages import write_whole
from mzsr_basicsr.pages.svg import INK, svg_bytes, svg_text

__all__ = ["psnr_against_seconds", "psnr_against_updates", "save_plots", "svg_text"]

# Okabe and Ito's colours for all kinds of colour vision, without black (ink) and yellow (too faint on white)
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_MARKERS = ("o", "s", "D", "^", "v", "P", "X")
_WIDTH, _HEIGHT, _FONT = 4.6, 3.6, 11  # inches and points: on a phone one point is about one pixel
_ROOMY, _MORE = 6, 0.2  # labels that the height suffices for, inches for each further one
_LINEAR, _TICKS = 20, 8  # most updates on an even axis; most ticks that stand at the updates themselves
_DPI = 200


def psnr_against_seconds(results: Results) -> Figure:
    """Draw PSNR against seconds for an image: a point for each column, numbers of updates of a method joined.

    PSNR is the mean over kernels and sets, time the mean over images; only kernels and sets count that all columns
    have, and the axis says so if any is left out.

    Args:
        results: the benchmark.

    Returns:
        A figure of 4.6 inches width; a column's heading stands at its point.
    """
    found = average(results)
    figure, axes = _figure("PSNR against seconds for an image", len(found.points))
    methods = by_method(found.points)
    lines = {name: np.array([(p.seconds, p.psnr) for p in mine]) for name, mine in methods.items()}
    _draw(axes, results, lines)
    axes.set_xscale("log")
    seconds = [p.seconds for p in found.points] or [1.0]
    wide = math.log10(max(seconds) / min(seconds)) > 2
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    _finish(figure, axes, "seconds for an image (mean)", found)
    labels = [Label(p.seconds, p.psnr, p.column) for p in found.points]
    place(axes, labels, list(lines.values()), INK, _FONT)
    return figure


def psnr_against_updates(results: Results) -> Figure | None:
    """Draw PSNR against the number of updates, for methods with at least two numbers of them; None without any.

    PSNR itself, not its gain: methods start from very different heights, and what counts is where they arrive.

    Args:
        results: the benchmark.
    """
    several = with_several(average(results).points)
    found = average(results, [p.column for p in several])
    methods = by_method(found.points)
    if not methods:
        return None
    figure, axes = _figure("PSNR against updates on an image", len(methods))
    lines = {name: np.array([(p.updates or 0, p.psnr) for p in mine]) for name, mine in methods.items()}
    _draw(axes, results, lines)
    _updates_axis(axes, sorted({float(p.updates or 0) for p in found.points}))
    _finish(figure, axes, "gradient updates on the image", found)
    # the label stands at the last point; the others are kept free of labels
    texts = {name: [""] * (len(line) - 1) + [name] for name, line in lines.items()}
    labels = [Label(x, y, text) for name in lines for (x, y), text in zip(lines[name], texts[name], strict=True)]
    place(axes, labels, list(lines.values()), INK, _FONT)
    return figure


def save_plots(results: Results, folder: Path) -> list[Path]:
    """Write each picture as SVG and as PNG, on white.

    Args:
        results: the benchmark.
        folder: made if it is not there.

    Returns:
        The files; without those of `psnr_against_updates` if no method has two numbers of updates.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "psnr_against_seconds": psnr_against_seconds(results),
        "psnr_against_updates": psnr_against_updates(results),
    }
    contents = {
        folder / f"{name}.{suffix}": write(figure)
        for name, figure in figures.items()
        if figure is not None
        for suffix, write in (("svg", svg_bytes), ("png", _png))
    }
    for path, content in contents.items():
        write_whole(content, path)
    return list(contents)


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DPI, metadata={"Software": None})
    return stream.getvalue()


def _figure(label: str, labels: int) -> tuple[Figure, Axes]:
    height = _HEIGHT + _MORE * max(0, labels - _ROOMY)
    figure = Figure(figsize=(_WIDTH, height), label=label, layout="constrained", facecolor="white")
    return figure, figure.add_subplot(facecolor="none")


def _draw(axes: Axes, results: Results, lines: dict[str, np.ndarray]) -> None:
    """Draw each method's (N, 2) corners."""
    numbers = method_numbers(results)
    for name, line in lines.items():
        axes.plot(
            line[:, 0],
            line[:, 1],
            color=_COLOURS[numbers[name] % len(_COLOURS)],
            marker=_MARKERS[numbers[name] % len(_MARKERS)],
            markersize=8,
            markeredgecolor=INK,
            markeredgewidth=0.7,
            linewidth=1.6,
        )


def _updates_axis(axes: Axes, updates: list[float]) -> None:
    if updates[-1] > _LINEAR:
        axes.set_xscale("symlog", linthresh=1)
    if len(updates) <= _TICKS:
        axes.set_xticks(updates)


def _finish(figure: Figure, axes: Axes, below: str, found: Points) -> None:
    """Name the axes, colour them, and fix the layout, as labels need it."""
    left_out = "" if found.cells == found.of else f"\n({found.cells} of {found.of} kernels and sets: those all have)"
    axes.set_xlabel(below, fontsize=_FONT, color=INK)
    axes.set_ylabel(f"mean PSNR, dB{left_out}", fontsize=_FONT, color=INK)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.tick_params(colors=INK, labelsize=_FONT - 1)
    axes.grid(color=INK, alpha=0.15, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
    axes.margins(0.08, 0.12)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
