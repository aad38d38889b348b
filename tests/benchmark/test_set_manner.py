"""benchmarks/set_manner.py: files of a meta-training and of stage 1, whose rates have no rows or are not there."""

import importlib

import pytest
import torch
from helpers.places import ROOT
from helpers.small_networks import save_network

from mzsr_basicsr.weights.files import read_file, save_atomically
from mzsr_basicsr.weights.pretrained import load_pretrained


@pytest.fixture
def set_manner(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("set_manner")


@pytest.mark.parametrize("rows", [5, 0, None])
def test_the_file_says_how_it_is_adapted(set_manner, tmp_path, rows):
    content = read_file(save_network(tmp_path / "net.pth"), "weights file")
    tensors = content.pop("rates").shape[1]
    if rows is not None:
        content["rates"] = torch.full((rows, tensors), 0.3)
    average = {name: value + 0.125 for name, value in content["params"].items()}
    save_atomically({**content, "params_ema": average}, tmp_path / "in.pth")
    more = ["--signal", "mixed", "--shares", "0.25", "0.75", "--crop", "80", "--rate", "0.002"]
    set_manner.main([str(tmp_path / "in.pth"), str(tmp_path / "out.pth"), *more])
    found = load_pretrained(str(tmp_path / "out.pth"))
    assert found.rates.tolist() == [[pytest.approx(0.002)] * tensors]
    assert found.schedule.at(7, tensors) == [pytest.approx(0.002)] * tensors
    assert (found.manner.signal.name, found.manner.signal.shares) == ("mixed", (0.25, 0.75))
    assert (found.manner.signal.crop, found.manner.rule, found.scale) == (80, "orthogonal", 2)
    assert all(torch.equal(value, average[name]) for name, value in found.network.state_dict().items())
    assert "params_ema" not in read_file(tmp_path / "out.pth", "weights file")


def test_a_file_that_does_not_name_its_network_is_refused(set_manner, tmp_path):
    content = read_file(save_network(tmp_path / "net.pth"), "weights file")
    save_atomically({"params": content["params"]}, tmp_path / "bare.pth")
    with pytest.raises(SystemExit, match=r"error: .*bare.pth: does not say which network it is for"):
        set_manner.main([str(tmp_path / "bare.pth"), str(tmp_path / "out.pth")])
    save_atomically({"generator": content["params"], "about": content["about"]}, tmp_path / "others.pth")
    with pytest.raises(SystemExit, match=r"error: .*others.pth: has no 'params'"):
        set_manner.main([str(tmp_path / "others.pth"), str(tmp_path / "out.pth")])
    assert not (tmp_path / "out.pth").exists()
