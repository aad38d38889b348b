"""Adapting to a folder: never worse on what is held out, the same however often it is interrupted, and of use."""

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.collections import chosen, run, shorten, write_parts
from helpers.small_networks import photo, save_network

import mzsr_basicsr
from mzsr_basicsr.adaptation.descent import start_of
from mzsr_basicsr.collection import adapt as adapting
from mzsr_basicsr.collection import learning
from mzsr_basicsr.collection.choices import list_files
from mzsr_basicsr.collection.lessons import Judge, Teacher
from mzsr_basicsr.collection.result import TIME_UP, said
from mzsr_basicsr.collection.state import State
from mzsr_basicsr.collection.survey import survey
from mzsr_basicsr.errors import TrainingError, WeightsError
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.meta.starts.experts import Experts
from mzsr_basicsr.signals import SignalSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler
from mzsr_basicsr.weights.files import save_atomically
from mzsr_basicsr.weights.learner import learner_as_plain
from mzsr_basicsr.weights.pretrained import load_pretrained

UPSCALE = {"kernel": "gaussian:1.0", "noise": 0, "device": "cpu"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_parts(tmp_path / "scans")


def stored(file: Path | str) -> dict:
    return torch.load(file, weights_only=True)


def stopping_at(step: int):
    def tell(way) -> None:
        if way is not None and way.step == step:
            raise KeyboardInterrupt

    return tell


def held_out_losses(folder: Path, weights: str, judged: str, names: tuple[str, ...]) -> tuple[float, ...]:
    """Judge a weights file by the pictures that were held out, with the questions of the starting weights."""
    choices = chosen(folder, folder.parent / "none.pth", weights)
    found = survey(folder, list_files(folder).pictures, Upscaler(choices.upscale), {}, lambda *_: None)
    network = load_pretrained(weights).network
    teacher = Teacher(network, None, SignalSettings("mixed"), start_of(network), 0)
    judge = Judge(teacher, [one for one in found.members if one.name in names])
    return judge.marks(start_of(load_pretrained(judged).network))


def test_what_is_kept_serves_every_held_out_picture_better(weights, folder, tmp_path, monkeypatch):
    shorten(monkeypatch)
    report = run(folder, tmp_path / "out.pth", weights)
    assert report.way.kept > 0 and report.way.promised > 0 and len(report.held_out) == 1 and len(report.members) == 3
    before = held_out_losses(folder, weights, weights, report.held_out)
    after = held_out_losses(folder, weights, str(tmp_path / "out.pth"), report.held_out)
    assert all(now < first for now, first in zip(after, before, strict=True))
    np.testing.assert_allclose((np.mean(before), np.mean(after)), report.losses, rtol=1e-6)
    assert after == min(marks for _, marks in report.way.history)
    about = stored(tmp_path / "out.pth")["about"]["collection"]
    assert (about["domain"], about["pictures"], about["held_out"]) == ("scans", 4, 1)
    assert about["loss_after"] < about["loss_before"] and about["steps"] == report.way.step
    assert list(tmp_path.glob(".*")) == []  # a finished run leaves no state


def test_steps_that_make_it_worse_give_the_starting_weights_as_they_are(weights, folder, tmp_path, monkeypatch):
    shorten(monkeypatch, rate=-1e-2)  # uphill
    report = run(folder, tmp_path / "out.pth", weights)
    assert report.way.kept == 0 and report.way.promised == 0.0 and report.stopped == "held-out loss stopped falling"
    old, new = stored(weights), stored(tmp_path / "out.pth")
    assert all(torch.equal(new["params"][name], value) for name, value in old["params"].items())
    assert torch.equal(new["rates"], old["rates"]) and new["about"]["collection"]["kept"] == 0
    images = [
        mzsr_basicsr.upscale(photo(), weights=str(w), updates=2, **UPSCALE).image
        for w in (weights, tmp_path / "out.pth")
    ]
    assert np.array_equal(*images)
    assert held_out_losses(folder, weights, str(tmp_path / "out.pth"), report.held_out) == report.way.history[0][1]


def test_one_picture_that_gets_worse_is_enough_to_keep_the_start(weights, folder, tmp_path, monkeypatch):
    shorten(monkeypatch)
    asked = []

    def marks(self, params):
        asked.append(1)
        return (1.0, 1.0) if len(asked) == 1 else (0.1, 1.0 + 1e-9)

    monkeypatch.setattr(Judge, "marks", marks)
    report = run(folder, tmp_path / "out.pth", weights)
    assert report.way.kept == 0 and max(report.way.gains) > 9


@pytest.mark.parametrize(("promise", "kept"), [(0.19, 0), (0.21, 2)])
def test_what_promises_too_little_is_not_kept(weights, folder, tmp_path, monkeypatch, promise, kept):
    least = learning.LEAST
    shorten(monkeypatch)
    monkeypatch.setattr(learning, "LEAST", least)
    asked = []

    def marks(self, params):
        asked.append(1)
        return (1.0,) if len(asked) == 1 else (10 ** (-promise / 20),)

    monkeypatch.setattr(Judge, "marks", marks)
    report = run(folder, tmp_path / "out.pth", weights)
    assert report.way.kept == kept and report.way.gains[1] == pytest.approx(promise)
    assert ("0.2 dB better" in said(report)[0]) == (kept == 0)


@pytest.mark.parametrize("stops", [(1,), (3, 4, 6)])
def test_interrupted_runs_end_as_uninterrupted_ones(weights, folder, tmp_path, monkeypatch, stops):
    shorten(monkeypatch)
    whole = run(folder, tmp_path / "whole.pth", weights)
    for step in stops:
        with pytest.raises(KeyboardInterrupt):
            run(folder, tmp_path / "parts.pth", weights, stopping_at(step))
        assert (tmp_path / ".parts.pth.state").is_file() and not (tmp_path / "parts.pth").exists()
    last = run(folder, tmp_path / "parts.pth", weights)
    assert last.resumed == stops[-1] and last.way.history == whole.way.history
    one, other = stored(tmp_path / "whole.pth"), stored(tmp_path / "parts.pth")
    assert one["about"] == other["about"]
    assert all(torch.equal(value, other["params"][name]) for name, value in one["params"].items())
    assert not (tmp_path / ".parts.pth.state").exists()


def test_a_time_budget_ends_a_call_and_the_same_call_goes_on(weights, folder, tmp_path, monkeypatch):
    shorten(monkeypatch, every=2, patience=50)
    seconds = iter(range(10_000))
    monkeypatch.setattr(adapting, "perf_counter", lambda: float(next(seconds)))  # each look at the clock takes 1 s
    first = run(folder, tmp_path / "out.pth", weights, minutes=0.15)  # 9 s
    assert first.stopped == TIME_UP and first.way.step == 8  # 2 s at its 1st step; 9 s, and 1 more, at its 8th
    assert (tmp_path / "out.pth").is_file() and (tmp_path / ".out.pth.state").is_file()
    second = run(folder, tmp_path / "out.pth", weights, minutes=0.15)
    assert (second.resumed, second.way.step) == (8, 16)
    whole = run(folder, tmp_path / "whole.pth", weights, minutes=0.15 + 8 / 60)
    assert whole.way.step == 16 and whole.way.history == second.way.history
    assert all(torch.equal(value, second.way.params[name]) for name, value in whole.way.params.items())


def test_the_seed_decides(weights, folder, tmp_path, monkeypatch):
    shorten(monkeypatch, patience=1)
    files = [tmp_path / name for name in ("a.pth", "b.pth", "c.pth")]
    for file, seed in zip(files, (0, 0, 1), strict=True):
        run(folder, file, weights, seed=seed)
    a, b, c = (stored(file) for file in files)
    assert a["about"] == b["about"] and all(torch.equal(v, b["params"][n]) for n, v in a["params"].items())
    assert any(not torch.equal(v, c["params"][n]) for n, v in a["params"].items())


def test_the_weights_serve_upscale_and_a_memory_and_are_adapted_further(weights, folder, tmp_path, monkeypatch):
    shorten(monkeypatch)
    run(folder, tmp_path / "out.pth", weights)
    given = {"weights": str(tmp_path / "out.pth"), "updates": 3, **UPSCALE}
    plain = mzsr_basicsr.upscale(photo(), weights=weights, updates=3, **UPSCALE)
    found = mzsr_basicsr.upscale(photo(), memory=str(tmp_path / "m.pt"), **given)
    assert found.memory["wrote"] and not np.array_equal(found.image, plain.image)
    assert mzsr_basicsr.upscale(photo(), memory=str(tmp_path / "m.pt"), **given).memory["used"]
    again = run(folder, tmp_path / "again.pth", str(tmp_path / "out.pth"))
    assert len(again.way.history) > 1
    assert stored(tmp_path / "again.pth")["about"]["collection"]["start"]["file"] == "out.pth"


def test_all_that_belongs_to_the_starting_weights_stays(folder, tmp_path, monkeypatch):
    shorten(monkeypatch, patience=1)
    content = stored(save_network(tmp_path / "small.pth"))
    manner = {"signal": {"name": "scale", "crop": 32}, "rule": "orthogonal"}
    save_atomically({**content, "about": {**content["about"], "manner": manner, "note": "kept"}}, tmp_path / "own.pth")
    run(folder, tmp_path / "out.pth", str(tmp_path / "own.pth"))
    old, new = load_pretrained(str(tmp_path / "own.pth")), load_pretrained(str(tmp_path / "out.pth"))
    assert new.manner == old.manner and new.scale == old.scale and torch.equal(new.rates, old.rates)
    assert stored(tmp_path / "out.pth")["about"]["note"] == "kept"


@pytest.mark.parametrize("kind", ["modulation", "experts"])
def test_a_meta_learner_starts_each_picture_and_stays(folder, tmp_path, monkeypatch, kind):
    shorten(monkeypatch, patience=1)
    content = stored(save_network(tmp_path / "small.pth"))
    network = load_pretrained(str(tmp_path / "small.pth")).network
    if kind == "modulation":
        learner = MetaLearner(network, scope="modulation")
    else:
        experts = Experts(network, TaskEmbedding(), count=2)
        experts.centres = torch.nn.functional.normalize(torch.randn(2, experts.size), dim=-1)
        learner = MetaLearner(network, experts)
        for added in experts.added:
            added.data += 0.01
    about = {**content["about"], "learner": learner_as_plain(learner)}
    own = {"params": content["params"], "about": about, "meta": learner.state_dict()}
    save_atomically(own, tmp_path / "own.pth")
    report = run(folder, tmp_path / "out.pth", str(tmp_path / "own.pth"))
    without = run(folder, tmp_path / "plain.pth", str(tmp_path / "small.pth"))
    assert (report.way.history[0] == without.way.history[0]) == (kind == "modulation")  # where no expert adds anything
    made = stored(tmp_path / "out.pth")
    assert made["about"]["learner"] == own["about"]["learner"] and made["meta"].keys() == own["meta"].keys()
    assert all(torch.equal(made["meta"][name], value) for name, value in own["meta"].items())
    assert report.way.kept and mzsr_basicsr.upscale(photo(), weights=str(tmp_path / "out.pth"), updates=1, **UPSCALE)


def test_a_loss_that_is_not_finite(weights, folder, tmp_path, monkeypatch):
    shorten(monkeypatch)
    loss_and_slope = adapting.learned.__globals__["loss_and_slope"]
    monkeypatch.setitem(
        adapting.learned.__globals__, "loss_and_slope", lambda *a: (float("nan"), loss_and_slope(*a)[1])
    )
    report = run(folder, tmp_path / "out.pth", weights)
    assert (report.way.step, report.way.kept, report.stopped) == (0, 0, "the loss is not finite any more")
    monkeypatch.setattr(Judge, "marks", lambda self, params: (float("nan"),))
    with pytest.raises(TrainingError, match="not finite before any step; check the weights"):
        run(folder, tmp_path / "other.pth", weights)
    assert not (tmp_path / "other.pth").exists()


def test_a_state_that_cannot_be_saved_leaves_no_output_and_the_run_goes_on(weights, folder, tmp_path, monkeypatch):
    """An output that no state knows of would be refused as another's."""
    shorten(monkeypatch)
    whole = run(folder, tmp_path / "whole.pth", weights, steps=4)
    with monkeypatch.context() as patch:
        patch.setattr(State, "announce", lambda *_: (_ for _ in ()).throw(WeightsError("no room")))
        with pytest.raises(WeightsError, match="no room"):
            run(folder, tmp_path / "out.pth", weights, steps=4)
    assert not (tmp_path / "out.pth").exists()
    again = run(folder, tmp_path / "out.pth", weights, steps=4)
    assert again.way.history == whole.way.history and (tmp_path / "out.pth").is_file()


def test_a_run_that_is_killed_as_its_output_appears_knows_it(weights, folder, tmp_path, monkeypatch):
    shorten(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(State, "remove", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(folder, tmp_path / "out.pth", weights, steps=4)
    assert (tmp_path / "out.pth").is_file() and (tmp_path / ".out.pth.state").is_file()
    run(folder, tmp_path / "out.pth", weights, steps=4)
    assert not (tmp_path / ".out.pth.state").exists()


def test_fewer_steps_than_were_made_are_no_reason_to_go_on_for_ever(weights, folder, tmp_path, monkeypatch):
    shorten(monkeypatch, patience=10**6)
    with pytest.raises(KeyboardInterrupt):
        run(folder, tmp_path / "out.pth", weights, stopping_at(6))
    report = run(folder, tmp_path / "out.pth", weights, stopping_at(30), steps=3)
    assert report.way.step == 6 and (tmp_path / "out.pth").is_file()
