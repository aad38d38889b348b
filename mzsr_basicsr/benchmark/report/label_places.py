"""Where labels go beside points: pure geometry in pixels, y upward."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["BESIDE", "arrange"]

_MARKER, _GAP, _PADDING = 8.0, 3.0, 2.0  # px: half a marker's side, from marker to label, above and below a label
_STEP, _FAR = 5.0, 40.0  # px: moves up and down, and a farther place to the side
# what faults cost: left of the point, px up or down, a dot of a line hidden, another point as near, px of another
# marker run through, lines to points that cross, dots of them on another label, px^2 of labels or markers covered
_LEFT, _SHIFT, _HIDDEN, _DOUBTFUL, _STRUCK, _TANGLED, _CROSSED, _COVERED = 6.0, 0.3, 3.0, 40.0, 20.0, 60.0, 1e4, 1e6
_ROUNDS = 3  # later rounds let the first labels make room for the last
_DOTS = 24  # of a line between a point and its label
BESIDE = _MARKER + _GAP + 1  # px; a label farther from its point needs a line


class _Label(NamedTuple):
    """A label to place: its point, (P, 4) places it may take, and (P,) what each costs however others stand."""

    anchor: np.ndarray
    places: np.ndarray
    costs: np.ndarray


def arrange(
    anchors: np.ndarray, owners: Sequence[int], sizes: np.ndarray, lines: np.ndarray, inside: np.ndarray
) -> np.ndarray:
    """Find a place for each label, near its point, and not on points or on other labels if there is room.

    Labels take their best place one after the other, several times round; of four orders the best outcome counts.

    Args:
        anchors: (N, 2) points, which no label may cover.
        owners: index of the point of each of L labels.
        sizes: (L, 2) width and height of the labels.
        lines: (M, 2) dots of lines that are better not covered, about 2 px apart.
        inside: (4,) left, bottom, right and top of where labels may lie.

    Returns:
        (L, 4) left, bottom, right and top of each label.
    """
    markers = np.concatenate([anchors - _MARKER, anchors + _MARKER], axis=1)
    labels = []
    for owner, size in zip(owners, sizes, strict=True):
        places = _places(anchors[owner], size, inside)
        labels.append(_Label(anchors[owner], places, _fixed_costs(places, owner, markers, lines)))
    orders = [np.argsort(sign * anchors[list(owners), axis], kind="stable") for axis in (1, 0) for sign in (-1, 1)]
    outcomes = [_settle(labels, order.tolist()) for order in orders]
    return min(outcomes, key=lambda outcome: outcome[0])[1]


def _settle(labels: Sequence[_Label], order: Sequence[int]) -> tuple[float, np.ndarray]:
    """Place labels one after the other, some rounds; the cost of the outcome, and (L, 4) boxes."""
    boxes: dict[int, np.ndarray] = {}
    paid: dict[int, float] = {}
    for _ in range(_ROUNDS):
        for i in order:
            others = [j for j in boxes if j != i]
            standing = np.array([boxes[j] for j in others]).reshape(-1, 4)
            points = np.array([labels[j].anchor for j in others]).reshape(-1, 2)
            costs = labels[i].costs + _costs(labels[i], standing, points)
            boxes[i], paid[i] = labels[i].places[costs.argmin()], float(costs.min())
    return sum(paid.values()), np.stack([boxes[i] for i in range(len(labels))])


def _places(anchor: np.ndarray, size: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """List (P, 4) boxes to the right of a point, to its left, and above and below, all inside."""
    away, (width, height) = _MARKER + _GAP, size
    left, bottom, right, top = inside + np.array([1, 1, -1, -1]) * 2 * _PADDING
    aside = anchor[0] + np.array([away, -away - width, -width / 2, away + _FAR, -away - width - _FAR])
    x = np.clip(aside, left, max(left, right - width))
    y = np.append(np.arange(bottom, max(bottom + 1, top - height), _STEP), anchor[1] - height / 2)
    corner = np.stack(np.meshgrid(x, np.clip(y, bottom, max(bottom, top - height))), axis=-1).reshape(-1, 2)
    return np.concatenate([corner, corner + size], axis=1)


def _fixed_costs(places: np.ndarray, owner: int, markers: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Weigh the distance to the point and to other ones, and the markers and lines that are hidden or run through."""
    points = markers.reshape(-1, 2, 2).mean(1)
    anchor, foreign = points[owner], np.delete(points, owner, 0)
    ends = _ends(places, anchor)
    distance = np.hypot(*(ends - anchor).T)
    gaps = np.clip(foreign[:, None], places[:, :2], places[:, 2:]) - foreign[:, None]
    doubtful = (np.hypot(gaps[..., 0], gaps[..., 1]) < distance + _GAP).sum(0)
    shift = abs(places[:, [1, 3]].mean(1) - anchor[1])
    struck = _inside(_walk(anchor, ends)[:, :, None], np.delete(markers, owner, 0)).sum((1, 2)) * distance / _DOTS
    hidden = _inside(lines[None], _padded(places)[:, None]).sum(1)
    covered = _overlaps(places, markers).sum(1)
    aside = _LEFT * (places[:, 0] < anchor[0])
    near = distance + aside + _SHIFT * shift + _DOUBTFUL * doubtful
    return np.asarray(near + _HIDDEN * hidden + _STRUCK * struck + _COVERED * covered)


def _costs(label: _Label, boxes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Weigh how a label's places clash with (K, 4) other labels and the lines to their (K, 2) points."""
    ends, others = _ends(label.places, label.anchor), _ends(boxes, points)
    padded = _padded(label.places)
    covered = _overlaps(padded, boxes).sum(1)
    crossed = _inside(_walk(label.anchor, ends)[:, :, None], boxes).sum((1, 2))
    crossed += _inside(_walk(points, others).reshape(-1, 2)[None], padded[:, None]).sum(1)
    tangled = _meet(label.anchor, ends[:, None], points, others).sum(1)
    return np.asarray(_TANGLED * tangled + _CROSSED * crossed + _COVERED * covered)


def _padded(places: np.ndarray) -> np.ndarray:
    return places + np.array([-2, -1, 2, 1]) * _PADDING


def _ends(boxes: np.ndarray, anchor: np.ndarray) -> np.ndarray:
    """Find the nearest point of (P, 4) boxes to one point or to (P, 2) points: (P, 2)."""
    return np.clip(anchor, boxes[:, :2], boxes[:, 2:])


def _walk(start: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Walk straight from (2,) or (P, 2) points to (P, 2) others: (P, dots, 2)."""
    return ends[:, None] + (start - ends)[:, None] * np.linspace(1, 0, _DOTS)[:, None]


def _meet(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Tell where the straight lines from a to b and from c to d, (..., 2) points, cross."""

    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> np.ndarray:
        u, v = q - p, r - p
        return np.asarray(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])

    return (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)


def _overlaps(places: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Measure the area in px^2 that each of (P, 4) has in common with each of (B, 4): (P, B)."""
    low = np.maximum(places[:, None, :2], others[None, :, :2])
    high = np.minimum(places[:, None, 2:], others[None, :, 2:])
    return (high - low).clip(min=0).prod(-1)


def _inside(dots: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Tell which (..., 2) dots lie in (..., 4) boxes, broadcast."""
    x, y = dots[..., 0], dots[..., 1]
    return (x >= boxes[..., 0]) & (x <= boxes[..., 2]) & (y >= boxes[..., 1]) & (y <= boxes[..., 3])
