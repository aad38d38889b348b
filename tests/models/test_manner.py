"""Whole trainings for a signal and a rule: files carry both to the test; resume and several processes change nothing."""

from pathlib import Path

import pytest
import torch
from helpers.launches import TEST, changed, launch, make_place
from helpers.trainings import run, train, write_internal, write_photos

from mzsr_basicsr import test as tester
from mzsr_basicsr import train as trainer
from mzsr_basicsr.adaptation.settings import Manner, Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.signals import SignalSettings
from mzsr_basicsr.weights.pretrained import load_pretrained

SCALE = "signal: scale, rule: orthogonal, order: 1"


def test_weights_are_adapted_as_they_were_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train, validate, load by its file alone, and test through the model: one manner all the way."""
    make_place(tmp_path, monkeypatch)
    signal = "signal: {type: scale, crop: 12, refresh: 1}, rule: orthogonal, order: 1"
    text = changed(
        write_internal(Path("o.yml"), Path("photos"), 3, signal).read_text(), ("val_freq: 1000", "val_freq: 3")
    )
    assert launch(monkeypatch, trainer, text) == ""
    path = "experiments/tiny/models/net_g_latest.pth"
    saved = torch.load(path, weights_only=True)
    own = Manner(SignalSettings("scale", crop=12, refresh=1), "orthogonal")
    loaded = load_pretrained(path)
    assert loaded.manner == own and torch.equal(loaded.schedule.learned, saved["rates"])
    assert saved["rates"].std() > 0  # they have been trained

    seen: list[Settings] = []

    def watched(network, lq, degradation, settings, *rest):
        seen.append(settings)
        return zero_shot(network, lq, degradation, settings, *rest)

    monkeypatch.setattr("mzsr_basicsr.models.mzsr_model.zero_shot", watched)
    tests = changed(TEST, ("pretrain_network_g: ~", f"pretrain_network_g: {path}"))
    assert launch(monkeypatch, tester, changed(tests, ("updates: [0, 1]", "updates: [0, 1], rates: learned"))) == ""
    assert seen and all(settings.manner == own for settings in seen)
    assert torch.equal(seen[0].schedule.learned, saved["rates"])
    seen.clear()
    assert launch(monkeypatch, tester, tests) == ""  # rates that are not the file's own: the paper's manner
    assert all(settings.manner == Manner() for settings in seen)
    other = changed(tests, ("updates: [0, 1]", "updates: [0, 1], rates: learned, rule: gradient"))
    line = launch(monkeypatch, tester, other)
    assert line == "error: zero_shot.rule: gradient, but the rates were learned for orthogonal; give rates of its own"


def test_supervised_training_says_no_manner_and_learns_no_rates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_place(tmp_path, monkeypatch)
    text = changed(
        write_internal(Path("o.yml"), Path("photos"), 1, "order: 2").read_text(), ("inner_steps: 2", "inner_steps: 0")
    )
    line = launch(monkeypatch, trainer, text)
    assert line == "error: zero_shot.rates: `learned`, but the weights hold no rates; give [update, rate] pairs"
    assert launch(monkeypatch, trainer, changed(text, (", rates: learned", ""))) == ""
    path = "experiments/tiny/models/net_g_latest.pth"
    assert set(torch.load(path, weights_only=True)["about"]) == {"scale", "network_g"}
    assert load_pretrained(path).manner == Manner() and load_pretrained(path).rates is None


def test_a_bfloat16_training_is_much_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_place(tmp_path, monkeypatch)
    text = write_internal(Path("o.yml"), Path("photos"), 2, SCALE).read_text()
    saved = []
    for precision in ("float32", "bfloat16"):
        other = changed(
            text, ("name: tiny", f"name: {precision}"), ("total_iter: 2", f"total_iter: 2\n  precision: {precision}")
        )
        assert launch(monkeypatch, trainer, other) == ""
        saved.append(torch.load(f"experiments/{precision}/models/net_g_latest.pth", weights_only=True))
    assert not torch.equal(saved[0]["rates"], saved[1]["rates"])
    torch.testing.assert_close(saved[0]["rates"], saved[1]["rates"], rtol=5e-3, atol=0)
    for name, value in saved[0]["params"].items():
        torch.testing.assert_close(saved[1]["params"][name], value, atol=5e-3, rtol=0)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """An uninterrupted run of four tasks a step."""
    root = tmp_path_factory.mktemp("whole")
    done = train(write_internal(root / "o.yml", photos, 4, SCALE, batch=4), root)
    assert done.returncode == 0, done.stderr
    return root


def assert_same(root: Path, whole: Path, tolerance: float) -> None:
    ours, theirs = (
        torch.load(r / "experiments/tiny/models/net_g_latest.pth", weights_only=True) for r in (root, whole)
    )
    assert ours["about"] == theirs["about"] and ours["about"]["manner"]["rule"] == "orthogonal"
    for key in ("params", "params_ema"):
        for name, value in theirs[key].items():
            torch.testing.assert_close(ours[key][name], value, atol=tolerance, rtol=0)
    torch.testing.assert_close(ours["rates"], theirs["rates"], atol=tolerance, rtol=0)


def test_a_resumed_training_ends_bit_for_bit_alike(tmp_path: Path, photos: Path, whole: Path) -> None:
    file = write_internal(tmp_path / "o.yml", photos, 4, SCALE, batch=4)
    assert train(file, tmp_path, "--force_yml", "train:total_iter=2").returncode == 0
    resumed = train(file, tmp_path, "--auto_resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "Resuming training from epoch: 0, iter: 2" in resumed.stderr
    assert_same(tmp_path, whole, 0.0)


def test_two_processes_equal_one_on_the_joint_meta_batch(tmp_path: Path, photos: Path, whole: Path) -> None:
    """float32 sums in another order; a step along an orthogonal direction magnifies that a little."""
    write_internal(tmp_path / "o.yml", photos, 4, SCALE, batch=2)
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", "mzsr_basicsr.train"]
    done = run([*torchrun, "-opt", "o.yml", "--launcher", "pytorch"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert_same(tmp_path, whole, 2e-5)
