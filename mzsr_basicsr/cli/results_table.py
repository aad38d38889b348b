"""The results table as Markdown, with the paper's own figures beside ours."""

from typing import NamedTuple

from mzsr_basicsr.benchmark import published
from mzsr_basicsr.benchmark.report.grid import number
from mzsr_basicsr.metrics.results import Row, heading

BEST = "10 + back-projection + self-ensemble"


class Line(NamedTuple):
    """One row: weights, benchmark set, kernel, the mean over the images, and the signal if not the weights' own."""

    weights: str
    dataset: str
    kernel: str
    mean: Row
    signal: str | None = None


def markdown(lines: list[Line]) -> str:
    """Lay lines out as a table, one for each weights file, and the gain of ten updates over none."""
    return "\n\n".join(_table(weights, lines) for weights in dict.fromkeys(line.weights for line in lines)) + "\n"


def _table(weights: str, lines: list[Line]) -> str:
    mine = [line for line in lines if line.weights == weights]
    columns = list(mine[0].mean.values)
    with_paper = any(any(_paper(line)) for line in mine)
    head = ["set", "kernel", *map(heading, columns), "gain of 10"]
    head += ["paper, after 1", "paper, after 10"] if with_paper else []
    rows = [[*_cells(line, columns), *(_paper(line) if with_paper else [])] for line in mine]
    gains = [_gain(line) for line in mine]
    table = "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])
    gain = f"Mean gain of ten updates: {sum(gains) / len(gains):+.2f} dB; least: {min(gains):+.2f} dB."
    other = f", learning from the signal {mine[0].signal}" if mine[0].signal else ""
    return f"**{weights}**{other}\n\n{table}\n\n{gain}"


def _cells(line: Line, columns: list[str]) -> list[str]:
    values = [f"{v['psnr']:.2f} / {v['ssim']:.4f}" for v in (line.mean.values[c] for c in columns)]
    return [line.dataset, line.kernel, *values, f"{_gain(line):+.2f}"]


def _gain(line: Line) -> float:
    return line.mean.values["10"]["psnr"] - line.mean.values["0"]["psnr"]


def _paper(line: Line) -> list[str]:
    """Print MZSR's own figures of the paper after 1 and after 10 updates; nothing where it has none."""
    tables = ("paper_x2", "paper_x4")
    figures = [
        next((f for t in tables if (f := published.figure(t, line.dataset, line.kernel, column))), None)
        for column in ("MZSR (1)", "MZSR (10)")
    ]
    return ["" if f is None else f"{f.psnr:.2f} / {number(f.ssim, 'ssim')}" for f in figures]
