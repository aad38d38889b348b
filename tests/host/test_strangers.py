"""A run of ours with files of a stranger: what BasicSR itself would load of them runs no code, and ends in one line."""

import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from basicsr.utils import options
from helpers.launches import TRAIN, changed, launch, make_place
from helpers.stage1 import OPTIONS as STAGE1

from mzsr_basicsr import train
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.host.guard import guarded
from mzsr_basicsr.weights.files import load_weights, read_file

PAIRS = STAGE1.format(photos="photos", total=1, batch=1, length=400)


class Code:
    """Makes a folder where it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("ran",)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to train in, with a PyTorch that loads whatever is pickled, as those before 2.6 do."""
    make_place(tmp_path, monkeypatch)
    theirs = torch.load
    monkeypatch.setattr(torch, "load", lambda *given, **names: theirs(*given, **{"weights_only": False, **names}))
    torch.save({"params": Code()}, tmp_path / "evil.pth")
    (tmp_path / "evil.state").write_bytes(pickle.dumps({"iter": Code()}))
    return tmp_path


def test_the_files_run_code_where_they_are_let(place):
    torch.load(place / "evil.pth")
    assert (place / "ran").is_dir()


@pytest.mark.parametrize(
    "text",
    [
        changed(PAIRS, ("pretrain_network_g: ~", "pretrain_network_g: evil.pth")),
        changed(PAIRS, ("resume_state: ~", "resume_state: evil.state")),
        changed(PAIRS, ("network_g: {type: EDSR, num_in_ch: 3, num_out_ch: 3, num_feat: 4, num_block: 1, upscale: 2}", "network_g: {type: SpyNet, load_path: evil.pth}")),
        changed(TRAIN, ("pretrain_network_g: ~", "pretrain_network_g: evil.pth")),
        changed(TRAIN, ("resume_state: ~", "resume_state: evil.state")),
    ],
    ids=["weights of BasicSR's model", "its state", "weights a network loads itself", "weights of ours", "a state of ours"],
)  # fmt: skip
def test_weights_and_states_with_code_are_refused(place, monkeypatch, text):
    line = launch(monkeypatch, train, text)
    assert line.startswith("error: ") and "evil." in line and "that can be loaded safely" in line
    assert not (place / "ran").exists() and not list(place.glob("experiments/**/*.pth"))


def test_an_option_file_with_code_is_refused(place, monkeypatch):
    for value in ("!!python/object/apply:os.mkdir [ran]", "!!python/name:os.mkdir"):
        line = launch(monkeypatch, train, TRAIN + f"more: {value}\n")
        assert line.startswith("error: o.yml: line ") and "is refused; of Python, only the line `plugin:" in line
    bomb = "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(9))
    assert "more than 20000 values" in launch(monkeypatch, train, f"{TRAIN}a: &a [x]\n{bomb}")
    assert not (place / "ran").exists() and not (place / "experiments").exists()


def test_basicsr_itself_reads_a_file_that_changed_meanwhile_as_safely(place):
    """It opens the file anew, after it was checked."""
    theirs = options.ordered_yaml
    with guarded():
        for text in ("a: !!python/object/apply:os.mkdir [ran]", "a: !!python/name:os.mkdir"):
            with pytest.raises((yaml.YAMLError, ValueError)):
                yaml.load(text, Loader=options.ordered_yaml()[0])
    assert options.ordered_yaml is theirs and not (place / "ran").exists()


def test_a_small_file_that_unpacks_to_much_is_refused(place):
    torch.save({"params": {"a": torch.zeros(2_000_000)}}, "whole.pth")
    with zipfile.ZipFile("whole.pth") as source, zipfile.ZipFile("small.pth", "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    assert Path("small.pth").stat().st_size < 50_000
    assert set(read_file("whole.pth", "weights file")) == {"params"}
    with pytest.raises(WeightsError, match="small.pth: damaged, or no weights file that can be loaded safely"):
        read_file("small.pth", "weights file")
    with guarded():
        assert torch.load("whole.pth")["params"]["a"].sum() == 0
        with pytest.raises(WeightsError, match="small.pth: damaged, or no weights that can be loaded safely"):
            torch.load("small.pth")
        with pytest.raises(FileNotFoundError):
            torch.load("none.pth")


def test_mutated_weights_are_loaded_or_refused_in_a_printable_line(place):
    """Names in a file may hold line ends and escapes of terminals."""
    network = MZSRNetLR(num_feat=4, num_conv=2)
    content = {"params": network.state_dict(), "about": {"scale": 2.0}, "schedulers": [], "iter": 3}
    draw, seen = np.random.default_rng(0), [0, 0]
    for zipped in (True, False):
        torch.save(content, "w.pth", _use_new_zipfile_serialization=zipped)
        whole = np.frombuffer(Path("w.pth").read_bytes(), np.uint8)
        for _ in range(150):
            mutated = whole.copy()
            places = draw.integers(0, int(draw.choice([600, len(whole)])), int(draw.choice([1, 2, 8])))
            mutated[places] = draw.choice([0, 10, 27, 40, 46, 48, 82, 93, 101, 128, 255], len(places))
            Path("m.pth").write_bytes(mutated.tobytes())
            try:
                load_weights(network, "m.pth", None, 2.0)
                seen[0] += 1
            except WeightsError as error:
                assert str(error).isprintable()
                seen[1] += 1
    assert min(seen) > 30
    torch.save({"a\nb\x1b[31m": 1}, "w.pth")
    with pytest.raises(WeightsError, match=r"has no `params`; it holds: a\\nb\\x1b\[31m$"):
        load_weights(network, "w.pth", None, 2.0)
