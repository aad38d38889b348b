"""A cell of a benchmark: its figures, its memory, its failures, and names that reports must bear."""

import csv
import math
import re
import shutil
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
import torch
from helpers.benchmark_runs import FaultyNet, benchmark, faulty, make_place, network_method, options, read
from helpers.page_structure import read as read_page
from helpers.trainings import cells

from mzsr_basicsr.benchmark.results import Results
from mzsr_basicsr.benchmark.run.memory import measured_peak
from mzsr_basicsr.metrics.quality import psnr_y, ssim_y

CPU = torch.device("cpu")
LINUX = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs the memory figures of Linux")


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path)


def methods(place):
    hook = {"updates": [0, 2], "rates": "learned"}
    return {"bicubic": {}, "net": network_method(place / "net.pth", zero_shot=hook)}


def test_figures_are_those_of_the_written_pictures(place):
    results, out = benchmark(options(place, methods={"bicubic": {}}, kernels=["g2.0d", "g1.3b"], scales=[2, 2.5, 4]))
    assert len(results.measures) == 12
    for m in results.measures:
        shave = math.ceil(m.scale)
        picture, hr = read(out / m.picture), read(place / f"gt/{m.image}.png")
        assert m.values == {"psnr": psnr_y(picture, hr, shave), "ssim": ssim_y(picture, hr, shave)}
        inner = (slice(shave, -shave), slice(shave, -shave))
        luma = [np.rint(p[inner] @ [65.481, 128.553, 24.966] / 255 + 16) for p in (picture, hr)]
        assert m.values["psnr"] == pytest.approx(10 * np.log10(255**2 / np.mean((luma[0] - luma[1]) ** 2)), abs=1e-3)


def test_an_exact_picture_has_100_db(tmp_path):
    make_place(tmp_path, odd=False)
    for stem in ("p0", "p1"):
        cv2.imwrite(str(tmp_path / f"gt/{stem}.png"), np.full((40, 48, 3), 90, np.uint8))
    spy = network_method(tmp_path / "spy.pth")
    results, _ = benchmark(options(tmp_path, methods={"spy": spy}))
    assert [m.values for m in results.measures] == [{"psnr": 100.0, "ssim": 1.0}] * 2


def test_tables_and_records_agree(place):
    content = options(place, methods=methods(place), kernels=["g2.0d", "g1.3b"], published="paper_x2")
    content["datasets"] = {"Tiny": str(place / "gt"), "Set5": str(place / "gt")}
    results, out = benchmark(content, reports=True)
    assert msgspec.json.decode((out / "results.json").read_bytes(), type=Results) == results
    with (out / "results.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2 * 2 * 2 * 3
    text = (out / "table.md").read_text(encoding="utf-8")
    head, _, *lines = [cells(line) for line in text.split("\n\n")[1].splitlines()]
    assert head[2:5] == ["bicubic", "net (0)", "net (2)"] and "36.05/.9439" in text
    kernel = ""
    for line in lines:
        kernel = line[0] or kernel
        for column, cell in zip(head[2:5], line[2:5]):
            mine = [r for r in rows if (r["kernel"], r["dataset"], r["column"]) == (kernel, line[1], column)]
            means = [np.mean([float(r[name]) for r in mine]) for name in ("psnr", "ssim")]
            found = [float(part) for part in re.sub(r"\*\*|</?ins>", "", cell).split("/")]
            assert (
                len(mine) == 2
                and found == pytest.approx(means, abs=5.1e-3)
                and found[1] == pytest.approx(means[1], abs=6e-5)
            )
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("RuntimeError", "RuntimeError: two lines"),
        ("AssertionError", "AssertionError: no such size"),
        ("ImportError", "ImportError: no such part"),
        ("nan", "the result holds pixels that are not finite; check the weights, or give smaller rates"),
        (
            "small",
            "network_g: FaultyNet makes 45x40 px of 23x20 px, where scale 2 needs 46x40 (the target has 46x40); ",
        ),
    ],
)
def test_a_failed_image_does_not_stop_the_rest(place, capsys, fault, reason):
    if fault == "small":
        cv2.imwrite(str(place / "gt/p1.png"), np.zeros((39, 46, 3), np.uint8))
        reason += "make its own scale (`upscale` or `scale`) 2, or the run's that of the network"
    content = options(place, methods={"bad": faulty(place, fault), "bicubic": {}}, reference="bad")
    results, out = benchmark(content, reports=True)
    (failure,) = results.failures
    assert (failure.dataset, failure.kernel, failure.image, failure.method) == ("Tiny", "g2.0d", "p1", "bad")
    assert failure.reason == reason
    assert [(m.method, m.image) for m in results.measures] == [("bad", "p0"), ("bicubic", "p0"), ("bicubic", "p1")]
    assert f"failed: bad on Tiny/g2.0d/p1: {reason}" in capsys.readouterr().err
    text = (out / "table.md").read_text(encoding="utf-8")
    assert re.search(r"\| g2.0d \| Tiny \| – \| [\d.]+/[\d.]+ \|", text) and "p1: bad failed" in text


def test_reports_without_any_measure(place):
    shutil.rmtree(place / "gt")
    make_place(place, odd=False)
    content = options(place, methods={"bad": faulty(place, "RuntimeError", 24), "worse": faulty(place, "nan", 24)})
    results, out = benchmark(content, reports=True)
    assert len(results.failures) == 4 and not results.measures
    assert "| – | – |" in (out / "table.md").read_text(encoding="utf-8")
    read_page(out / "index.html")


@pytest.mark.skipif(not hasattr(__import__("signal"), "SIGKILL"), reason="needs SIGKILL")
def test_processes_side_by_side_and_one_that_is_killed(place):
    shared = methods(place)
    alone, out = benchmark(options(place, methods=shared))
    both = {**shared, "bad": faulty(place, "kill")}
    imports = ["helpers.benchmark_runs"]  # the worker processes need its networks
    beside, other = benchmark(options(place, name="beside", methods=both, jobs=2, imports=imports))
    (failure,) = beside.failures
    assert (failure.method, failure.image) == ("bad", "p1")
    assert failure.reason == "its process was killed, maybe for lack of memory; give --jobs 1, or leave this image out"
    found = {(m.column, m.image): m for m in beside.measures}
    assert set(found) == {(m.column, m.image) for m in alone.measures} | {("bad", "p0")}
    for m in alone.measures:
        twin = found[m.column, m.image]
        assert twin.values == m.values
        assert (other / twin.picture).read_bytes() == (out / m.picture).read_bytes()
    assert not list(other.rglob(".*")) and not (other / "begun").exists()


def test_names_that_reports_must_bear(place):
    name, image = "Sét 5 & <b>", 'a "b", ü\'s_1|%$#{x}'
    (place / "gt/p0.png").rename(place / f"gt/{image}.png")
    content = options(
        place, name="50%_ä", datasets={name: str(place / "gt")}, methods={"x_1 & <i>": {"type": "bicubic"}}
    )
    content["kernels"] = [{"name": "k #1_é", "kernel": "gaussian:2", "scale": 2}]
    results, out = benchmark(content, reports=True)
    assert not results.failures
    with (out / "results.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [(r["dataset"], r["kernel"], r["image"], r["method"]) for r in rows] == [
        (name, "k #1_é", i, "x_1 & <i>") for i in (image, "p1")
    ]
    assert all((out / r["picture"]).is_file() for r in rows)
    page = read_page(out / "index.html")
    assert not page.all("i") and name in {e["text"] for e in page.elements}
    assert {row[2] for row in page.data("measures-data")} == {image, "p1"}
    latex = (out / "table.tex").read_text(encoding="utf-8")
    assert r"Sét 5 \& \textless{}b\textgreater{}" in latex and r"x\_1 \& " in latex and r"k \#1\_é" in latex
    assert "&lt;b>" in (out / "table.md").read_text(encoding="utf-8")


@LINUX
def test_peak_memory_is_what_a_block_took():
    for _ in range(2):
        with measured_peak(CPU) as peak:
            block = torch.ones(50_000_000)  # 200 MB
            del block
        assert peak.megabytes == pytest.approx(200, rel=0.3)
    with measured_peak(CPU) as peak:
        torch.ones(1000)
    assert peak.megabytes < 20


@LINUX
def test_peak_memory_of_a_method(place, monkeypatch):
    def greedy(self, lq):
        taken = torch.ones(60_000_000)  # 240 MB
        return super(FaultyNet, self).forward(lq) * taken[0]

    monkeypatch.setattr(FaultyNet, "forward", greedy)
    results, _ = benchmark(options(place, methods={"greedy": faulty(place, "none"), "bicubic": {}}))
    found = {(m.method, m.image): m.peak_mb for m in results.measures}
    assert [found["greedy", i] for i in ("p0", "p1")] == pytest.approx([240, 240], rel=0.3)
    assert max(found["bicubic", i] for i in ("p0", "p1")) < 40
