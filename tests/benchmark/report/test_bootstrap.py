"""The paired bootstrap against what can be derived without it: all resamples of few images, and normal theory for many."""

import itertools
import math

import numpy as np
import pytest
from helpers.made_results import change, drop, make_results
from helpers.trainings import cells

from mzsr_basicsr.benchmark.report import bootstrap
from mzsr_basicsr.benchmark.report.bootstrap import compare, significance, significance_markdown
from mzsr_basicsr.errors import ConfigError


def exact_means(differences):
    return [sum(chosen) / len(chosen) for chosen in itertools.product(differences, repeat=len(differences))]


@pytest.mark.parametrize("differences", [(1.0, -0.5), (0.3, 0.6, -0.7), (2.0, 1.0, -0.25)])
def test_few_images_agree_with_all_their_resamples(differences):
    found = compare([30 + d for d in differences], [30.0] * len(differences), seed=1, resamples=100_000)
    means = exact_means(differences)
    below, above = (sum(test(m) for m in means) / len(means) for test in (lambda m: m <= 1e-9, lambda m: m >= -1e-9))
    assert found.mean == pytest.approx(sum(differences) / len(differences), abs=1e-12)
    assert found.p == pytest.approx(min(1, 2 * min(below, above)), abs=0.01)  # 4 sd of the share are 0.006
    assert (found.low, found.high) == pytest.approx((min(differences), max(differences)), abs=1e-9)
    assert found.images == len(differences)


def test_ends_are_the_percentiles_of_the_exact_distribution():
    differences = (0.1, 0.2, 0.4, 0.8, 1.6)
    ends = np.quantile(exact_means(differences), [0.025, 0.975])
    found = compare(differences, [0.0] * 5, seed=3, resamples=200_000)
    # neighbouring means of the 5^5 are up to 0.02 apart in the tails
    assert (found.low, found.high) == pytest.approx(tuple(ends), abs=0.021)
    assert found.p == 2 / 200_001  # no mean at or below 0


def test_many_images_agree_with_normal_theory():
    x = np.random.default_rng(5).normal(0.02, 1.0, 2000)
    error = x.std() / math.sqrt(len(x))
    found = compare(x + 30, np.full(2000, 30.0), resamples=20_000)
    assert found.low == pytest.approx(x.mean() - 1.96 * error, abs=0.05 * error)
    assert found.high == pytest.approx(x.mean() + 1.96 * error, abs=0.05 * error)
    assert found.p == pytest.approx(math.erfc(abs(x.mean()) / error / math.sqrt(2)), abs=0.015)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    random = np.random.default_rng(2)
    found = [compare(random.normal(0.3, 1, 40), np.zeros(40), seed=i, resamples=1000) for i in range(500)]
    held = np.mean([f.low <= 0.3 <= f.high for f in found])
    assert 0.91 < held < 0.97  # 95 %, and 3 sd of 500 draws; 40 images take about 1 %
    few = [compare(random.normal(0, 1, 5), np.zeros(5), seed=i, resamples=500) for i in range(500)]
    assert 0.79 < np.mean([f.low <= 0 <= f.high for f in few]) < 0.91  # what the docstring warns of


def test_p_is_one_for_equal_methods_and_symmetric():
    assert compare([30.0, 31.0, 29.0], [30.0, 31.0, 29.0]) == (0.0, 0.0, 0.0, 1.0, 3)
    a, b = [30.1, 29.7, 33.3, 28.0, 27.5], [30.0, 29.9, 32.8, 27.7, 27.6]
    one, other = compare(a, b), compare(b, a)
    assert one.p == other.p and one.mean == -other.mean
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-12)


def test_rounding_errors_do_not_count_as_a_difference():
    # 0.1 + 0.2 - 0.3 is not 0 in floating point; each order of the three counts on both sides
    share = sum(abs(m) < 1e-9 for m in exact_means((0.1, 0.2, -0.3))) / 27
    differences = np.array([0.1, 0.2, -0.3])
    drawn = bootstrap._draw(differences, np.ones(3), 0, 50_000)
    assert np.mean(drawn == 0) == pytest.approx(share, abs=0.01)


def test_seed_and_blocks(monkeypatch):
    a, b = np.random.default_rng(0).normal(30, 1, (2, 50))
    first = compare(a, b, seed=7)
    assert compare(a, b, seed=7) == first != compare(a, b, seed=8)
    sizes = []
    monkeypatch.setattr(bootstrap, "_BLOCK", 1999)
    exact = np.round
    monkeypatch.setattr(np, "round", lambda x, places: (sizes.append(np.size(x)), exact(x, places))[1])  # of the means
    assert compare(a, b, seed=7) == first  # however many images are drawn at once
    assert max(sizes) == 39 and sum(size for size in sizes if size > 1) == 10_000


def test_one_image_says_nothing():
    found = compare([31.0], [30.0])
    assert (found.mean, found.p, found.images) == (1.0, 1.0, 1) and math.isnan(found.low) and math.isnan(found.high)


@pytest.mark.parametrize(
    ("first", "second", "options", "message"),
    [
        ([], [], {}, "0 and 0 values"),
        ([1.0], [1.0, 2.0], {}, "1 and 2 values"),
        ([1.0, math.inf], [1.0, math.inf], {}, "not finite"),
        ([1.0, 2.0], [1.0, 2.0], {"resamples": 0}, "resamples is 0"),
    ],
)
def test_bad_input(first, second, options, message):
    with pytest.raises(ConfigError, match=message):
        compare(first, second, **options)


def pairs(results, reference, other, kernel, dataset):
    def pick(column):
        return {
            m.image: m.values["psnr"]
            for m in results.measures
            if (m.column, m.kernel, m.dataset) == (column, kernel, dataset)
        }

    mine, theirs = pick(reference), pick(other)
    images = sorted(mine.keys() & theirs.keys())
    return [mine[i] for i in images], [theirs[i] for i in images]


def test_lines_pair_the_images_of_each_cell():
    results = drop(make_results(images=tuple("abcdef")), "Set14", "gani_d", "c", "bicubic")
    lines = significance(results, "mzsr (10)")
    keys = [("g2.0d", "Set5"), ("g2.0d", "Set14"), ("gani_d", "Set5"), ("gani_d", "Set14"), (None, None)]
    assert [(x.other, x.kernel, x.dataset) for x in lines] == [
        (c, *k) for c in ("bicubic", "mzsr (0)", "mzsr (1)") for k in keys
    ]
    for line in lines:
        if line.kernel:
            first, second = pairs(results, "mzsr (10)", line.other, line.kernel, line.dataset)
            assert line.difference.mean == pytest.approx(np.mean(first) - np.mean(second), abs=1e-9)
            assert line.difference.images == len(first) == (5 if line[1:4] == ("bicubic", "gani_d", "Set14") else 6)
    everything = [pairs(results, "mzsr (10)", "bicubic", *key) for key in keys[:-1]]
    first, second = (np.concatenate([p[i] for p in everything]) for i in (0, 1))
    assert len(first) == 23 and lines[4].difference.mean == pytest.approx(np.mean(first - second), abs=1e-9)


def test_the_pooled_line_draws_images_with_all_their_kernels():
    """Kernels that all say the same of an image add no evidence: pooled equals one kernel, not four times the images."""
    kernels = ("k1", "k2", "k3", "k4")
    images = tuple("abcdefgh")
    results = make_results(("ours", "theirs"), ("Set5",), kernels, images)
    gains = dict(zip(images, np.random.default_rng(3).normal(0.2, 1, 8)))
    for kernel, image in itertools.product(kernels, images):
        results = change(results, "Set5", kernel, image, "ours", values={"psnr": 30 + gains[image]})
        results = change(results, "Set5", kernel, image, "theirs", values={"psnr": 30.0})
    *single, pooled = (line.difference for line in significance(results, "ours"))
    assert pooled.images == 8 and all(pooled == pytest.approx(s, abs=1e-9) for s in single)
    alone = compare([30 + g for g in gains.values()] * 4, [30.0] * 32)
    assert pooled.high - pooled.low > 1.7 * (alone.high - alone.low)  # sqrt(4) in theory


def test_the_same_name_in_two_sets_is_two_images():
    line = significance(make_results(("a", "b"), ("Set5", "Set14"), ("k",), ("x", "y")), "a")[-1]
    assert (line.kernel, line.difference.images) == (None, 4)


def test_infinite_differences_are_left_out():
    results = make_results(("a", "b"), ("Set5",), ("k",), ("x", "y", "z"))
    results = change(results, "Set5", "k", "x", "b", values={"psnr": math.inf})
    assert [line.difference.images for line in significance(results, "a")] == [2, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bicubik",), "'bicubik'.*did you mean `bicubic`"),
        (("bicubic", "sim"), "'sim'.*did you mean `ssim`"),
    ],
)
def test_unknown_column_or_metric(arguments, message):
    with pytest.raises(ConfigError, match=message):
        significance(make_results(), *arguments)


def test_markdown():
    results = make_results(("a|b", "c"), ("Set5",), ("gani_d",), ("x",))
    results = change(results, "Set5", "gani_d", "x", "a|b", values={"psnr": 30.0})
    results = change(results, "Set5", "gani_d", "x", "c", values={"psnr": 31.234})
    text = significance_markdown(significance(results, "a|b"))
    rows = [cells(line) for line in text.splitlines() if line.startswith("|")]
    assert rows[0] == ["minus", "kernel", "set", "difference", "95 % interval", "p", "images"]
    assert rows[2:] == [
        ["c", "all", "all, pooled", "-1.23", "–", "1.0000", "1"],
        ["c", "gani_d", "Set5", "-1.23", "–", "1.0000", "1"],
    ]
    assert text.startswith("PSNR of a\\|b, minus") and "not corrected" in text
    assert significance_markdown([]) == ""
    several = significance(make_results(), "mzsr (10)", "ssim")
    d = next(line for line in several if line.kernel is None).difference  # pooled lines come first
    row = cells(significance_markdown(several).splitlines()[4])
    assert row[3:] == [f"{d.mean:+.4f}", f"{d.low:+.4f} to {d.high:+.4f}", f"{d.p:.4f}", str(d.images)]
