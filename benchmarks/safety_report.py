"""The tables and the picture of `safety.py`, from its rows."""

import io
import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from mzsr_basicsr.pages import write_whole

LOSS = 0.05  # dB; who ends further below the start has lost
THRESHOLDS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)  # dB, of predicted gain
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#777777")  # Okabe and Ito's
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
EVEN = 0.5  # dB of true gain; beyond it the axis is logarithmic
TICKS = (-4, -2, -1, -0.5, -0.2, 0, 0.2, 0.5, 1, 2, 4, 8)
Gains = list[float | None]


def tables(rows: Sequence[dict]) -> str:
    """Lay the study out as Markdown: by folder and kernel, by folder, all; then what thresholds would do."""
    head = [
        "folder",
        "kernel",
        "pairs",
        "all updates: mean",
        "least",
        "lose",
        "careful: mean",
        "least",
        "lose",
        "right",
    ]
    lines = [head, ["---"] * 2 + ["---:"] * 8]
    folders, kernels = (list(dict.fromkeys(row[key] for row in rows)) for key in ("folder", "kernel"))
    for folder in folders:
        own = [row for row in rows if row["folder"] == folder]
        lines += [
            [folder, kernel, *summary(part)]
            for kernel in sorted(kernels)
            if (part := [row for row in own if row["kernel"] == kernel])
        ]
        lines.append([f"**{folder}**", "all", *summary(own)])
    lines.append(["**all**", "all", *summary(rows)])
    how = (
        f"Gain over no update, dB; lose: more than {LOSS:g} dB below it; right: what was kept is at most {LOSS:g} dB "
        "below the better of no update and all."
    )
    return f"{_pipes(lines)}\n\n{how}\n\n{thresholds(rows)}\n"


def summary(rows: Sequence[dict]) -> list[str]:
    """Spell out the number of rows, gains of all updates, of careful adaptation, and the share of right decisions."""
    right = sum(is_right(row) for row in rows) / len(rows)
    return [str(len(rows)), *spell(gains(rows, "after")), *spell(gains(rows, "careful")), f"{100 * right:.0f} %"]


def gains(rows: Sequence[dict], name: str) -> Gains:
    """List PSNR minus PSNR before, dB; None where there is no picture."""
    return [gain(row, name) for row in rows]


def gain(row: dict, name: str) -> float | None:
    """Give PSNR minus PSNR before, dB; None where there is no picture."""
    value = row["psnr"][name]
    return None if value is None else value - row["psnr"]["before"]


def spell(values: Gains) -> list[str]:
    """Write the mean and the least of gains, and the share that loses; what is no picture loses, and has no number."""
    known = [value for value in values if value is not None]
    losing = sum(value is None or value < -LOSS for value in values) / len(values)
    numbers = [sum(known) / len(known), min(known)] if known else []
    texts = [f"{round(number, 2) + 0.0:+.2f}" for number in numbers] or ["–", "–"]
    return [*texts, f"{100 * losing:.0f} %"]


def is_right(row: dict) -> bool:
    """Tell whether what was kept is about as good as the better of no update and all."""
    after, kept = gain(row, "after"), gain(row, "careful")
    return kept is not None and kept >= max(0.0, -math.inf if after is None else after) - LOSS


def thresholds(rows: Sequence[dict]) -> str:
    """Lay out what would be if updates were kept where the lowest held-out loss promises enough: its own, or all."""
    ends = {"those of the lowest held-out loss": "best", "all updates": "after"}
    head = [f"{text}{part}" for text in ends for part in (": mean", ", least", ", lose")]
    lines = [["kept from, dB predicted", *head, "adapted"], ["---:"] * 8]
    for least in THRESHOLDS:
        chosen = [row["best"] > 0 and (row["predicted"]["best"] or 0.0) >= least for row in rows]
        found = [
            spell([gain(row, name) if kept else 0.0 for row, kept in zip(rows, chosen, strict=True)])
            for name in ends.values()
        ]
        lines.append([f"{least:g}", *found[0], *found[1], f"{100 * sum(chosen) / len(rows):.0f} %"])
    return _pipes(lines)


def draw(rows: Sequence[dict], picture: Path, boundary: float) -> None:
    """Draw predicted against true gain, after all updates and of the lowest held-out loss, as a PNG written whole.

    Args:
        rows: of the study.
        picture: file to write.
        boundary: predicted gain that decides, dB.
    """
    figure, both = plt.subplots(1, 2, figsize=(11, 4.8), dpi=150, sharey=True, layout="constrained")
    both[0].set_yscale("symlog", linthresh=EVEN, linscale=1.5)  # before the points, which then get room
    parts = {"after": "last", "best": "best"}
    titles = ("after all updates", "after those of the lowest held-out loss")
    for axes, (name, predicted), title in zip(both, parts.items(), titles, strict=True):
        _scatter(axes, rows, name, predicted)
        axes.axvline(boundary, color="#1b1c1f", linewidth=1)
        for level, style in ((0.0, "-"), (-LOSS, ":")):
            axes.axhline(level, color="#1b1c1f", linewidth=0.8, linestyle=style)
        axes.set(title=title, xlabel="predicted gain, dB (held-out part)")
        axes.grid(alpha=0.3)
    both[0].set_ylabel("true gain, dB (PSNR against the HR image)")
    both[0].yaxis.set_major_locator(FixedLocator(TICKS))
    both[0].yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    both[0].yaxis.set_minor_locator(NullLocator())
    figure.legend(*both[0].get_legend_handles_labels(), title="hollow: rolled back", loc="outside right upper")
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    plt.close(figure)
    write_whole(stream.getvalue(), picture)


def _scatter(axes: Axes, rows: Sequence[dict], name: str, predicted: str) -> None:
    """Draw a point for each row that has both gains; filled where updates were kept."""
    for number, folder in enumerate(dict.fromkeys(row["folder"] for row in rows)):
        own = [row for row in rows if row["folder"] == folder]
        known = [row for row in own if None not in (row["predicted"][predicted], row["psnr"][name])]
        colour = COLOURS[number % len(COLOURS)]
        axes.scatter(
            [row["predicted"][predicted] for row in known],
            [gain(row, name) for row in known],
            s=22,
            marker=MARKERS[number % len(MARKERS)],
            facecolors=[colour if row["kept"] else "white" for row in known],
            edgecolors=colour,
            alpha=0.8,
            zorder=2,
            label=folder,
        )


def _pipes(lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
