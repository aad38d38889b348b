"""Metrics of pyiqa, with one in its place: found by name before any work, and never a figure that is not finite."""

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from helpers.benchmark_runs import benchmark, count_calls, make_place, options, read

from mzsr_basicsr.benchmark.run import metrics
from mzsr_basicsr.errors import ConfigError


class Distance(SimpleNamespace):
    """Mean absolute difference (full reference), or mean (no reference), or not a number for pictures 41 px wide."""

    def __call__(self, image, reference=None):
        if image.shape[-1] == 41:
            return torch.tensor(float(self.odd))
        return (image - (0 if reference is None else reference)).abs().mean()


@pytest.fixture
def pyiqa(monkeypatch):
    module = ModuleType("pyiqa")
    module.list_models = lambda: ["distance", "level", "rare", "lost"]

    def create_metric(name, device):
        if name == "lost":
            raise OSError("no\nnetwork")
        mode, odd = "NR" if name == "level" else "FR", "nan" if name == "rare" else "0.5"
        return Distance(metric_mode=mode, odd=odd, lower_better=name != "level")

    module.create_metric = create_metric
    monkeypatch.setitem(sys.modules, "pyiqa", module)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    metrics.load_pyiqa.cache_clear()
    yield
    metrics.load_pyiqa.cache_clear()


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path)


def test_further_metrics_are_measured_inside_the_border(place, pyiqa):
    results, out = benchmark(options(place, metrics=["psnr", "distance", "level"]))
    first = results.measures[0]
    picture, hr = (read(p)[2:-2, 2:-2] / 255 for p in (out / first.picture, place / "gt/p0.png"))
    assert first.values["distance"] == pytest.approx(np.abs(picture - hr).mean(), rel=1e-5)
    assert first.values["level"] == pytest.approx(picture.mean(), rel=1e-5)
    assert results.measures[1].values["distance"] == 0.5 and results.lower_is_better == ["distance"]


def test_a_metric_is_added_without_any_method(place, pyiqa, monkeypatch):
    before, _ = benchmark(options(place))
    calls = count_calls(monkeypatch)
    results, _ = benchmark(options(place, metrics=["psnr", "ssim", "distance"]))
    assert calls == [] and all(0 < m.values["distance"] < 1 for m in results.measures)
    assert [m.values["psnr"] for m in results.measures] == [m.values["psnr"] for m in before.measures]


def test_a_figure_that_is_not_finite_is_a_failure(place, pyiqa):
    results, _ = benchmark(options(place, metrics=["psnr", "rare"]))
    (failure,) = results.failures
    assert failure.image == "p1" and failure.reason.startswith("metric: rare of the SR image is nan; leave rare out")
    assert [m.image for m in results.measures] == ["p0"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("distanse", r"metrics: unknown metric 'distanse'; did you mean `distance`\?"),
        ("sim", r"metrics: unknown metric 'sim'; did you mean `ssim`\?"),
        ("lost", r"metrics: the weights of lost cannot be had \(no network\); see pyiqa on where to put them"),
    ],
)
def test_an_unknown_metric_is_found_before_any_work(place, pyiqa, name, line):
    with pytest.raises(ConfigError, match=line):
        benchmark(options(place, metrics=["psnr", name]))
    assert not (place / "out").exists()
