"""The manner of updates in a weights file: written as plain values, read back, and refused where it is damaged."""

from pathlib import Path

import pytest
import torch
from helpers.small_networks import save_network

from mzsr_basicsr import weights
from mzsr_basicsr.adaptation.settings import Manner, Schedule, usual_schedule
from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.signals import SIGNALS, SignalSettings
from mzsr_basicsr.weights.files import load_weights, save_atomically
from mzsr_basicsr.weights.manner import manner_as_plain, manner_of
from mzsr_basicsr.weights.pretrained import load_pretrained

OWN = Manner(SignalSettings("mixed", (0.25, 0.75), (0.5, 0.9), 96, 4), "orthogonal")


def write(path: Path, manner: object, rates: bool = True) -> str:
    """A small network's file that says how it is adapted."""
    save_network(path)
    content = torch.load(path, weights_only=True)
    content["about"]["manner"] = manner
    save_atomically(content if rates else {k: v for k, v in content.items() if k != "rates"}, path)
    return str(path)


@pytest.mark.parametrize("manner", [OWN, Manner(), Manner(SignalSettings("scale", shrink=None), "orthogonal")])
def test_a_manner_comes_back_as_it_was(tmp_path: Path, manner: Manner) -> None:
    """Through a real file, which loads without running code."""
    path = write(tmp_path / "w.pth", manner_as_plain(manner))
    loaded = load_pretrained(path)
    assert loaded.manner == manner
    assert load_weights(loaded.network, path, None, 2.0).manner == manner


def test_a_file_that_says_nothing_has_the_papers(tmp_path: Path) -> None:
    loaded = load_pretrained(save_network(tmp_path / "w.pth"))
    assert loaded.manner == Manner(SignalSettings("son"), "gradient")
    bare = tmp_path / "bare.pth"  # as of BasicSR: no `about` at all
    save_atomically({"params": loaded.network.state_dict()}, bare)
    assert load_weights(loaded.network, str(bare), None, 2.0).manner == Manner()


@pytest.mark.parametrize("name", [name for name in weights.names() if not name.startswith(("kernel_net", "task_"))])
def test_shipped_files_say_a_manner_that_is_there(name: str) -> None:
    about = torch.load(weights.locate(f"shipped:{name}"), weights_only=True)["about"]
    assert manner_of(about.get("manner"), name).signal.name in SIGNALS


def test_rates_suit_the_rule_where_none_were_learned(tmp_path: Path) -> None:
    path = write(tmp_path / "w.pth", manner_as_plain(OWN), rates=False)
    assert load_pretrained(path).schedule == usual_schedule("orthogonal") == Schedule(((0, 5e-3),))
    assert usual_schedule("gradient") == usual_schedule("a user's own") == Schedule()


@pytest.mark.parametrize(
    ("damaged", "fault"),
    [
        ("scale", "Expected `object`, got `str`"),
        ({"signal": "scale"}, "Expected `object`, got `str` - at `$.signal`"),
        ({"signal": {"name": "scale", "crop": "all"}}, "Expected `int`"),
        ({"signal": {"name": "scale", "crop": -5}}, "Expected `int` >= 0 - at `$.crop`"),
        ({"signal": {"name": "mixed", "shares": [0.5]}}, "of length 2"),
        ({"signal": {"name": "mixed", "shares": [0, 0]}}, "manner.signal.shares: [0.0, 0.0]; one of them must be above 0"),
        ({"signal": {"name": "scale", "shrink": [0.9, 0.5]}}, "manner.signal.shrink: [0.9, 0.5] must be [smallest, largest]"),
        ({"signal": {"name": "sale"}}, "manner.signal.type: 'sale' is not registered; did you mean `scale`?"),
        ({"rule": "newton"}, "manner.rule: 'newton' is not registered; known: adam, gradient, learned_rates, lstm, orthogonal"),
        ({"rule": 3.5}, "Expected `str`, got `float`"),
    ],
)  # fmt: skip
def test_a_damaged_manner_is_refused_in_a_line(tmp_path: Path, damaged: object, fault: str) -> None:
    path = write(tmp_path / "w.pth", damaged)
    for load in (
        load_pretrained,
        lambda file: load_weights(load_pretrained(save_network(tmp_path / "v.pth")).network, file, None, 2.0),
    ):
        with pytest.raises(WeightsError) as caught:
            load(path)
        line = str(caught.value)
        assert line.startswith(f"{path}: says wrongly how it is adapted (") and line.endswith("); replace the file")
        assert fault in line and "\n" not in line
