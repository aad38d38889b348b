"""Lines of significance as the page draws them: texts, and places on an axis that all lines share."""

import math
from dataclasses import dataclass

from mzsr_basicsr.benchmark.report.bootstrap import Line
from mzsr_basicsr.benchmark.report.grid import DASH

__all__ = ["IntervalRow", "interval_rows"]


@dataclass(frozen=True)
class IntervalRow:
    """A line.

    Attributes:
        other: column that is subtracted.
        kernel: its name, or "all".
        dataset: its name, or "pooled".
        pooled: over all kernels and sets.
        mean: difference as text.
        interval: its ends as text.
        p: as text.
        images: how many.
        zero: place of no difference on the axis, in percent of its length.
        dot: place of the mean.
        span: place of the interval's start, and its length; None where there is none.
        axis: texts of the axis' ends.
    """

    other: str
    kernel: str
    dataset: str
    pooled: bool
    mean: str
    interval: str
    p: str
    images: int
    zero: str
    dot: str
    span: tuple[str, str] | None
    axis: tuple[str, str]


def interval_rows(lines: list[Line]) -> list[IntervalRow]:
    """Spell lines of PSNR out and lay them on one axis that holds 0 and every interval."""
    if not lines:
        return []
    places = [0.0] + [v for line in lines for v in (line.difference.mean, line.difference.low, line.difference.high)]
    known = [place for place in places if math.isfinite(place)]
    margin = 0.05 * (max(known) - min(known)) or 0.1  # dB
    return [_row(line, min(known) - margin, max(known) + margin) for line in lines]


def _row(line: Line, start: float, end: float) -> IntervalRow:
    def percent(length: float) -> str:
        return f"{100 * length / (end - start):.2f}"

    d = line.difference
    single = math.isnan(d.low)
    return IntervalRow(
        other=line.other,
        kernel=line.kernel or "all",
        dataset=line.dataset or "pooled",
        pooled=line.kernel is None,
        mean=f"{d.mean:+.2f}",
        interval=DASH if single else f"{d.low:+.2f} to {d.high:+.2f}",
        p=f"{d.p:.4f}",
        images=d.images,
        zero=percent(-start),
        dot=percent(d.mean - start),
        span=None if single else (percent(d.low - start), percent(d.high - d.low)),
        axis=(f"{start:+.2f}", f"{end:+.2f}"),
    )
