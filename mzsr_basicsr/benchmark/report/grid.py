"""The benchmark's table before it is laid out: rows, columns, means, ranks and the paper's own figures."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mzsr_basicsr.benchmark import published
from mzsr_basicsr.benchmark.results import Results, mean

__all__ = ["DAGGER", "DASH", "Cell", "Cost", "Grid", "Heading", "Row", "costs", "grid", "number"]

DAGGER, DASH = "†", "–"
_DECIMALS = {"psnr": 2, "niqe": 2}
_NOTE = f"{DAGGER} published in the paper, not measured here; all other columns were measured now"


@dataclass(frozen=True)
class Heading:
    """A column.

    Attributes:
        text: its heading, without the dagger.
        published: the paper's figures, not measured ones.
    """

    text: str
    published: bool

    @property
    def marked(self) -> str:
        """The heading, with a dagger if published."""
        return self.text + DAGGER * self.published


@dataclass(frozen=True)
class Cell:
    """One column of one row.

    Attributes:
        values: mean over the set's images by metric of the grid, in its order; None where there is no figure.
        text: the values as the paper prints them, "36.05/.9439"; a dash where there is none.
        rank: 1 for the best and 2 for the second best measured cell of the row, None for all others.
        published: the paper's figure, not a measured one.
    """

    values: tuple[float | None, ...]
    text: str
    rank: int | None
    published: bool


@dataclass(frozen=True)
class Row:
    """One kernel on one data set.

    Attributes:
        kernel: its name.
        dataset: its name.
        first: first row of its kernel.
        cells: in the order of the grid's columns.
    """

    kernel: str
    dataset: str
    first: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        metrics: what each cell holds, the first decides ranks.
        columns: measured ones first, then published ones.
        rows: kernel by kernel, the sets inside.
        notes: lines to print below the table, without a full stop.
    """

    metrics: tuple[str, ...]
    columns: tuple[Heading, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


class Cost(NamedTuple):
    """What a column took: mean seconds for an image, most MB (10^6 bytes; None: not known), images that came out."""

    column: str
    seconds: float
    peak_mb: float | None
    images: int


def grid(results: Results, metrics: Sequence[str] | None = None) -> Grid:
    """Arrange the means of some metrics.

    Args:
        results: the benchmark.
        metrics: names of metrics; None takes the first two there are.

    Returns:
        A row for each kernel and data set. A cell counts only if all images of its set came out. Ranks go by the
        first metric as it is printed, so that equal figures share a rank; the next figure takes the next rank. A row
        with a single measured figure has no ranks. Published columns without any figure here are left out.

    Raises:
        ConfigError: `results.published` is no table.
    """
    chosen = tuple(results.metrics[:2] if metrics is None else metrics)
    headings = [Heading(c, published=False) for c in results.columns] + _published_headings(results, chosen)
    keys = [(k.name, d) for k in results.kernels for d in results.datasets]
    rows = [_row(results, chosen, headings, kernel, dataset) for kernel, dataset in keys]
    return Grid(chosen, tuple(headings), tuple(rows), tuple(_notes(results, headings)))


def costs(results: Results) -> list[Cost]:
    """Sum up time and memory of every column that has a measure."""
    found = {c: [m for m in results.measures if m.column == c] for c in results.columns}
    return [
        Cost(c, sum(m.seconds for m in measures) / len(measures), _most([m.peak_mb for m in measures]), len(measures))
        for c, measures in found.items()
        if measures
    ]


def number(value: float | None, metric: str) -> str:
    """Print a metric as the paper does: PSNR with two decimals, SSIM with four and no leading zero."""
    if value is None or math.isnan(value):
        return DASH
    text = f"{_rounded(value, metric):.{_DECIMALS.get(metric, 4)}f}"
    return re.sub(r"^(-?)0\.", r"\1.", text) if metric == "ssim" else text


def _most(amounts: list[float | None]) -> float | None:
    return max((a for a in amounts if a is not None), default=None)


def _rounded(value: float, metric: str) -> float:
    return round(value, _DECIMALS.get(metric, 4)) + 0.0  # no -0


def _row(results: Results, metrics: tuple[str, ...], headings: list[Heading], kernel: str, dataset: str) -> Row:
    found = [_values(results, metrics, h, kernel, dataset) for h in headings]
    measured = [None if h.published else values[0] for h, values in zip(headings, found, strict=True)]
    cells = [
        Cell(values, _text(values, metrics), rank, h.published)
        for h, values, rank in zip(
            headings, found, _ranks(measured, metrics[0], metrics[0] in results.lower_is_better), strict=True
        )
    ]
    return Row(kernel, dataset, dataset == results.datasets[0], tuple(cells))


def _values(
    results: Results, metrics: tuple[str, ...], heading: Heading, kernel: str, dataset: str
) -> tuple[float | None, ...]:
    if not heading.published:
        return tuple(mean(results, dataset, kernel, heading.text, metric) for metric in metrics)
    figure = published.figure(str(results.published), dataset, kernel, heading.text)
    known = figure._asdict() if figure else {}
    return tuple(known.get(metric) for metric in metrics)


def _text(values: tuple[float | None, ...], metrics: tuple[str, ...]) -> str:
    if all(value is None for value in values):
        return DASH
    return "/".join(number(value, metric) for value, metric in zip(values, metrics, strict=True))


def _ranks(values: list[float | None], metric: str, lower: bool) -> list[int | None]:
    printed = [None if v is None or math.isnan(v) else _rounded(v, metric) for v in values]
    order = sorted({v for v in printed if v is not None}, reverse=not lower)
    single = sum(v is not None for v in printed) < 2
    places = {} if single else {value: place for place, value in enumerate(order[:2], 1)}
    return [None if v is None else places.get(v) for v in printed]


def _published_headings(results: Results, metrics: tuple[str, ...]) -> list[Heading]:
    if results.published is None:
        return []
    headings = [Heading(c, published=True) for c in published.columns(results.published)]
    keys = [(k.name, d) for k in results.kernels for d in results.datasets]
    return [h for h in headings if any(v is not None for key in keys for v in _values(results, metrics, h, *key))]


def _notes(results: Results, headings: list[Heading]) -> list[str]:
    if not any(h.published for h in headings):
        return []
    keys = [(d, k.name) for k in results.kernels for d in results.datasets]
    remarks = [published.remark(str(results.published), *key) for key in keys]
    return [_NOTE, *(f"{DAGGER} {remark}" for remark in remarks if remark)]
