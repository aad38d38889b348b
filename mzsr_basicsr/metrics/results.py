"""Results of a zero-shot validation: one row an image, a text table, and a JSON file."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mzsr_basicsr.files.whole import part_of

BICUBIC = "bicubic"


class Row(NamedTuple):
    """One image's results.

    Attributes:
        image: its name.
        values: by column ("bicubic" or the number of updates), then by metric.
        seconds: by column, from the start of the adaptation to the SR image.
    """

    image: str
    values: dict[str, dict[str, float]]
    seconds: dict[str, float]


def mean_row(rows: list[Row]) -> Row:
    """Average over images."""
    columns = rows[0].values if rows else {}
    values = {c: {m: _mean(row.values[c][m] for row in rows) for m in columns[c]} for c in columns}
    times = rows[0].seconds if rows else {}
    return Row("mean", values, {c: _mean(row.seconds[c] for row in rows) for c in times})


def _mean(numbers: Iterable[float]) -> float:
    return float(np.mean(list(numbers)))


def flat(row: Row) -> dict[str, float]:
    """Name every value "metric_column", for logs: `psnr_bicubic`, `psnr_0`, `psnr_10`."""
    return {f"{metric}_{column}": value for column, by in row.values.items() for metric, value in by.items()}


def heading(column: str) -> str:
    """Name a column for people: "before", "after 1", "after 10"."""
    return column if column == BICUBIC else "before" if column == "0" else f"after {column}"


def table(rows: list[Row]) -> str:
    """Lay the results out as text: images down, bicubic and numbers of updates across, then mean and seconds."""
    mean = mean_row(rows)
    lines = [["image", *map(heading, mean.seconds)]]
    for row in [*rows, mean] if mean.values else []:
        cells = [
            " / ".join(f"{value:.{2 if value >= 2 else 4}f}" for value in row.values[c].values()) for c in mean.seconds
        ]
        lines.append([row.image, *cells])
    lines.append(["s per image", *(f"{seconds:.2f}" for seconds in mean.seconds.values())])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def save_json(rows: list[Row], path: Path) -> None:
    """Write the rows and their mean, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with part_of(path) as part:
        part.write_text(json.dumps([row._asdict() for row in [*rows, mean_row(rows)]], indent=1), encoding="utf-8")


def load_json(path: Path) -> list[Row]:
    """Read what `save_json` wrote; the last row is the mean."""
    return [Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
