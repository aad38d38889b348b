"""benchmarks/unrolled.py: what its arms differ in, how their cost is made equal, resuming, and the table by hand."""

import importlib
import json

import pytest
import yaml
from helpers.places import OPTIONS, ROOT
from helpers.small_networks import save_network

from mzsr_basicsr.archs.build import build_network
from mzsr_basicsr.errors import ImageError


@pytest.fixture
def unrolled(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("unrolled")


def arguments(unrolled, monkeypatch, tmp_path, *more):
    """Parse a command line as `main` does."""
    found = []
    monkeypatch.setattr(unrolled, "run", lambda a: found.append(a) or {})
    monkeypatch.setattr(unrolled, "table", lambda results: "")
    unrolled.main(["photos", "bench", "-o", str(tmp_path / "out"), *map(str, more)])
    monkeypatch.undo()
    return found[0]


def test_arms_are_of_one_size_and_differ_in_network_and_optimizer_alone(unrolled, monkeypatch, tmp_path):
    choices = arguments(unrolled, monkeypatch, tmp_path)
    made = []
    monkeypatch.setattr(unrolled, "train", lambda opt, output: made.append(opt) or "w")
    for name in unrolled.ARMS:
        unrolled.trained(name, 2, 3000, choices, "arm")
    sizes = [sum(p.numel() for p in build_network(opt["network_g"]).parameters()) for opt in made]
    assert sizes == [218268] * 4
    shipped = yaml.safe_load((OPTIONS / unrolled.FILE).read_text().replace("!!python/name:mzsr_basicsr.PLUGIN", "x"))
    for opt in made:
        data, own = opt["datasets"]["train"], shipped["datasets"]["train"]
        assert {k for k in own if data[k] != own[k]} == {"dataroot_gt", "seed", "num_worker_per_gpu"}
        assert opt["train"]["scheduler"]["periods"] == [3000] and opt["train"]["total_iter"] == 3000
        assert opt["train"]["warmup_iter"] == 100 and opt["manual_seed"] == 2 == data["seed"]
    assert len({opt["name"] for opt in made}) == 4
    for opt in made:
        opt.update(network_g=0, name=0)
        opt["train"]["optim_g"] = 0
    assert all(opt == made[0] for opt in made)


def test_an_iterations_cost_is_that_of_the_further_iterations(unrolled, monkeypatch, tmp_path):
    choices = arguments(unrolled, monkeypatch, tmp_path, "--timed", 50)
    costs = {name: 0.1 * (place + 1) for place, name in enumerate(unrolled.ARMS)}
    calls = []

    def trained(name, seed, count, given, kind):
        calls.append(name)
        return "w", 7.0 + count * costs[name]  # 7 s to start

    monkeypatch.setattr(unrolled, "trained", trained)
    assert unrolled.paces(choices) == pytest.approx(costs)
    assert unrolled.paces(choices) == pytest.approx(costs) and len(calls) == 8  # timed once
    assert [unrolled.iterations(600, cost) for cost in costs.values()] == [6000, 3000, 2000, 1500]


def test_finished_arms_are_kept(unrolled, monkeypatch, tmp_path):
    choices = arguments(unrolled, monkeypatch, tmp_path, "--seeds", 2, "--seconds", 30)
    monkeypatch.setattr(unrolled, "paces", lambda given: dict.fromkeys(unrolled.ARMS, 0.5))
    calls = []

    def one(name, seed, count, given):
        if len(calls) == 5:
            raise ImageError("stopped")
        calls.append((name, seed, count))
        return {"psnr": {}, "iterations": count, "parameters": seed, "seconds": 1.0}

    monkeypatch.setattr(unrolled, "one", one)
    with pytest.raises(ImageError):
        unrolled.run(choices)
    first, calls[:] = list(calls), []
    results = unrolled.run(choices)
    assert [*first, *calls] == [(name, seed, 60) for seed in (0, 1) for name in unrolled.ARMS]
    assert [[r["parameters"] for r in own] for own in results.values()] == [[0, 1]] * 4
    choices.seconds = 31
    calls[:] = []
    with pytest.raises(ImageError):  # other seconds are another study
        unrolled.run(choices)


def test_an_arm_is_measured_on_all_columns(unrolled, monkeypatch, tmp_path):
    choices = arguments(unrolled, monkeypatch, tmp_path)
    weights = save_network(tmp_path / "net.pth")
    monkeypatch.setattr(unrolled, "trained", lambda *a: (weights, 12.5))
    monkeypatch.setattr(unrolled, "list_photographs", lambda *a: ["b", "a"])
    noises = []

    def measure(network, path, case, kernel, updates, crop, careful):
        assert updates == (0,) and crop == 256 and not careful
        noises.append(case.noise)
        return {"0": {"a": 30.0, "b": 32.0}[path] + case.kernels.index(kernel)}

    monkeypatch.setattr(unrolled, "measure", measure)
    found = unrolled.one(next(iter(unrolled.ARMS)), 0, 60, choices)
    assert found["psnr"] == {
        **dict.fromkeys(("g0.2d", "g2.0d", "gani_d", "g1.3b", "g2.0d, σ 8"), 31.0),
        "4 camera shakes": 32.5,
    }
    assert noises.count(8.0) == 2 and len(noises) == 2 * 9
    assert (found["iterations"], found["seconds"]) == (60, 12.5) and json.dumps(found)
    assert unrolled.COLUMNS["g1.3b"].subsampling == "bicubic"


def test_the_table_by_hand(unrolled):
    def result(psnr, seconds):
        return {
            "psnr": dict.fromkeys(unrolled.COLUMNS, psnr),
            "iterations": 2892,
            "parameters": 218268,
            "seconds": seconds,
        }

    line = unrolled.table({"an arm": [result(30.0, 601.0), result(31.0, 604.0)]}).splitlines()[2]
    assert line == "| an arm | 218,268 | 2,892 | 602 |" + " 30.50 ± 0.50 |" * 7
