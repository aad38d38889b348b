"""Weights for each data set and kernel, a memory of the set's other images, and weights without their learner."""

import shutil

import cv2
import pytest
import torch
from helpers.benchmark_runs import benchmark, count_calls, make_place, network_method, options, planned, read, save
from helpers.small_networks import photo, save_network

from mzsr_basicsr.adaptation.careful import adapt_carefully
from mzsr_basicsr.adaptation.settings import Manner, Schedule, Settings
from mzsr_basicsr.adaptation.zero_shot import super_resolve
from mzsr_basicsr.benchmark.run import remembering
from mzsr_basicsr.data.photos import to_picture, to_tensor
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, WeightsError
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.meta.store import followed, strategy_of
from mzsr_basicsr.signals import SignalSettings
from mzsr_basicsr.weights.files import read_file, save_atomically
from mzsr_basicsr.weights.learner import learner_as_plain
from mzsr_basicsr.weights.manner import manner_as_plain
from mzsr_basicsr.weights.pretrained import load_pretrained
from mzsr_basicsr.weights.task_embedding import load_embedding

MANNER = Manner(SignalSettings("scale", crop=0), "orthogonal")


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path)


def pictures(results, out, label):
    found = [m for m in results.measures if m.method == label]
    return {(m.dataset, m.kernel, m.image, m.updates): read(out / m.picture) for m in found}


def test_each_set_and_kernel_has_its_weights_and_what_is_missing_is_skipped_with_a_line(place):
    shutil.copytree(place / "gt", place / "more")
    for number, name in enumerate(("Tiny_g2.0d", "Tiny_g0.2d", "More_g2.0d")):
        save(place / f"{name}.pth", seed=number)
    own = network_method(str(place / "{dataset}_{kernel}.pth"))
    content = options(place, methods={"own": own, "plain": network_method(place / "Tiny_g2.0d.pth")})
    content |= {"datasets": {"Tiny": str(place / "gt"), "More": str(place / "more")}, "kernels": ["g2.0d", "g0.2d"]}
    results, out = benchmark(content)
    missing = place / "More_g0.2d.pth"
    assert results.skipped == [f"own: skipped where its weights are missing: {missing}; make them with `mzsr adapt`"]
    found, plain = pictures(results, out, "own"), pictures(results, out, "plain")
    assert {key[:2] for key in found} == {("Tiny", "g2.0d"), ("Tiny", "g0.2d"), ("More", "g2.0d")}
    assert all((found[key] == plain[key]).all() == (key[:2] == ("Tiny", "g2.0d")) for key in found)
    assert not results.failures and len(plain) == 8
    facts = [name for name in results.about if name.startswith("weights of own")]
    assert facts == [f"weights of own, {where}" for where in ("Tiny, g2.0d", "Tiny, g0.2d", "More, g2.0d")]


def test_only_the_place_whose_weights_change_is_computed_again(place, monkeypatch):
    for name in ("g2.0d", "g0.2d"):
        save(place / f"{name}.pth")
    content = options(place, methods={"own": network_method(str(place / "{kernel}.pth"))}, kernels=["g2.0d", "g0.2d"])
    benchmark(content)
    save(place / "g0.2d.pth", seed=9)
    calls = count_calls(monkeypatch)
    benchmark(content)
    assert {kernel for _, kernel, _ in calls} == {"g0.2d"} and len(calls) == 2


def test_an_ensemble_is_skipped_with_its_members(place):
    save(place / "g2.0d.pth")
    methods = {"own": network_method(str(place / "{kernel}.pth")), "bicubic": {}}
    content = options(place, methods={**methods, "both": {"type": "ensemble", "of": ["own", "bicubic"]}})
    plan = planned({**content, "kernels": ["g2.0d", "g0.2d"]})
    assert plan.without == {(label, "Tiny", "g0.2d") for label in ("own", "both")} and len(plan.skipped) == 2


def wavering(path, rate=4e-3):
    """A small network that learns from the own scale."""
    content = read_file(save_network(path), "weights file")
    rates = torch.full_like(content["rates"], rate)
    save_atomically({**content, "rates": rates, "about": {**content["about"], "manner": manner_as_plain(MANNER)}}, path)
    return {"type": "mzsr", "weights": str(path), "zero_shot": {"updates": [0, 2], "rates": "learned"}}


def test_an_image_begins_with_what_the_others_have_taught(place, monkeypatch):
    """By hand, of two images: the other one's move, as far as one entry is followed, where the held-out part agrees."""
    monkeypatch.setattr("mzsr_basicsr.adaptation.careful.least_promise", lambda degradation: 0.0)
    monkeypatch.setattr("mzsr_basicsr.meta.store.UNLIKE", -2.0)
    for name, first in (("p0", 0), ("p1", 8)):
        cv2.imwrite(str(place / "gt" / f"{name}.png"), photo(72, 64)[first : first + 56])
    method = wavering(place / "w.pth")
    results, out = benchmark(options(place, methods={"m": {**method, "memory": True}, "alone": method}))
    assert not results.failures
    found, alone = pictures(results, out, "m"), pictures(results, out, "alone")
    lr = {s.image: to_tensor(read(out / s.lr))[None] for s in results.sources}
    loaded, told = load_pretrained(str(place / "w.pth")), Degradation("gaussian:2,2,0,15", 2).to(torch.zeros(1))
    settings = Settings((2,), Schedule(learned=loaded.rates), MANNER, careful=True)
    changed = 0
    for image, other in (("p0", "p1"), ("p1", "p0")):
        taught = adapt_carefully(loaded.network, lr[other], told, settings)
        assert taught.kept
        strategy = strategy_of(taught.beginning.own, taught.params).half().float()
        codes = [load_embedding().of(lr[name], told) for name in (image, other)]
        weight = float(torch.expm1(10 * (codes[0] @ codes[1] + 2.0)))
        here = adapt_carefully(loaded.network, lr[image], told, settings, strategy=strategy * weight / (1 + weight))
        made = super_resolve(loaded.network, here.params, lr[image], told, settings)
        picture = found["Tiny", "g2.0d", image, 2]
        height, width = picture.shape[:2]
        assert abs(to_picture(made)[:height, :width].astype(int) - picture).max() <= 1
        assert followed(here.beginning.own, strategy).keys() == here.params.keys()
        changed += bool((picture != alone["Tiny", "g2.0d", image, 2]).any())
    assert changed


def test_a_memory_is_of_all_others_and_computed_again_where_one_changes(place, monkeypatch):
    content = options(place, methods={"m": {**wavering(place / "w.pth"), "memory": True}})
    plan = planned(content)
    seen = []
    monkeypatch.setattr(
        remembering.Remembering,
        "_learned",
        lambda self, d, others: seen.append(len(others)) or remembering.empty_store(32, 1),
    )
    assert not benchmark(content)[0].failures and seen == [1, 1]
    shutil.copy(place / "gt" / "p0.png", place / "gt" / "p2.png")
    seen.clear()
    benchmark(content)
    assert seen == [2, 2, 2] and plan.methods["m"].memory


@pytest.mark.parametrize(
    ("zero_shot", "more", "line"),
    [
        ({"updates": [0], "rates": "learned"}, {}, "methods.m.memory: needs updates and a part held out"),
        (
            {"updates": [2], "rates": "learned", "careful": False},
            {},
            "methods.m.memory: needs updates and a part held out",
        ),
        (
            {"updates": [2], "rates": "learned"},
            {"both": {"type": "ensemble", "of": ["m", "bicubic"]}},
            "of: 'm' has a memory",
        ),
    ],
)
def test_a_memory_that_cannot_be_is_refused(place, zero_shot, more, line):
    method = {**wavering(place / "w.pth"), "zero_shot": zero_shot, "memory": True}
    with pytest.raises(ConfigError, match=line):
        benchmark(options(place, methods={"m": method, "bicubic": {}, **more}))


def test_without_its_learner_a_file_is_its_shared_parameters(place):
    content = torch.load(wavering(place / "w.pth")["weights"], weights_only=True)
    learner = MetaLearner(load_pretrained(str(place / "w.pth")).network, scope="head")
    about = {**content["about"], "learner": learner_as_plain(learner)}
    rates = torch.full((1, len(learner.moving)), 0.02)
    save_atomically({**content, "rates": rates, "about": about, "meta": {}}, place / "moved.pth")
    method = {"type": "mzsr", "weights": str(place / "moved.pth"), "zero_shot": {"updates": [0, 1], "rates": "learned"}}
    with pytest.raises(WeightsError, match="methods.m: its learned rates do not fit its network"):
        benchmark(options(place, methods={"m": {**method, "learner": False}}))
    save_atomically({**content, "about": {**about, "learner": {}}, "meta": {}}, place / "moved.pth")
    results, out = benchmark(options(place, methods={"m": {**method, "learner": False}, "plain": method}))
    found, same = pictures(results, out, "m"), pictures(results, out, "plain")
    assert not results.failures and all((found[key] == same[key]).all() for key in found)
