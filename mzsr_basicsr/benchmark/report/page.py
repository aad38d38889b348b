"""The benchmark as one HTML file: tables, plots, kernels and a gallery, with nothing to load from anywhere."""

import math
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import torch
from markupsafe import Markup

from mzsr_basicsr.benchmark.gains import adapted_columns
from mzsr_basicsr.benchmark.report.bootstrap import significance
from mzsr_basicsr.benchmark.report.gain_table import HOW, gain_rows, spell
from mzsr_basicsr.benchmark.report.gallery import Gallery, as_json, gather
from mzsr_basicsr.benchmark.report.gallery_pictures import BRIGHTEST, bar_colours
from mzsr_basicsr.benchmark.report.grid import DASH, Grid, costs, grid, number
from mzsr_basicsr.benchmark.report.intervals import interval_rows
from mzsr_basicsr.benchmark.report.plots import psnr_against_seconds, psnr_against_updates, svg_text
from mzsr_basicsr.benchmark.results import Measure, Results, TestKernel, metric_title
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.kernel_tools.picture import draw_kernel
from mzsr_basicsr.pages import png_uri, render, write_whole

__all__ = ["write_page"]

_FILES = ("results.csv", "results.json", "table.md", "table.tex")
_KERNEL_SIDE = 300  # px, about, of a drawing; shown at half of it


def write_page(results: Results, folder: Path, reference: str | None = None, budget_mb: float = 24.0) -> Path:
    """Write `index.html` into a folder: one file that needs no network and no other file to be read.

    Args:
        results: the benchmark.
        folder: where its pictures lie, and where the page goes; must be there.
        reference: column that significance is told of; None takes the last, and none where there is only one.
        budget_mb: most that the page may take, in MB (10^6 bytes); the gallery shows as many images as fit. A page
            that is longer without any image is written nevertheless.

    Returns:
        Path of the page.

    Raises:
        ConfigError: the budget is negative or not finite, there is no such column, or the folder cannot be written.
    """
    if not (math.isfinite(budget_mb) and budget_mb >= 0):
        raise ConfigError(f"page: budget_mb is {budget_mb}; it must be a number of megabytes, 0 or more")
    values = _values(results, folder, reference)
    bare = _fill(values, Gallery([], [], len(results.sources)), len(results.sources))
    gallery = gather(results, folder, int(budget_mb * 1e6) - len(bare.encode("utf-8", "backslashreplace")))
    path = folder / "index.html"
    try:
        write_whole(_fill(values, gallery, len(gallery.images)), path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot write the page ({error.strerror or error}); choose another folder"
        ) from error
    return path


def _fill(values: dict[str, Any], gallery: Gallery, shown: int) -> str:
    data = {"uris": gallery.uris, "images": gallery.images}
    return render(
        "benchmark.html.j2", **values, gallery=Markup(as_json(data)), shown=shown, total=gallery.total
    )  # as_json leaves nothing to escape


def _values(results: Results, folder: Path, reference: str | None) -> dict[str, Any]:
    """Gather all that the template names but the gallery."""
    if reference is None and len(results.columns) > 1:
        reference = results.columns[-1]
    table = grid(results)
    rest = [grid(results, [metric]) for metric in results.metrics[2:]]
    return {
        "results": results,
        "summary": _summary(results, table),
        "made": _made(results),
        "grids": [(" / ".join(metric_title(results, m) for m in g.metrics), g) for g in (table, *rest)],
        "gains": gain_rows(results),
        "gained": {"columns": [column for column, *_ in adapted_columns(results)], "spell": spell, "how": HOW},
        "costs": {cost.column: cost for cost in costs(results)},
        "metric_title": partial(metric_title, results),
        "megabytes": _megabytes,
        "files": _FILES,
        "example": " ".join(results.sources[0].image.split()[:1]) if results.sources else "",
        "measures": Markup(as_json([_line(results, m) for m in results.measures])),
        "plots": _plots(results),
        "reference": reference,
        "significance": interval_rows(significance(results, reference)) if reference is not None else [],
        "kernels": [(kernel, _drawing(kernel)) for kernel in results.kernels],
        "place": folder.resolve().name or str(folder),
        "ramp": bar_colours(),
        "brightest": BRIGHTEST,
    }


def _megabytes(amount: float | None) -> str:
    return DASH if amount is None else f"{amount:.0f}"


def _summary(results: Results, table: Grid) -> str:
    """Say in a line what was done, how long it took, and who is best."""
    images = len({(s.dataset, s.image) for s in results.sources})
    given = [_count(images, "image"), _count(len(results.datasets), "set"), _count(len(results.kernels), "kernel")]
    seconds = _duration(_spent(results.measures))
    made = f"{_count(len(results.columns), 'column')}, {_count(len(results.measures), 'SR image')} in {seconds}"
    parts = [f"{given[0]} of {given[1]} under {given[2]}; {made}."]
    wins = {
        heading.text: sum(row.cells[place].rank == 1 for row in table.rows)
        for place, heading in enumerate(table.columns)
        if not heading.published
    }
    if wins and (most := max(wins.values())):
        best = " and ".join(column for column, rows in wins.items() if rows == most)
        parts.append(f"Best PSNR in {most} of {_count(len(table.rows), 'row')}: {best}.")
    return " ".join(parts)


def _spent(measures: list[Measure]) -> float:
    """Sum up the seconds of all methods; a method's longest run on an image holds its shorter ones."""
    longest: dict[tuple[str, str, str, str], float] = {}
    for m in measures:
        key = (m.method, m.dataset, m.kernel, m.image)
        longest[key] = max(m.seconds, longest.get(key, 0.0))
    return sum(longest.values())


def _made(results: Results) -> str:
    """Say when and with what, as far as that is known."""
    date = [results.about["date"]] if "date" in results.about else []
    versions = [
        f"{name} {results.about[name]}" for name in ("mzsr_basicsr", "torch", "python") if name in results.about
    ]
    return " · ".join(date + versions)


def _count(number_of: int, what: str) -> str:
    return f"{number_of} {what}{'s' * (number_of != 1)}"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _line(results: Results, m: Measure) -> list[str]:
    """Spell a measure out for the table of all: names, figures, seconds, MB, and the address of the picture."""
    values = [number(m.values.get(metric), metric) for metric in results.metrics]
    return [
        *(m.dataset, m.kernel, m.image, m.column),
        *values,
        f"{m.seconds:.3f}",
        _megabytes(m.peak_mb),
        "./" + quote(m.picture),
    ]


def _plots(results: Results) -> list[tuple[str, Markup]]:
    """Draw the plots there are, as titles and SVG elements."""
    figures = {
        "Mean PSNR against seconds an image": psnr_against_seconds(results),
        "Mean PSNR against the number of updates": psnr_against_updates(results),
    }
    return [(title, Markup(svg_text(figure))) for title, figure in figures.items() if figure is not None]


def _drawing(kernel: TestKernel) -> str:
    """Draw a kernel as a data URI; empty for one without weights."""
    if not kernel.weights:
        return ""
    weights = torch.tensor(kernel.weights, dtype=torch.float64)
    cell = max(1, _KERNEL_SIDE // len(weights))  # px; whole squares leave no margin
    return png_uri(draw_kernel(weights, cell * len(weights)))
