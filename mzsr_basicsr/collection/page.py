"""The page of a run: its learning curve, and what each held-out picture says."""

from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mzsr_basicsr.collection.lessons import gain
from mzsr_basicsr.collection.result import Report, said
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.pages import render, write_whole
from mzsr_basicsr.pages.svg import INK, svg_text

_MEAN, _ONE = "#3b82d6", "#d9822b"  # seen on white and on black


def write_page(report: Report, path: Path, then: Callable[[Path], object] = lambda part: None) -> None:
    """Write the page, whole or not at all; see `pages.write_whole` for `then`.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        write_whole(page_of(report), path, then)
    except OSError as error:
        raise ConfigError(f"output: {path} cannot be written ({error.strerror}); check its folder") from error


def page_of(report: Report) -> str:
    """Make the HTML text."""
    marks = dict(report.way.history)
    pairs = zip(report.held_out, marks[0], marks[report.way.kept], strict=True)
    rows = [(name, before, after, gain([after], [before])) for name, before, after in pairs]
    return render(
        "adapt.html.j2",
        domain=report.domain,
        lead=said(report)[0],
        curve=Markup(svg_text(curve(report))),
        rows=rows,
        notices=report.notices,
        learned=report.members,
    )


def curve(report: Report) -> Figure:
    """Draw what the held-out pictures promise by step: their mean, and each of them."""
    steps = [step for step, _ in report.way.history]
    first = report.way.history[0][1]
    figure = Figure(figsize=(8.0, 3.4))
    figure.set_label("Promised gain of the held-out pictures, by step")
    axes = figure.add_axes((0.09, 0.15, 0.89, 0.73))
    for place, before in enumerate(first):
        each = [gain([marks[place]], [before]) for _, marks in report.way.history]
        axes.plot(steps, each, color=_ONE, linewidth=1, alpha=0.6)
    axes.plot(steps, report.way.gains, color=_MEAN, linewidth=2.5)
    axes.axhline(0, color=INK, linewidth=0.8, linestyle=(0, (4, 4)), alpha=0.6)
    axes.axvline(report.way.kept, color=_MEAN, linewidth=0.8)
    axes.set_title("promised gain, dB: blue the mean, orange each held-out picture", loc="left", fontsize=11, color=INK)
    axes.set_xlabel("step", color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(color=INK, labelcolor=INK, labelsize=9)
    for name, spine in axes.spines.items():
        spine.set_color(INK)
        spine.set_visible(name in ("left", "bottom"))
    return figure
