"""A benchmark as text: CSV with one line for each SR image, and the paper's table as Markdown and LaTeX."""

import csv
import io
import re
from collections.abc import Callable

from mzsr_basicsr.benchmark.report.grid import DAGGER, DASH, Cell, Grid, costs, grid
from mzsr_basicsr.benchmark.results import Results, metric_title

__all__ = ["csv_text", "escape", "grid", "latex", "markdown", "pipes"]

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",  # \\ before it would read it as an argument, as it would an asterisk
    "*": "{*}",
    DAGGER: r"\textsuperscript{\textdagger}",
    DASH: "--",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def csv_text(results: Results) -> str:
    """Write every measure as a line of CSV, numbers in full, what is not known as nothing."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    about = ["dataset", "kernel", "scale", "image", "method", "updates", "column"]
    rest = ["seconds", "peak_mb", "picture"]
    writer.writerow([*about, *results.metrics, *rest])
    for m in results.measures:
        values = [m.values.get(metric) for metric in results.metrics]
        writer.writerow([*(getattr(m, a) for a in about), *values, *(getattr(m, r) for r in rest)])
    return stream.getvalue()


def markdown(results: Results) -> str:
    """Lay the benchmark out as Markdown: the table, further metrics, costs, and what could not be done.

    Best figures are bold, second best underlined; see `grid` for ranks.

    Raises:
        ConfigError: `results.published` is no table.
    """
    parts = [
        part for table in _grids(results) for part in (_caption(results, table), _markdown_table(table), *_notes(table))
    ]
    parts.append(_markdown_costs(results))
    failures = [f"{f.dataset}, {f.kernel}, {f.image}: {f.method} failed: {f.reason}" for f in results.failures]
    for title, lines in (("Failures", failures), ("Skipped", results.skipped)):
        parts += [f"{title}:", "\n".join(f"- {escape(line)}" for line in lines)] if lines else []
    return "\n\n".join(part for part in parts if part) + "\n"


def latex(results: Results) -> str:
    r"""Lay the tables out as LaTeX tabulars of booktabs, best `\textbf`, second best `\underline`.

    Raises:
        ConfigError: `results.published` is no table.
    """
    tables = [_latex_table(results, table) for table in _grids(results)]
    return "% needs \\usepackage{booktabs}\n" + "\n".join(tables)


def pipes(rows: list[list[str]]) -> str:
    """Write rows of cells as lines of a Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def escape(text: str) -> str:
    """Take the meaning from Markdown's characters; an underscore inside a word has none."""
    escaped = re.sub(r"[\\`*|\[~]|(?<!\w)_|_(?!\w)", r"\\\g<0>", " ".join(text.split()))
    return escaped.replace("&", "&amp;").replace("<", "&lt;")


def _grids(results: Results) -> list[Grid]:
    return [grid(results), *(grid(results, [metric]) for metric in results.metrics[2:])]


def _caption(results: Results, table: Grid) -> str:
    titles = [metric_title(results, metric) for metric in table.metrics]
    return f"{' / '.join(titles)}, mean over each set's images."


def _notes(table: Grid) -> list[str]:
    return ["  \n".join(f"{note}." for note in map(escape, table.notes))]


def _cells(table: Grid, safe: Callable[[str], str], marks: dict[int | None, str]) -> list[list[str]]:
    """Spell the rows out; marks are templates by rank."""

    def spell(cell: Cell) -> str:
        return marks.get(cell.rank, "{}").format(safe(cell.text))

    return [[safe(row.kernel) if row.first else "", safe(row.dataset), *map(spell, row.cells)] for row in table.rows]


def _markdown_table(table: Grid) -> str:
    head = ["kernel", "set", *(escape(c.marked) for c in table.columns)]
    rule = ["---", "---", *(["---:"] * len(table.columns))]
    return pipes([head, rule, *_cells(table, escape, {1: "**{}**", 2: "<ins>{}</ins>"})])


def _markdown_costs(results: Results) -> str:
    rows = [
        [
            escape(c.column),
            f"{c.seconds:.3g}",
            DASH if c.peak_mb is None else f"{c.peak_mb:.0f}",
            str(c.images),
        ]
        for c in costs(results)
    ]
    head = ["column", "seconds per image (mean)", "peak MB (largest)", "images"]
    return pipes([head, ["---", "---:", "---:", "---:"], *rows]) if rows else ""


def _latex_table(results: Results, table: Grid) -> str:
    head = ["kernel", "set", *(c.marked for c in table.columns)]
    lines = [f"% {_caption(results, table)}", f"\\begin{{tabular}}{{ll{'c' * len(table.columns)}}}", "\\toprule"]
    lines.append(" & ".join(map(_latex_escape, head)) + r" \\")
    for row, cells in zip(
        table.rows, _cells(table, _latex_escape, {1: r"\textbf{{{}}}", 2: r"\underline{{{}}}"}), strict=True
    ):
        lines += ["\\midrule"] * row.first + [" & ".join(cells) + r" \\"]
    lines += ["\\bottomrule", "\\end{tabular}"]
    lines += [f"\\par{{\\footnotesize {_latex_escape(note)}.\\par}}" for note in table.notes]
    return "\n".join(lines) + "\n"


def _latex_escape(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))
