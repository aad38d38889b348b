"""A benchmark goes on where it was: exactly what depends on a change is computed again, and nothing else."""

import json
import shutil

import cv2
import numpy as np
import pytest
from helpers.benchmark_runs import benchmark, count_calls, faulty, make_place, network_method, options, read, save

from mzsr_basicsr.benchmark.run import metrics
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.metrics.quality import psnr_y

ALL = [("bicubic", "g2.0d", 24), ("net", "g2.0d", 24), ("bicubic", "g1.3b", 24), ("net", "g1.3b", 24)]
ALL += [(label, kernel, 23) for label, kernel, _ in ALL]


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path)


@pytest.fixture
def content(place):
    hook = {"updates": [0, 2], "rates": "learned"}
    methods = {"bicubic": {}, "net": network_method(place / "net.pth", zero_shot=hook)}
    return options(place, methods=methods, kernels=["g2.0d", "g1.3b"])


def plain(results):  # all but time and memory
    return {(m.column, m.kernel, m.image): (m.values, m.picture) for m in results.measures}


def test_an_interrupted_run_goes_on(place, content, monkeypatch):
    whole, out = benchmark({**content, "name": "whole"})
    with monkeypatch.context() as patch:
        first = count_calls(patch, stop_at=3)
        with pytest.raises(KeyboardInterrupt):
            benchmark(content)
    rest = count_calls(monkeypatch)
    results, again = benchmark(content)
    assert sorted(first + rest) == sorted(ALL) and len(first) == 3
    assert plain(results) == plain(whole)
    for m in results.measures:
        assert (again / m.picture).read_bytes() == (out / m.picture).read_bytes()
    rest.clear()
    third, _ = benchmark(content)
    assert rest == [] and third == results  # time and memory too


def pictures(folder):
    return {path: path.stat().st_mtime_ns for path in (folder / "sr").rglob("*.png")}


@pytest.mark.parametrize("damage", ["no picture", "picture", "no record", "record", "empty record"])
def test_damage_is_made_good(place, content, monkeypatch, damage):
    results, out = benchmark(content)
    before = pictures(out)
    picture = out / "sr/net/Tiny/g1.3b/p1_2.png"
    records = [f for f in (out / "cells").iterdir() if "sr/net/Tiny/g1.3b/p1_2.png" in f.read_text()]
    (record,) = records
    if "picture" in damage:
        picture.unlink() if "no" in damage else cv2.imwrite(str(picture), np.zeros((39, 45, 3)))
    elif damage == "no record":
        record.unlink()
    else:
        record.write_bytes(b"" if "empty" in damage else record.read_bytes()[:-30])
    calls = count_calls(monkeypatch)
    again, _ = benchmark(content)
    assert calls == [("net", "g1.3b", 23)] and plain(again) == plain(results)
    changed = [path for path, when in pictures(out).items() if before.get(path) != when]
    assert sorted(p.name for p in changed) == ["p1_0.png", "p1_2.png"]


def test_a_changed_image(place, content, monkeypatch):
    benchmark(content)
    hr = cv2.imread(str(place / "gt/p1.png"))
    cv2.imwrite(str(place / "gt/p1.png"), 255 - hr)
    calls = count_calls(monkeypatch)
    results, out = benchmark(content)
    assert sorted(calls) == sorted(c for c in ALL if c[2] == 23)
    for m in results.measures:
        assert m.values["psnr"] == psnr_y(read(out / m.picture), read(place / f"gt/{m.image}.png"), 2)


@pytest.mark.parametrize("cut", [39, 40])
def test_a_changed_image_beside_the_same_published_one(place, content, monkeypatch, cut):
    (place / "lr").mkdir()
    for stem in ("p0", "p1"):
        cv2.imwrite(str(place / f"lr/{stem}.png"), cv2.imread(str(place / f"gt/{stem}.png"))[::2, ::2])
    content["datasets"] = {"Tiny": {"gt": str(place / "gt"), "lq": {"g2.0d": str(place / "lr")}}}
    content["kernels"] = ["g2.0d"]
    before, _ = benchmark(content)
    cv2.imwrite(str(place / "gt/p0.png"), cv2.imread(str(place / "gt/p0.png"))[:cut] // 2)
    calls = count_calls(monkeypatch)
    results, out = benchmark(content)
    assert calls == [] if cut == 40 else calls == ALL[:2]
    assert not results.failures and len(results.measures) == 6
    for m in results.measures:
        assert m.values["psnr"] == psnr_y(read(out / m.picture), read(place / f"gt/{m.image}.png"), 2)
    assert plain(before) != plain(results)


def test_changed_weights_and_a_changed_network(place, content, monkeypatch):
    first, out = benchmark(content)
    save(place / "net.pth", seed=1)
    calls = count_calls(monkeypatch)
    second, _ = benchmark(content)
    assert sorted(calls) == sorted(c for c in ALL if c[0] == "net")
    assert plain(first) != plain(second)
    shutil.copy(place / "net.pth", place / "elsewhere.pth")  # the same content
    content["methods"]["net"]["weights"] = str(place / "elsewhere.pth")
    calls.clear()
    with pytest.raises(ConfigError, match="another configuration: its `methods.net.weights` is "):
        benchmark(content)
    third, _ = benchmark(content, update=True)
    assert calls == [] and plain(third) == plain(second)


def test_a_further_metric_is_measured_on_what_is_there(place, content, monkeypatch):
    before, _ = benchmark({**content, "metrics": ["psnr"]})
    calls = count_calls(monkeypatch)
    measured = []
    real = metrics.psnr_y
    monkeypatch.setattr(metrics, "psnr_y", lambda *a: measured.append(1) or real(*a))
    results, _ = benchmark(content)
    assert calls == measured == [] and len(results.measures) == 12
    assert all(0 < m.values["ssim"] < 1 for m in results.measures)
    assert {k: v[0]["psnr"] for k, v in plain(results).items()} == {k: v[0]["psnr"] for k, v in plain(before).items()}


def test_what_is_added_and_what_is_chosen(place, content, monkeypatch):
    calls = count_calls(monkeypatch)
    small = {**content, "methods": {"bicubic": {}}}
    benchmark(small)
    assert calls == [c for c in ALL if c[0] == "bicubic"]
    calls.clear()
    results, _ = benchmark(content, update=True, methods=["net"], kernels=["g1.3b"])
    assert calls == [("net", "g1.3b", 24), ("net", "g1.3b", 23)]
    assert len(results.measures) == 4 + 4  # what was measured before stays
    calls.clear()
    results, _ = benchmark(content)
    assert calls == [("net", "g2.0d", 24), ("net", "g2.0d", 23)] and len(results.measures) == 12


@pytest.mark.parametrize(
    "change", [{"zero_shot": {"updates": [0, 2], "rates": [[0, 0.3]]}}, {"kernel": "bicubic"}, {"zero_shot": None}]
)
def test_other_options_are_not_mixed_up(place, content, monkeypatch, change):
    first, out = benchmark(content)
    other = {**content, "methods": {"bicubic": {}, "net": {**content["methods"]["net"], **change}}}
    with pytest.raises(ConfigError, match="give this benchmark another `name` or --output, or --update"):
        benchmark(other)
    calls = count_calls(monkeypatch)
    second, _ = benchmark(other, update=True)
    assert sorted(calls) == sorted(c for c in ALL if c[0] == "net")
    apart, _ = benchmark({**other, "name": "apart"})
    assert plain(second) == plain(apart) and plain(second) != plain(first)
    third, _ = benchmark(content, update=True)  # its pictures were overwritten
    assert plain(third) == plain(first)


def test_labels_are_not_mixed_up(place, content):
    methods = {"net": content["methods"]["net"], "other": {**content["methods"]["net"], "kernel": "bicubic"}}
    first, _ = benchmark({**content, "methods": methods})
    swapped = {"net": methods["other"], "other": methods["net"]}
    second, _ = benchmark({**content, "methods": swapped}, update=True)
    psnr = [{(m.method, m.updates, m.kernel, m.image): m.values for m in r.measures} for r in (first, second)]
    for (label, updates, kernel, image), values in psnr[0].items():
        assert psnr[1]["other" if label == "net" else "net", updates, kernel, image] == values


def test_a_failure_is_tried_again(place, monkeypatch):
    content = options(place, methods={"bad": faulty(place, "RuntimeError")})
    first, out = benchmark(content)
    assert len(first.failures) == 1 and len(list((out / "cells").iterdir())) == 1
    calls = count_calls(monkeypatch)
    second, _ = benchmark(content)
    assert calls == [("bad", "g2.0d", 23)] and second.failures == first.failures


def test_what_decides_no_picture_is_no_other_configuration(place, content):
    benchmark(content)
    content |= {"page_mb": 1.0, "reference": "net", "published": "paper_x2", "metrics": ["psnr"]}
    content["datasets"] = {"Tiny": {"gt": str(place / "gt")}}
    results, out = benchmark(content)
    assert len(results.measures) == 12
    configuration = out / "configuration.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            benchmark({**content, "kernels": ["g2.0d"]}, update=True)
    assert json.loads(configuration.read_text())["kernels"] == ["g2.0d", "g1.3b"]
    assert not list(out.glob(".*"))


def interrupted(*_):
    raise KeyboardInterrupt
