"""What adaptation gains, as a table: a row for each kernel and set, a column for each number of updates."""

from typing import NamedTuple

from mzsr_basicsr.benchmark.gains import LOSS, adapted_columns, gains
from mzsr_basicsr.benchmark.report.grid import DASH
from mzsr_basicsr.benchmark.report.tables import escape, pipes
from mzsr_basicsr.benchmark.results import Gain, Results

__all__ = ["HOW", "GainRow", "gain_rows", "gains_markdown", "spell"]

HOW = (
    "PSNR after the updates minus that of the same method before any, dB: mean over the images, least of them, and "
    f"the share of images that lose more than {LOSS:g} dB"
)


class GainRow(NamedTuple):
    """A row, in the order of `adapted_columns`; kernel and set of the last one say that all is pooled."""

    kernel: str
    dataset: str
    pooled: bool
    cells: tuple[Gain | None, ...]


def gain_rows(results: Results) -> list[GainRow]:
    """Arrange the gains; the last row is over all images with all their kernels, left out where there is one row."""
    columns = [column for column, *_ in adapted_columns(results)]
    found = {(g.kernel, g.dataset, g.column): g for g in gains(results)}
    keys = dict.fromkeys((kernel, dataset) for kernel, dataset, _ in found)
    rows = [
        GainRow(
            kernel or "all",
            dataset or "all, pooled",
            kernel is None,
            tuple(found.get((kernel, dataset, column)) for column in columns),
        )
        for kernel, dataset in keys
    ]
    return rows if len(rows) > 2 else rows[:1]


def gains_markdown(results: Results) -> str:
    """Lay the gains out as Markdown; "" where no method was measured before and after adaptation."""
    rows = gain_rows(results)
    if not rows:
        return ""
    head = ["kernel", "set", *(escape(column) for column, *_ in adapted_columns(results))]
    rule = ["---", "---", *(["---:"] * (len(head) - 2))]
    lines = [[escape(row.kernel), escape(row.dataset), *map(spell, row.cells)] for row in rows]
    return f"Gain of adaptation. {HOW}.\n\n{pipes([head, rule, *lines])}\n"


def spell(gain: Gain | None) -> str:
    """Write a gain as "+0.31, −0.02, 7 %": mean and least in dB, and who loses."""
    if gain is None:
        return DASH
    return f"{_signed(gain.mean)}, {_signed(gain.least)}, {100 * gain.losing:.0f} %"


def _signed(value: float) -> str:
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "−")
