"""benchmarks/forgetting.py and benchmarks/collection.py: their tables of tiny pictures, beside single calls."""

import importlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers.collections import shorten
from helpers.places import ROOT
from helpers.small_networks import photo, save_network

import mzsr_basicsr
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.metrics.quality import psnr_y


@pytest.fixture
def given(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    shorten(monkeypatch)
    for place, domain in enumerate(("a", "b")):
        (tmp_path / "domains" / domain).mkdir(parents=True)
        for number in range(3):
            part = photo(140, 150)[36 * number : 36 * number + 60, 70 * place : 70 * place + 60]
            cv2.imwrite(str(tmp_path / f"domains/{domain}/{number}.png"), part[..., ::-1])
    weights = save_network(tmp_path / "net.pth")
    return ["-o", str(tmp_path / "out"), "--crop", "56", "--steps", "4", "--weights", weights, "--kernel", "gaussian:1"]


def test_a_sequence_is_measured_after_each_stage(given, tmp_path, capsys):
    forgetting = importlib.import_module("forgetting")
    assert forgetting.SEQUENCE == ("satellite", "text", "medical", "satellite")
    forgetting.main([str(tmp_path / "domains"), *given, "--sequence", "a", "b", "a"])
    rows = json.loads((tmp_path / "out/forgetting.json").read_text())["rows"]
    assert len(rows) == 4 * 2 * 4 * 2  # stages and before, domains, methods, numbers of updates

    def found(method, domain, updates=0):
        own = {"method": method, "domain": domain, "updates": updates}
        return [row["psnr"] for row in rows if all(row[key] == value for key, value in own.items())]

    for domain in ("a", "b"):
        assert len({found(method, domain)[0] for method in forgetting.METHODS}) == 1
        assert len(set(found("shared", domain))) == 1
        assert len(set(found("fine-tuned", domain))) == 4
    assert len(set(found("adapted", "a")[1:])) == 1 and len(set(found("adapted", "b")[:2])) == 1
    lines = capsys.readouterr().out.splitlines()
    for line in [line for line in lines if line.startswith("| fine-tuned | a ")][:1]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        values = found("fine-tuned", "a")
        assert cells[2:-1] == [f"{value:.2f}" for value in values]
        assert cells[-1] == f"{values[-1] - max(values):+.2f}"
    hr = cv2.imread(str(tmp_path / "domains/a/2.png"))[2:58, 2:58, ::-1]
    blurred = Degradation("gaussian:1", 2).apply(torch.from_numpy(hr.copy()).permute(2, 0, 1)[None].double() / 255)
    lq = (blurred[0].permute(1, 2, 0).numpy() * 255).round().clip(0, 255).astype(np.uint8)
    for weights, method in (
        (given[7], "shared"),
        (tmp_path / "out/a.pth", "adapted"),
        (tmp_path / "out/fine_tuned_3.pth", "fine-tuned"),
    ):
        sr = mzsr_basicsr.upscale(lq, 2, "gaussian:1", updates=0, noise=0, weights=str(weights), device="cpu").image
        assert psnr_y(sr, hr, 2) == pytest.approx(found(method, "a")[-1], abs=1e-9)
    content = torch.load(tmp_path / "out/memory.pt", weights_only=True)
    assert 0 < int(content["uses"].sum()) <= 6


def test_every_picture_is_left_out_once(given, tmp_path, capsys):
    collection = importlib.import_module("collection")
    collection.main([str(tmp_path / "domains/a"), *given])
    rows = json.loads((tmp_path / "out/collection.json").read_text())
    assert [row["picture"] for row in rows] == ["0", "1", "2"]
    for row in rows:
        learned = sorted(path.stem for path in Path(tmp_path / f"out/a_without_{row['picture']}").iterdir())
        assert learned == sorted({"0", "1", "2"} - {row["picture"]})
    last = [cell.strip() for cell in capsys.readouterr().out.splitlines()[-1].strip("|").split("|")]
    assert last[:2] == ["a", "**mean**"] and last[2] == f"{np.mean([row['before_0'] for row in rows]):.2f}"
    gain = np.mean([row["after_10"] for row in rows]) - np.mean([row["before_10"] for row in rows])
    assert last[-1] == f"{gain:+.2f}"
