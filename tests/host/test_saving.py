"""A save of BasicSR's own models that fails ends the training with one line, and leaves the earlier files."""

import errno
import os

import pytest
import torch
from helpers.launches import TRAIN, changed, launch, make_place

from mzsr_basicsr import train

PAIRS = changed(
    TRAIN,
    ("model_type: MZSRModel", "model_type: SRModel"),
    ("type: KernelMetaDataset", "type: DegradedPairDataset"),
    ("    support: 2\n    query: 2\n", ""),
    ("    noise: [0.0, 0.05]\n", ""),
    ("  time_budget: 0.0\n", ""),
    ("  meta: {inner_steps: 2, inner_rate: 1.0e-2, learn_rates: true, loss_weights: annealed}\n", ""),
    ("val: {val_freq: 1000, save_img: false", "val: {val_freq: 1000, save_img: false, pbar: false"),
    (", zero_shot: {updates: [0, 1]}", ""),
    ("total_iter: 2", "total_iter: 4"),
)


@pytest.mark.parametrize("fails", ["net_g_4.pth", "4.state", "net_g_latest.pth"])
def test_it_is_said(tmp_path, monkeypatch, fails) -> None:
    make_place(tmp_path, monkeypatch)
    save = torch.save

    def full(content, path):
        if str(path).endswith(fails):
            with open(path, "wb") as stream:
                stream.write(b"half of it")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(content, path)

    monkeypatch.setattr(torch, "save", full)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    line = launch(monkeypatch, train, PAIRS)
    assert f"{fails}: cannot be written (see the log), " in line and line.startswith("error: ")
    assert not list(tmp_path.rglob(fails))
    assert torch.load(tmp_path / "experiments/tiny/training_states/2.state", weights_only=True)["iter"] == 2


def test_a_good_training_goes_on(tmp_path, monkeypatch) -> None:
    make_place(tmp_path, monkeypatch)
    assert launch(monkeypatch, train, PAIRS) == ""
    assert (tmp_path / "experiments/tiny/models/net_g_latest.pth").is_file()
