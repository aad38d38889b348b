"""benchmarks/quality.py: its table of a tiny photograph, beside single calls and by hand."""

import importlib

import cv2
import numpy as np
import pytest
from helpers.places import ROOT
from helpers.small_networks import photo, save_network

import mzsr_basicsr
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.metrics.quality import psnr_y


@pytest.fixture
def quality(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("quality")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_one_command_makes_the_table(quality, tmp_path, capsys):
    hr = photo(84, 90)
    cv2.imwrite(str(tmp_path / "a.png"), hr[..., ::-1])
    cv2.imwrite(str(tmp_path / "b.png"), hr[..., ::-1])  # not asked for
    weights = save_network(tmp_path / "net.pth")
    quality.main([str(tmp_path), "--images", "1", "--crop", "64", "--weights", weights, "--kernel", "g0.2d"])
    lines = capsys.readouterr().out.splitlines()
    rows = [cells(line) for line in lines[2:5]]
    assert [row[0] for row in rows] == ["`fast`", "`normal`", "`best`"] and lines[-1] == "Means over 1 images."
    hr = np.ascontiguousarray(hr[10:74, 13:77])  # the middle
    small = np.zeros((32, 32, 3), np.uint8)
    image = hr.transpose(2, 0, 1)[None] / 255
    degradation = Degradation("gaussian:0.2,0.2,0,21", 2)
    kernel = degradation.kernel.numpy()
    padded = np.pad(image, ((0, 0), (0, 0), (10, 10), (10, 10)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (21, 21), axis=(2, 3))[:, :, ::2, ::2]
    small = np.rint(255 * np.einsum("nchwij,ij->nchw", windows, kernel))[0].transpose(1, 2, 0).astype(np.uint8)
    psnr = []
    for row, updates in zip(rows[:2], (0, 10)):
        found = mzsr_basicsr.upscale(small, 2, degradation, updates=updates, weights=weights)
        psnr.append(psnr_y(found.image, hr, 2))
        assert (row[1], row[5]) == (f"{psnr[-1]:.2f}", str(updates)) and float(row[4]) < 60
    assert rows[0][2] == f"{psnr[0] - psnr[1]:+.2f}" and rows[1][2:4] == ["+0.00", ""]


def test_means_and_range_by_hand(quality):
    rows = {"fast": [(30.0, 1.0, 0), (33.0, 2.0, 0)], "normal": [(31.0, 4.0, 10), (32.5, 5.0, 10)]}
    fast = cells(quality.table(rows).splitlines()[2])
    assert fast == ["`fast`", "31.50", "-0.25", "-1.00, +0.50", "1.5", "0"]
