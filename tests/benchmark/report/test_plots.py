"""Plots of a benchmark: where the points lie, and what the axes say."""

import msgspec
import numpy as np
import pytest
from helpers.made_results import change, drop, make_results
from helpers.plot_parts import lines, texts

from mzsr_basicsr.benchmark.report.plots import psnr_against_seconds, psnr_against_updates


def test_points_are_means_and_updates_are_joined_in_their_order():
    results = make_results(("bicubic", "mzsr (10)", "mzsr (1)"))
    expected = []
    for columns in (["bicubic"], ["mzsr (1)", "mzsr (10)"]):
        measures = [[m for m in results.measures if m.column == column] for column in columns]
        assert all(len(ms) == 12 for ms in measures)
        expected.append(
            [[np.mean([m.seconds for m in ms]), np.mean([m.values["psnr"] for m in ms])] for ms in measures]
        )
    figure = psnr_against_seconds(results)
    found = lines(figure)
    assert len(found) == 2 and all(np.allclose(f, e, rtol=1e-12) for f, e in zip(found, expected))
    assert figure.axes[0].get_xscale() == "log" and figure.axes[0].get_ylabel() == "mean PSNR, dB"
    assert set(texts(figure)) == {"bicubic", "mzsr (10)", "mzsr (1)"}


def test_only_cells_that_every_column_has_count_and_the_axis_says_so():
    results = drop(make_results(("a", "b")), "Set14", "gani_d", "bird", "b")
    figure = psnr_against_seconds(results)
    left = [m for m in results.measures if (m.dataset, m.kernel) != ("Set14", "gani_d")]
    for (point,), column in zip(lines(figure), "ab"):
        assert point[1] == pytest.approx(np.mean([m.values["psnr"] for m in left if m.column == column]), abs=1e-9)
    assert "3 of 4 kernels and sets" in figure.axes[0].get_ylabel()


def test_a_column_that_failed_everywhere_holds_nothing_up():
    results = make_results(("a", "b"), images=("x",))
    results = msgspec.structs.replace(results, measures=[m for m in results.measures if m.column == "a"])
    figure = psnr_against_seconds(results)
    assert list(texts(figure)) == ["a"] and figure.axes[0].get_ylabel() == "mean PSNR, dB"
    empty = msgspec.structs.replace(results, measures=[])
    assert lines(psnr_against_seconds(empty)) == [] and psnr_against_updates(empty) is None


def test_no_time_and_infinite_psnr_do_not_break_a_plot():
    results = make_results(("a", "b"), ("Set5",), ("k",), ("x",))
    results = change(results, "Set5", "k", "x", "a", seconds=0.0)
    results = change(results, "Set5", "k", "x", "b", values={"psnr": float("inf")})
    assert lines(psnr_against_seconds(results))[0][0][0] > 0
    assert list(texts(psnr_against_seconds(results))) == ["a"]


def test_psnr_against_updates():
    figure = psnr_against_updates(make_results(("bicubic", "x (10)", "mzsr (0)", "mzsr (10)", "mzsr (1)")))
    results = make_results(("bicubic", "x (10)", "mzsr (0)", "mzsr (10)", "mzsr (1)"))
    expected = [
        [n, np.mean([m.values["psnr"] for m in results.measures if m.column == f"mzsr ({n})"])] for n in (0, 1, 10)
    ]
    assert len(lines(figure)) == 1 and np.allclose(lines(figure)[0], expected)
    assert list(texts(figure)) == ["mzsr"] and figure.axes[0].get_xticks().tolist() == [0, 1, 10]
    assert figure.axes[0].get_xscale() == "linear"
    assert psnr_against_updates(make_results(("bicubic", "x (10)", "y (1)"))) is None


def test_many_updates_get_a_bent_axis():
    figure = psnr_against_updates(make_results(("z (0)", "z (10)", "z (1000)")))
    assert figure.axes[0].get_xscale() == "symlog" and figure.axes[0].get_xticks().tolist() == [0, 10, 1000]


def test_a_method_looks_the_same_in_both_pictures():
    results = make_results(("bicubic", "a (1)", "b (0)", "b (1)", "c (0)", "c (1)"))
    first, second = psnr_against_seconds(results).axes[0].lines, psnr_against_updates(results).axes[0].lines
    looks = [[(line.get_color(), line.get_marker()) for line in drawn] for drawn in (first, second)]
    assert len(set(looks[0])) == 4 and looks[1] == looks[0][2:]


def test_fonts_can_be_read_on_a_phone():
    figure = psnr_against_seconds(make_results())
    axes = figure.axes[0]
    sizes = [t.get_fontsize() for t in (*axes.texts, *axes.get_xticklabels(), axes.xaxis.label) if t.get_text()]
    assert min(sizes) * 340 / (72 * figure.get_figwidth()) >= 10  # px, where the picture is 340 px wide
