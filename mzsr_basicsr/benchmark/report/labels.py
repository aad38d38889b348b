"""Labels beside the points of a plot that lie neither on each other nor on a point."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Annotation

from mzsr_basicsr.benchmark.report.label_places import BESIDE, arrange

__all__ = ["Label", "place"]

_SPARSE = 2.0  # px between the dots of a drawn line


class Label(NamedTuple):
    """A text that belongs to a point, in data coordinates; with an empty text the point is only kept free."""

    x: float
    y: float
    text: str


def place(axes: Axes, labels: Sequence[Label], lines: Sequence[np.ndarray], ink: str, size: float) -> list[Annotation]:
    """Write each label near its point, with a thin line to the point where it does not stand beside it.

    Limits, scales and the layout of the figure must be final.

    Args:
        axes: where to write; labels stay inside.
        labels: what to write.
        lines: (N, 2) x and y in data coordinates of the corners of each drawn line.
        ink: colour.
        size: of the font, in points.

    Returns:
        The texts, in the order of the labels that have one.
    """
    written = [(i, _write(axes, label, ink, size)) for i, label in enumerate(labels) if label.text]
    if not written:
        return []
    anchors = axes.transData.transform([(label.x, label.y) for label in labels])
    extents = [text.get_window_extent() for _, text in written]
    boxes = arrange(
        anchors,
        [i for i, _ in written],
        np.array([(extent.width, extent.height) for extent in extents]),
        np.concatenate([np.empty((0, 2)), *(_dots(axes.transData.transform(line)) for line in lines)]),
        np.array(axes.bbox.extents),
    )
    figure = axes.get_figure(root=True)
    points = 72 / (figure.dpi if figure else 72)
    for (i, text), box in zip(written, boxes, strict=True):
        _move(axes, labels[i], text, (box.reshape(2, 2) - anchors[i]) * points, BESIDE * points, ink)
    return [text for _, text in written]


def _dots(corners: np.ndarray) -> np.ndarray:
    """Walk along (N, 2) corners in small steps; (M, 2)."""
    parts = [corners[:1]]
    for a, b in zip(corners[:-1], corners[1:], strict=True):
        steps = int(np.ceil(np.hypot(*(b - a)) / _SPARSE)) + 1
        parts.append(a + (b - a) * np.linspace(0, 1, steps)[:, None])
    return np.concatenate(parts)


def _write(axes: Axes, label: Label, ink: str, size: float) -> Annotation:
    text = axes.annotate(
        label.text, (label.x, label.y), (0, 0), textcoords="offset points", color=ink, fontsize=size, parse_math=False
    )
    text.set(ha="left", va="bottom", in_layout=False)
    return text


def _move(axes: Axes, label: Label, text: Annotation, box: np.ndarray, beside: float, ink: str) -> None:
    """Move a text to a box, (2, 2) corners in points from its own point, and join them if it is not beside it."""
    text.set_position((float(box[0, 0]), float(box[0, 1])))
    end = np.clip(0, box[0], box[1])
    if np.hypot(*end) > beside:
        style = {"arrowstyle": "-", "linewidth": 0.6, "color": ink, "shrinkA": 0, "shrinkB": 0}
        at = (float(end[0]), float(end[1]))
        line = axes.annotate("", (label.x, label.y), at, textcoords="offset points", arrowprops=style)
        line.set(in_layout=False, zorder=1)  # below the marker
