"""Is one column better than another, or were the images kind to it: paired bootstrap over images."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from mzsr_basicsr.benchmark.report.grid import DASH
from mzsr_basicsr.benchmark.report.tables import escape, pipes
from mzsr_basicsr.benchmark.results import Results
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.strict import nearest

__all__ = ["Difference", "Line", "compare", "significance", "significance_markdown"]

RESAMPLES = 10_000
_BLOCK = 1_000_000  # images drawn at once, 8 MB
_DECIMALS = 12  # of a mean: what is left of 0 after rounding errors counts as 0
_Pairs = dict[tuple[str, str, str], float]  # first minus second by (dataset, kernel, image)


class Difference(NamedTuple):
    """Mean difference, first minus second, in the metric's unit.

    Attributes:
        mean: over the pairs.
        low: lower end of the 95 % interval; nan for fewer than 2 images.
        high: its upper end.
        p: two-sided, in (0, 1].
        images: images that were drawn from.
    """

    mean: float
    low: float
    high: float
    p: float
    images: int


class Line(NamedTuple):
    """The reference column against another one; kernel and dataset are None where everything is pooled."""

    reference: str
    other: str
    kernel: str | None
    dataset: str | None
    metric: str
    difference: Difference


def compare(first: Sequence[float], second: Sequence[float], seed: int = 0, resamples: int = RESAMPLES) -> Difference:
    """Compare two methods on the same images.

    Images are drawn with replacement, both methods' values of an image together; the interval holds the middle 95 %
    of the drawn means. p is twice the smaller of the shares of means at or below 0 and at or above 0, at most 1; one
    is added to count and total, so that it is never 0. With few images the interval is too narrow and p too small:
    of 5 normal differences the interval holds the truth in about 85 % of all cases.

    Args:
        first: one value for each image, finite.
        second: the other method's values, in the same order.
        seed: of the draws.
        resamples: how many times to draw.

    Raises:
        ConfigError: no image, unequal lengths, a value that is not finite, or no resamples.
    """
    if len(first) != len(second) or not len(first):
        raise ConfigError(f"bootstrap: {len(first)} and {len(second)} values; give both methods' value of every image")
    values = np.array([first, second], dtype=np.float64)
    if not np.isfinite(values).all():
        raise ConfigError("bootstrap: a value is not finite; leave that image out")
    differences = values[0] - values[1]
    return _bootstrap(differences, np.ones(len(differences)), seed, resamples)


def significance(results: Results, reference: str, metric: str = "psnr", seed: int = 0) -> list[Line]:
    """Compare a column with every other measured one, on each kernel and set, and pooled over everything.

    Only images that both columns have count, and none whose difference is not finite (an image restored exactly has
    an infinite PSNR). A pooled line draws images, each with all its kernels together: the same image under several
    kernels is easy or hard under all of them, so that drawing each kernel by itself would count one piece of evidence
    many times and make the interval too narrow. Its mean gives every (image, kernel) the same weight.

    Args:
        results: the benchmark.
        reference: the column that the others are subtracted from.
        metric: name of the metric.
        seed: of the draws.

    Returns:
        For each other column, one line for each kernel and set that has a pair, then the pooled line.

    Raises:
        ConfigError: there is no such column or metric.
    """
    for word, known in ((reference, results.columns), (metric, results.metrics)):
        if word not in known:
            raise ConfigError(f"significance: {word!r}: not in the benchmark; {nearest(word, known)}")
    others = [column for column in results.columns if column != reference]
    return [line for other in others for line in _lines(results, reference, other, metric, seed)]


def significance_markdown(lines: list[Line]) -> str:
    """Lay lines out as a Markdown table, pooled ones first, and say below how to read it; "" without lines."""
    if not lines:
        return ""
    head = ["minus", "kernel", "set", "difference", "95 % interval", "p", "images"]
    pooled_first = sorted(lines, key=lambda line: line.kernel is not None)
    table = pipes([head, [*["---"] * 3, *["---:"] * 4], *map(_row, pooled_first)])
    how = (
        "Mean difference over paired images, with a bootstrap over images (pooled: over images with all their kernels "
        "together). p is two-sided and not corrected for the number of lines; with few images (Set5 has 5) the "
        "interval is too narrow and p too small."
    )
    title = f"{lines[0].metric.upper()} of {escape(lines[0].reference)}, minus that of each other column:"
    return f"{title}\n\n{table}\n\n{how}\n"


def _bootstrap(sums: np.ndarray, counts: np.ndarray, seed: int, resamples: int) -> Difference:
    """Draw clusters: sums and counts are (n,) float64, the sum of a cluster's differences and how many it has."""
    if resamples < 1:
        raise ConfigError(f"bootstrap: resamples is {resamples}; it must be at least 1")
    mean, n = float(np.divide(sums.sum(), counts.sum())), len(sums)
    if n < 2:
        return Difference(mean, math.nan, math.nan, 1.0, n)
    drawn = _draw(sums, counts, seed, resamples)
    low, high = np.quantile(drawn, [0.025, 0.975])
    tail = min((drawn <= 0).sum(), (drawn >= 0).sum())
    return Difference(mean, float(low), float(high), min(1.0, float(2 * (tail + 1) / (resamples + 1))), n)


def _draw(sums: np.ndarray, counts: np.ndarray, seed: int, resamples: int) -> np.ndarray:
    """Draw the means of resamples, in blocks that fit into little memory."""

    def mean(sums: np.ndarray, counts: np.ndarray, axis: int) -> np.ndarray:
        return np.round(sums.sum(axis) / counts.sum(axis), _DECIMALS)

    how = {"paired": True, "vectorized": True, "method": "percentile", "rng": np.random.default_rng(seed)}
    found = stats.bootstrap((sums, counts), mean, n_resamples=resamples, batch=max(1, _BLOCK // len(sums)), **how)
    return np.asarray(found.bootstrap_distribution)


def _lines(results: Results, reference: str, other: str, metric: str, seed: int) -> Iterator[Line]:
    pairs = _pairs(results, reference, other, metric)
    for kernel in (k.name for k in results.kernels):
        for dataset in results.datasets:
            cell = np.array([value for key, value in pairs.items() if key[:2] == (dataset, kernel)])
            if len(cell):
                difference = _bootstrap(cell, np.ones(len(cell)), seed, RESAMPLES)
                yield Line(reference, other, kernel, dataset, metric, difference)
    if pairs:
        yield Line(reference, other, None, None, metric, _bootstrap(*_clusters(pairs), seed, RESAMPLES))


def _pairs(results: Results, reference: str, other: str, metric: str) -> _Pairs:
    """Subtract the other column's value from the reference's, wherever both have a finite one."""
    columns: dict[str, _Pairs] = {reference: {}, other: {}}
    for m in results.measures:
        if m.column in columns and math.isfinite(m.values.get(metric, math.nan)):
            columns[m.column][m.dataset, m.kernel, m.image] = m.values[metric]
    return {key: value - columns[other][key] for key, value in columns[reference].items() if key in columns[other]}


def _clusters(pairs: _Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Gather an image's kernels: (n,) sums of differences and (n,) counts."""
    images: dict[tuple[str, str], list[float]] = {}
    for (dataset, _, image), value in pairs.items():
        images.setdefault((dataset, image), []).append(value)
    return np.array([sum(v) for v in images.values()]), np.array([float(len(v)) for v in images.values()])


def _row(line: Line) -> list[str]:
    d = line.difference
    where = [escape(line.kernel or "all"), escape(line.dataset or "all, pooled")]
    interval = DASH if math.isnan(d.low) else f"{_signed(d.low, line)} to {_signed(d.high, line)}"
    return [escape(line.other), *where, _signed(d.mean, line), interval, f"{d.p:.4f}", str(d.images)]


def _signed(value: float, line: Line) -> str:
    return f"{value:+.{2 if line.metric == 'psnr' else 4}f}"
