"""One point for each column of a benchmark: mean time and mean PSNR, over the same images for all."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mzsr_basicsr.benchmark.results import Results, mean, select

__all__ = ["Point", "Points", "average", "by_method", "method_numbers", "with_several"]

_SHORTEST = 1e-4  # seconds; a log axis has no 0


class Point(NamedTuple):
    """A column: mean seconds for an image, and PSNR in dB, the mean over kernels and sets."""

    column: str
    method: str
    updates: int | None
    seconds: float
    psnr: float


class Points(NamedTuple):
    """Points that can be compared, in the order of the columns.

    Attributes:
        points: those of columns with a figure.
        cells: how many (kernel, set) they stand for.
        of: how many there are.
    """

    points: list[Point]
    cells: int
    of: int


def average(results: Results, columns: Sequence[str] | None = None) -> Points:
    """Average columns over the kernels and sets that all of them have.

    Args:
        results: the benchmark.
        columns: which ones; None takes all. One without any figure is left out and holds nothing up.
    """
    keys = [(d, k.name) for k in results.kernels for d in results.datasets]
    chosen = results.columns if columns is None else columns
    means = {column: by for column in chosen if (by := _means(results, column, keys))}
    common = [key for key in keys if means and all(key in by for by in means.values())]
    found = [_point(results, column, by, common) for column, by in means.items()] if common else []
    return Points(found, len(common), len(keys))


def with_several(points: Iterable[Point]) -> list[Point]:
    """Keep the points of methods that have at least two numbers of updates."""
    counted = [p for p in points if p.updates is not None]
    return [p for p in counted if len({q.updates for q in counted if q.method == p.method}) > 1]


def by_method(points: Sequence[Point]) -> dict[str, list[Point]]:
    """Group points by method, each in the order of updates."""
    methods = dict.fromkeys(p.method for p in points)
    return {m: sorted((p for p in points if p.method == m), key=lambda p: p.updates or 0) for m in methods}


def method_numbers(results: Results) -> dict[str, int]:
    """Number the methods in the order of the columns, so that each looks the same in every picture."""
    methods = {m.column: m.method for m in results.measures}
    ordered = dict.fromkeys(methods[column] for column in results.columns if column in methods)
    return {method: number for number, method in enumerate(ordered)}


def _means(results: Results, column: str, keys: list[tuple[str, str]]) -> dict[tuple[str, str], float]:
    found = {(d, k): mean(results, d, k, column, "psnr") for d, k in keys}
    return {key: value for key, value in found.items() if value is not None and math.isfinite(value)}


def _point(results: Results, column: str, means: dict[tuple[str, str], float], common: list[tuple[str, str]]) -> Point:
    measures = [m for key in common for m in select(results.measures, *key, column)]
    seconds = sum(m.seconds for m in measures) / len(measures)
    psnr = sum(means[key] for key in common) / len(common)
    return Point(column, measures[0].method, measures[0].updates, max(seconds, _SHORTEST), psnr)
