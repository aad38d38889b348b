"""benchmarks/learning_curve.py: the loss of a log, averaged, and the PSNR of validations."""

import importlib

import numpy as np
import pytest
from helpers.places import ROOT
from PIL import Image
from torch.utils.tensorboard import SummaryWriter


@pytest.fixture
def curve(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("learning_curve")


@pytest.fixture
def log(tmp_path):
    with SummaryWriter(str(tmp_path / "log")) as writer:
        for step in range(100, 2001, 100):
            writer.add_scalar("losses/l_query", 1 / step, step)
        for updates in (0, 10):
            writer.add_scalar(f"metrics/Set14/psnr_{updates}", 30.0, 100)
    return str(tmp_path / "log")


def test_a_loss_is_averaged_over_the_iterations_around(curve):
    steps = np.array([100, 200, 300, 400, 1000])
    values = np.array([4.0, 2.0, 6.0, 1.0, 9.0])
    assert curve.averaged(steps, values, 200).tolist() == pytest.approx([3, 4, 3, 3.5, 9])
    assert curve.averaged(steps, values, 1).tolist() == pytest.approx(values)


def test_a_loss_and_validations_are_drawn(curve, log, tmp_path, monkeypatch):
    drawn = []
    draw = curve.draw_loss
    monkeypatch.setattr(curve, "draw_loss", lambda points, *rest: drawn.extend(points) or draw(points, *rest))
    curve.main([log, "l_query", str(tmp_path / "loss.png"), "--loss", "--window", "500"])
    assert [(p.step, p.value) for p in drawn] == [(s, pytest.approx(1 / s)) for s in range(100, 2001, 100)]
    curve.main([log, "Set14", str(tmp_path / "psnr.png")])
    for name in ("loss.png", "psnr.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.size == (840, 480) and len(np.unique(np.asarray(picture.convert("L")))) > 20


def test_a_loss_that_is_not_there_is_named(curve, log, tmp_path):
    with pytest.raises(SystemExit, match="holds no loss l_meta; it holds: l_query"):
        curve.main([log, "l_meta", str(tmp_path / "loss.png"), "--loss"])
    with pytest.raises(SystemExit, match="holds no metrics/Set5/psnr_"):
        curve.main([log, "Set5", str(tmp_path / "psnr.png")])
