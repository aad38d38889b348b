"""The plot of an adaptation: what was learned from, and what was held out, by update."""

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mzsr_basicsr.pages.svg import INK, svg_text

_LEARNED, _HELD_OUT = "#3b82d6", "#d9822b"  # seen on white and on black
_DOTS = 40  # points; with more of them the curves have no dots


def losses_plot(losses: Sequence[float], held_out: Sequence[float], kept: int) -> str:
    """Draw losses over updates as an `<svg>` element in the page's ink.

    Args:
        losses: before each update and after the last; NaN and infinite ones are left out.
        held_out: the same of the part of the picture that was held out.
        kept: after how many updates the network was taken.

    Returns:
        Empty where no update was made.
    """
    if len(losses) < 2:
        return ""
    figure = Figure(figsize=(5.2, 2.6))
    figure.set_label("Loss and held-out loss, by update")
    axes = figure.add_axes((0.15, 0.18, 0.82, 0.7))
    marker = "o" if len(losses) <= _DOTS else ""
    for values, colour, name in ((losses, _LEARNED, "learned from"), (held_out, _HELD_OUT, "held out")):
        known = [value if math.isfinite(value) else math.nan for value in values]
        axes.plot(range(len(known)), known, color=colour, linewidth=2, marker=marker, markersize=4, label=name)
    axes.axvline(kept, color=INK, linewidth=0.8, linestyle=(0, (4, 4)), label="kept")
    axes.set_xlabel("update", color=INK)
    axes.set_ylabel("loss", color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color=INK, alpha=0.15, linewidth=0.8)
    axes.tick_params(which="both", color=INK, labelcolor=INK, labelsize=9)
    for name, spine in axes.spines.items():
        spine.set_color(INK)
        spine.set_visible(name in ("left", "bottom"))
    axes.legend(frameon=False, labelcolor=INK, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return svg_text(figure)
