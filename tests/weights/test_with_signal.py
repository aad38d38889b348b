"""The manner and the rates of an asked signal: learned rates stay with the signal that they were learned for."""

import pytest
import torch
from helpers.small_networks import save_network

from mzsr_basicsr.adaptation.settings import USUAL, Manner
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.signals import SIGNALS, SignalSettings
from mzsr_basicsr.signals.son import son
from mzsr_basicsr.weights.pretrained import load_pretrained, with_signal


@pytest.fixture
def loaded(tmp_path):
    return load_pretrained(save_network(tmp_path / "w.pth", rate=0.125))  # of the son, as it says nothing


@pytest.mark.parametrize("asked", ["auto", "son"])
def test_the_weights_own_signal_keeps_its_rates(loaded, asked):
    found = with_signal(loaded, asked)
    assert found.manner == Manner(SignalSettings("son"), "gradient")
    assert torch.equal(found.schedule.learned, loaded.rates) and float(loaded.rates[0, 0]) == 0.125


@pytest.mark.parametrize("asked", ["scale", "mixed"])
def test_another_signal_takes_orthogonal_steps_of_usual_rates(loaded, asked):
    found = with_signal(loaded, asked)
    assert found.manner == Manner(SignalSettings(asked), "orthogonal")
    assert found.rates is None and found.schedule.learned is None
    assert found.schedule.steps == USUAL["orthogonal"]
    assert found.network is loaded.network and found.scale == 2


def test_the_son_of_weights_of_another_signal_takes_the_papers_steps(loaded):
    own = Manner(SignalSettings("scale", crop=96, refresh=2), "orthogonal")
    found = with_signal(loaded._replace(manner=own), "son")
    assert found.manner == Manner(SignalSettings("son"), "gradient")
    assert found.schedule.steps == USUAL["gradient"] and found.rates is None
    assert with_signal(loaded._replace(manner=own), "scale").manner == own  # with its own crop, too


def test_a_users_signal(loaded, monkeypatch):
    with pytest.raises(ConfigError, match=r"^signal: 'mine' is not registered; allowed: auto, son, scale, mixed"):
        with_signal(loaded, "mine")
    monkeypatch.setitem(SIGNALS, "mine", son)
    assert with_signal(loaded, "mine").manner == Manner(SignalSettings("mine"), "orthogonal")
