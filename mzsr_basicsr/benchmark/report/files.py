"""The reports of a benchmark: JSON, CSV, Markdown, LaTeX, plots and one HTML page."""

from pathlib import Path

import msgspec

from mzsr_basicsr.benchmark.report.bootstrap import significance, significance_markdown
from mzsr_basicsr.benchmark.report.gain_table import gains_markdown
from mzsr_basicsr.benchmark.report.page import write_page
from mzsr_basicsr.benchmark.report.plots import save_plots
from mzsr_basicsr.benchmark.report.tables import csv_text, latex, markdown
from mzsr_basicsr.benchmark.results import Results
from mzsr_basicsr.pages import write_whole


def write_reports(results: Results, folder: Path, reference: str | None, page_mb: float) -> None:
    """Write results.json, results.csv, table.md, table.tex, the plots and index.html.

    Args:
        results: what was measured.
        folder: of the results.
        reference: label of the method whose last column the others are tested against; None: the last method's.
        page_mb: most that index.html may take; its gallery shows as many images as fit.
    """
    column = reference_column(results, reference)
    write_whole(msgspec.json.format(msgspec.json.encode(results), indent=1), folder / "results.json")
    write_whole(csv_text(results), folder / "results.csv")
    tested = "" if column is None else f"\n{significance_markdown(significance(results, column))}"
    gained = f"\n{table}" if (table := gains_markdown(results)) else ""
    write_whole(markdown(results) + gained + tested, folder / "table.md")
    write_whole(latex(results), folder / "table.tex")
    save_plots(results, folder)
    write_page(results, folder, column, page_mb)


def reference_column(results: Results, label: str | None) -> str | None:
    """Choose the column that the others are compared with: the last one of a method that has measures."""
    wanted = [m.column for m in results.measures if label is None or m.method == label]
    return max(wanted, key=results.columns.index, default=None)
