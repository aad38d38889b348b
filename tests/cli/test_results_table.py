"""The rows of `mzsr evaluate` and their Markdown: the paper's figures stand where they belong, and rows say what they are."""

import pytest
from helpers.trainings import cells

from mzsr_basicsr.cli import evaluate
from mzsr_basicsr.cli.results_table import Line, markdown
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.metrics.results import Row


def mean(before: float, after: float) -> Row:
    values = {"0": before, "1": (before + after) / 2, "10": after}
    return Row("mean", {c: {"psnr": v, "ssim": 0.9} for c, v in values.items()}, dict.fromkeys(values, 1.0))


def test_the_gain_is_that_of_ten_updates_over_none() -> None:
    rows = [("a", 30.0, 31.25), ("b", 28.5, 28.0), ("c", 25.0, 25.75)]
    text = markdown([Line("w", "S", kernel, mean(before, after)) for kernel, before, after in rows])
    table = [cells(line) for line in text.splitlines() if line.startswith("|")]
    assert table[0] == ["set", "kernel", "before", "after 1", "after 10", "gain of 10"]
    assert [row[-1] for row in table[2:]] == ["+1.25", "-0.50", "+0.75"]
    assert "Mean gain of ten updates: +0.50 dB; least: -0.50 dB." in text


def test_a_signal_that_is_not_the_weights_own_is_named() -> None:
    own, other = Line("w", "S", "k", mean(30.0, 31.0)), Line("v", "S", "k", mean(30.0, 31.0), "scale")
    titles = [line for line in markdown([own, other]).splitlines() if line.startswith("**")]
    assert titles == ["**w**", "**v**, learning from the signal scale"]


def test_the_papers_figures_stand_beside_its_own_rows() -> None:
    row = mean(30.0, 40.0)
    table = markdown([Line("w", "Set5", "g2.0d", row), Line("w", "Set14", "g2.0d", row), Line("v", "B", "k", row)])
    rows = [cells(line) for line in table.splitlines() if line.startswith("|")]
    assert rows[2] == [
        "Set5",
        "g2.0d",
        *["30.00 / 0.9000", "35.00 / 0.9000", "40.00 / 0.9000"],
        "+10.00",
        *["35.20 / .9398", "36.05 / .9439"],  # the paper's table 2
    ]
    assert rows[3][-2:] == ["", ""] and rows[4][-1] == "gain of 10"  # other sets and weights have none
    for case in evaluate.law_cases():  # every test kernel has its figures on Set5
        text = markdown([Line("w", "Set5", case.name, row)])
        assert all(" / ." in cell for cell in cells(text.splitlines()[4])[-2:])


def test_the_rows_outside_the_law_are_told_what_they_say() -> None:
    cases = {case.name: case for case in evaluate.outside_cases()}
    told = {name: case for name, case in cases.items() if case.told}
    assert {case.made.spec for case in cases.values() if not case.told} == {
        "disk:2",
        "box:5",
        "motion:7,30",
        "pair:0.7,3",
        "shake:0,25",
    }
    shakes = cases["camera shake, mean of 8"]
    assert shakes.more == tuple(f"shake:{seed},25" for seed in range(1, 8))
    assert [case for case in cases.values() if case.more] == [shakes]
    assert len(told) == 8  # four test kernels of x2, each with two factors
    for name, case in told.items():
        true, wrong = (spec.removeprefix("gaussian:").split(",") for spec in (case.made.spec, case.told))
        factor = 0.7 if name.endswith("told 0.7 λ") else 1.3
        assert [float(v) for v in wrong[:2]] == pytest.approx([factor * float(v) for v in true[:2]], rel=1e-9)
        assert wrong[2:] == true[2:] and case.made.scale == 2
        assert load_kernel(case.told).shape == load_kernel(case.made.spec).shape == (21, 21)
