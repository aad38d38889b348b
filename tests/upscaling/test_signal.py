"""The signal of `mzsr_basicsr.upscale`: what it changes, what is recorded of it, and names that nobody knows."""

import json
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from basicsr.archs import build_network
from helpers.small_networks import photo, save_network
from helpers.trainings import environment

from mzsr_basicsr import signals
from mzsr_basicsr.adaptation.careful import adapt_carefully
from mzsr_basicsr.adaptation.settings import Manner, Schedule, Settings
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs import worker
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.policy import FilePolicy
from mzsr_basicsr.jobs.worker import upscale_picture
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.signals import SignalSettings
from mzsr_basicsr.signals.son import son
from mzsr_basicsr.upscaling.allowed import SIGNALS
from mzsr_basicsr.upscaling.api import upscale
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler
from mzsr_basicsr.weights.files import save_atomically
from mzsr_basicsr.weights.manner import manner_as_plain
from mzsr_basicsr.weights.pretrained import load_pretrained

GIVEN = {"kernel": "gaussian:1.0", "updates": 3, "noise": 0, "device": "cpu", "seed": 5}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


def losses_of(weights, manner, schedule):
    """Adapt as `upscale` must, by the library alone."""
    settings = Settings((3,), schedule, manner, quantize_son=True, seed=5)
    lq = torch.from_numpy(photo().transpose(2, 0, 1) / 255).float()[None]
    degradation = Degradation("gaussian:1.0", 2).to(lq)
    return adapt_carefully(load_pretrained(weights).network, lq, degradation, settings).losses


def test_every_signal_learns_by_its_own_manner(small):
    found = {name: upscale(photo(), weights=small, signal=name, **GIVEN) for name in SIGNALS}
    assert [result.signal for result in found.values()] == ["son", "son", "scale", "mixed"]
    assert found["auto"].losses == found["son"].losses
    assert np.array_equal(found["auto"].image, found["son"].image)
    learned = Schedule(learned=load_pretrained(small).rates)
    assert found["son"].losses == pytest.approx(losses_of(small, Manner(), learned), rel=1e-5)
    for name in ("scale", "mixed"):
        manner = Manner(SignalSettings(name), "orthogonal")
        assert found[name].losses == pytest.approx(losses_of(small, manner, Schedule(((0, 5e-3),))), rel=1e-5)


def test_auto_is_what_the_weights_say(tmp_path):
    network = {"type": "MZSRNetWiener", "num_feat": 4, "num_block": 1, "scale": 2}
    built = build_network(dict(network))
    manner = Manner(SignalSettings("mixed", shares=(0.25, 0.75)), "gradient")
    about = {"scale": 2.0, "network_g": network, "manner": manner_as_plain(manner)}
    save_atomically({"params": built.state_dict(), "about": about}, tmp_path / "w.pth")
    for asked, expected in (("auto", manner), ("mixed", manner), ("son", Manner())):
        settings = UpscaleSettings(weights=str(tmp_path / "w.pth"), signal=asked)
        assert Upscaler(settings).manner == expected


def test_the_record_says_which(small):
    settings = UpscaleSettings(weights=small, signal="scale", **{**GIVEN, "updates": 1})
    _, plan, record = upscale_picture(Picture(photo()), Upscaler(settings), "photo")
    assert (record["signal"], record["rule"], record["settings"]["signal"]) == ("scale", "orthogonal", "scale")
    assert plan.manner == Manner(SignalSettings("scale"), "orthogonal")


def test_a_clip_is_not_gone_on_with_by_another_signal(small, monkeypatch, tmp_path):
    from mzsr_basicsr.jobs import clip_job

    seen = []

    def spy(source, target, adapt, progress, fingerprint):
        seen.append(fingerprint)
        return ClipReport()

    @dataclass
    class ClipReport:
        frames: int = 0
        notes: tuple[str, ...] = ()

    monkeypatch.setattr(clip_job, "upscale_video", spy)
    monkeypatch.setattr(worker, "is_wanted", lambda job, policy: True)
    for signal in ("son", "scale", "scale"):
        upscaler = Upscaler(UpscaleSettings(weights=small, signal=signal))
        job = FileJob(tmp_path / "a.mp4", tmp_path / "b.mkv")
        record = worker.run_job(job, upscaler, FilePolicy())
        assert record["signal"] == signal
    assert seen[0] != seen[1] == seen[2]


def test_unknown_signals_are_refused_and_registered_ones_serve(small, monkeypatch):
    with pytest.raises(ConfigError, match=r"^signal: 'fog' is not registered; allowed: auto, son, scale, mixed$"):
        upscale(photo(), weights=small, signal="fog", **GIVEN)
    with pytest.raises(ConfigError, match=r"^signal: a int; give a text"):
        upscale(photo(), weights=small, signal=3, **GIVEN)
    monkeypatch.setitem(signals.SIGNALS, "fog", son)
    assert upscale(photo(), weights=small, signal="fog", **GIVEN).signal == "fog"


def test_the_choices_of_the_command_are_the_shipped_signals():
    assert SIGNALS == ("auto", "son", "scale", "mixed") and set(SIGNALS[1:]) == set(signals.SIGNALS)


def test_shipped_names_load_nothing_heavy():
    code = """
import json, sys
from mzsr_basicsr.upscaling.allowed import SIGNALS
from mzsr_basicsr.upscaling.settings import UpscaleSettings
for name in SIGNALS:
    UpscaleSettings(signal=name)
print(json.dumps([m for m in ("torch", "numpy") if m in sys.modules]))
"""
    run = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == []
