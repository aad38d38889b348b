"""benchmarks/memory.py: its table of tiny photographs, beside single calls and by hand."""

import importlib
import json

import cv2
import numpy as np
import pytest
from helpers.places import ROOT
from helpers.small_networks import photo, save_network

import mzsr_basicsr
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import store
from mzsr_basicsr.metrics.quality import psnr_y


@pytest.fixture
def memory(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.setattr(store, "UNLIKE", store.UNLIKE)  # it is put back at the end
    return importlib.import_module("memory")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_one_command_fills_and_measures(memory, tmp_path, capsys):
    (tmp_path / "photos").mkdir()
    cv2.imwrite(str(tmp_path / "photos/a.png"), photo(140, 150)[..., ::-1])  # four parts of 64 px
    weights = save_network(tmp_path / "net.pth")
    given = [str(tmp_path / "photos"), "-o", str(tmp_path / "out"), "--crop", "64", "--weights", weights]
    memory.main([*given, "--updates", "2", "--fill", "2", "--kernel", "gaussian:2,2", "--unlike", "0.3"])
    lines = capsys.readouterr().out.splitlines()
    rows = [cells(line) for line in lines[2:4]]
    assert [row[0] for row in rows] == ["0", "2"] and lines[-1].startswith("4 images, half of which filled ")
    choices = memory.argparse.Namespace(crop=64, images=None)
    pairs = memory.parts(choices, str(tmp_path / "photos"), "gaussian:2,2")
    assert [hr.shape for _, hr in pairs] == [(64, 64, 3)] * 4
    degradation, file = Degradation("gaussian:2,2", 2), tmp_path / "again.pt"
    for lq, _ in pairs[:2]:
        mzsr_basicsr.upscale(lq, 2, degradation, updates=2, weights=weights, memory=str(file))
    for row, updates in zip(rows, (0, 2)):
        found = {"without": [], "with": []}
        for lq, hr in pairs[2:]:
            for name, more in (("without", {}), ("with", {"memory": str(tmp_path / "copy.pt")})):
                (tmp_path / "copy.pt").write_bytes(file.read_bytes())  # what the second half teaches is not kept
                result = mzsr_basicsr.upscale(lq, 2, degradation, updates=updates, weights=weights, **more)
                found[name].append(psnr_y(result.image, hr, 2))
        assert row[1:3] == [f"{np.mean(values):.2f}" for values in found.values()]
        gain = np.subtract(found["with"], found["without"])
        assert row[3:5] == [f"{gain.mean():+.2f}", f"{gain.min():+.2f}, {gain.max():+.2f}"]
    written = json.loads((tmp_path / "out/memory.json").read_text())["updates"]
    assert list(written) == ["0", "2"] and any(one["used"] for one in written["2"])


@pytest.mark.parametrize(
    ("reached", "expected"),
    [(29.0, "0"), (30.0, "0"), (30.5, "0.5"), (31.5, "2.0"), (32.0, "3.0"), (32.1, "more than 3")],
)
def test_updates_for_as_much_by_hand(memory, reached, expected):
    assert memory._as_many(reached, {0: 30.0, 1: 31.0, 3: 32.0}) == expected
    assert memory._as_many(30.0, {0: 30.0, 1: 30.0, 10: 30.0}) == "0"  # where updates do nothing
