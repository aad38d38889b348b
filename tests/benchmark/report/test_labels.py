"""Labels of a crowded plot: apart from each other, off the points, inside, and joined to their points."""

import itertools

import numpy as np
import pytest
from helpers.made_results import change, make_results
from helpers.plot_parts import lines, texts
from matplotlib.transforms import Bbox

from mzsr_basicsr.benchmark.report.label_places import arrange
from mzsr_basicsr.benchmark.report.plots import psnr_against_seconds

MANY = ("bicubic", "zssr (500)", "edsr", "mzsr (0)", "mzsr (1)", "mzsr (5)", "mzsr (10)", "mzsr, back-projected (10)")
MANY += ("mzsr_wide (1)", "mzsr_wide (10)")


def crowded(spread):
    """Ten columns within spread dB, some equally fast."""
    results = make_results(MANY, ("Set5",), ("g2.0d",), ("baby",))
    for n, column in enumerate(MANY):
        values = {"psnr": 30 + spread * np.sin(5.0 * n)}
        results = change(results, "Set5", "g2.0d", "baby", column, values=values, seconds=0.1 * 3.0 ** (n % 5))
    return results


def overlaps(box, other):
    width = min(box.x1, other.x1) - max(box.x0, other.x0)
    height = min(box.y1, other.y1) - max(box.y0, other.y0)
    return width > 0 and height > 0


@pytest.mark.parametrize("spread", [3.0, 0.05, 0.0])
def test_labels_of_ten_columns_lie_apart_inside_and_off_the_points(spread):
    results = crowded(spread)
    figure = psnr_against_seconds(results)
    boxes, axes = texts(figure), figure.axes[0]
    assert list(boxes) == list(MANY)
    for (name, box), (other, another) in itertools.combinations(boxes.items(), 2):
        assert not overlaps(box, another), (name, other)
    points = axes.transData.transform([point for line in lines(figure) for point in line])
    for name, box in boxes.items():
        assert axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 and axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1
        assert not any(overlaps(box, Bbox.from_bounds(x - 5, y - 5, 10, 10)) for x, y in points), name


def test_a_label_far_from_its_point_is_joined_to_it():
    figure = psnr_against_seconds(crowded(0.0))
    boxes, axes = texts(figure), figure.axes[0]
    points = {m.column: axes.transData.transform((m.seconds, m.values["psnr"])) for m in crowded(0.0).measures}
    far = []
    for name, box in boxes.items():
        nearest = np.clip(points[name], [box.x0, box.y0], [box.x1, box.y1])
        if np.hypot(*(nearest - points[name])) > 14:
            far.append(nearest)
    leaders = [t for t in axes.texts if t.arrow_patch]
    ends = [axes.transData.transform(t.xy) + np.array(t.xyann) * figure.dpi / 72 for t in leaders]
    assert far and all(min(np.hypot(*(end - at)) for end in ends) < 2 for at in far)


def test_a_lone_label_stands_to_the_right_of_its_point():
    size, inside = np.array([[40.0, 10]]), np.array([0.0, 0, 200, 100])
    box = arrange(np.array([[50.0, 50]]), [0], size, np.empty((0, 2)), inside)[0]
    assert box.tolist() == [61, 45, 101, 55]
    box = arrange(np.array([[180.0, 50]]), [0], size, np.empty((0, 2)), inside)[0]
    assert box[2] <= 169 or box[1] >= 58 or box[3] <= 42  # no room there: to the left, above or below


@pytest.mark.parametrize("seed", [3, 16, 32])  # where they cross if crossing costs nothing
def test_lines_to_points_do_not_cross(seed):
    points = np.random.default_rng(seed).uniform([100, 60], [160, 75], (7, 2))
    boxes = arrange(points, range(7), np.full((7, 2), [60.0, 12]), np.empty((0, 2)), np.array([0.0, 0, 300, 150]))
    ends = np.clip(points, boxes[:, :2], boxes[:, 2:])

    def side(p, q, r):
        return (q - p)[0] * (r - p)[1] - (q - p)[1] * (r - p)[0]

    for (a, b), (c, d) in itertools.combinations(zip(points, ends), 2):
        assert side(a, b, c) * side(a, b, d) >= 0 or side(c, d, a) * side(c, d, b) >= 0


@pytest.mark.parametrize("other", [(121, 60), (100, 81), (88, 48), (112, 72), (79, 60)])
def test_a_label_stands_nearer_to_its_own_point_than_to_another(other):
    points = np.array([[100.0, 60], other])
    box = arrange(points, [0], np.array([[60.0, 12]]), np.empty((0, 2)), np.array([0.0, 0, 200, 120]))[0]
    own, foreign = np.hypot(*(np.clip(points, box[:2], box[2:]) - points).T)
    assert own + 3 <= foreign
