"""benchmarks/flicker.py and benchmarks/clip_artefacts.py: their tables of one tiny photograph."""

import importlib

import cv2
import pytest
from helpers.places import ROOT
from helpers.small_networks import photo


@pytest.fixture
def photos(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    cv2.imwrite(str(tmp_path / "a.png"), photo(120, 150)[..., ::-1])
    return str(tmp_path)


def rows(capsys):
    lines = [line.strip("|").split("|") for line in capsys.readouterr().out.splitlines()]
    return [[cell.strip() for cell in line] for line in lines]


def test_flicker(photos, monkeypatch, capsys):
    flicker = importlib.import_module("flicker")
    monkeypatch.setattr(flicker, "CLIPS", (("x264", 28),))
    flicker.main([photos, "--frames", "4", "--size", "96", "96", "--updates", "0", "--noise", "3"])
    head, _, row = rows(capsys)
    assert head == list(flicker.HEAD) and row[:2] == ["x264, CRF 28", "3"]
    change, whole, still = (float(cell) for cell in row[2:5])
    assert change > 0.5 and 0.7 < whole < 1.1 and 0.5 < still < 1.2


def test_artefacts(photos, monkeypatch, capsys):
    artefacts = importlib.import_module("clip_artefacts")
    monkeypatch.setattr(artefacts, "CLIPS", (("x264", 18), ("x264", 38)))
    monkeypatch.setattr(artefacts, "TRIED", (2, 9))
    artefacts.main([photos, "--kernels", "gaussian:2,2", "--size", "96", "96"])
    head, _, weak, strong = rows(capsys)
    assert head == list(artefacts.HEAD) and weak[:2] == ["gaussian:2,2", "x264, CRF 18"]
    assert float(strong[2]) > float(weak[2]) > 1 and float(strong[3]) > float(weak[3])
    assert all(float(row[-1]) >= float(row[-3]) - 0.5 for row in (weak, strong))


def test_no_folder_is_a_line(photos):
    with pytest.raises(SystemExit, match="^error: photographs: "):
        importlib.import_module("flicker").main([photos + "/none"])
