"""benchmarks/kernel_sets.py: its rows, figures beside `mzsr evaluate` and `mzsr upscale`, resuming, and tables by hand."""

import importlib
import json
import math

import cv2
import numpy as np
import pytest
from helpers.places import ROOT
from helpers.small_networks import photo, save_network

import mzsr_basicsr
from mzsr_basicsr.cli.evaluate import law_cases
from mzsr_basicsr.cli.evaluate import run as evaluate
from mzsr_basicsr.degradation.record import Degradation


@pytest.fixture
def sets(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("kernel_sets")


@pytest.fixture
def rows(sets):
    return importlib.import_module("kernel_sets_rows")


@pytest.fixture
def report(sets):
    return importlib.import_module("kernel_sets_report")


@pytest.fixture
def place(tmp_path):
    for name, height in (("Set14", 81), ("Set5", 80)):
        (tmp_path / name / "GT").mkdir(parents=True)
        cv2.imwrite(str(tmp_path / name / "GT/a.png"), photo(height, 90)[..., ::-1])
    save_network(tmp_path / "net.pth")
    save_network(tmp_path / "other.pth", correction=0.5)
    save_network(tmp_path / "three.pth", scale=3)
    return tmp_path


def run(sets, place, *more, weights=("net.pth",)):
    files = [str(place / name) for name in weights]
    sets.main([str(place), "-w", *files, "-o", str(place / "out"), *map(str, more)])
    return [json.loads(line) for line in (place / "out/images.jsonl").read_text().splitlines()]


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_gaussians_are_what_the_target_says(rows):
    assert len(rows.GAUSSIANS) == len(set(rows.GAUSSIANS)) == 8
    numbers = [tuple(map(float, spec.removeprefix("gaussian:").split(","))) for spec in rows.GAUSSIANS]
    assert all(side == 25 for *_, side in numbers)
    variances = [v for first, second, *_ in numbers for v in (first, second)]
    assert (min(variances), max(variances)) == (0.5, 12)
    ratios = [first / second for first, second, *_ in numbers]
    assert ratios == sorted(ratios) and (ratios[0], ratios[-1]) == (1, 4)
    oblique = [abs(math.sin(2 * theta)) for first, second, theta, _ in numbers if first != second]
    assert len(oblique) == 4 and min(oblique) > 0.8  # along no axis
    for spec in rows.GAUSSIANS:
        kernel = Degradation(spec, 2).kernel
        assert kernel.shape == (25, 25)
        assert float(kernel[[0, -1]].sum() + kernel[:, [0, -1]].sum()) < 2e-3  # nothing of weight is cut off


def test_without_care_it_is_what_evaluate_measures(sets, place):
    (found,) = [
        line["psnr"]
        for line in run(sets, place, "--rows", "shakes", "--updates", 10, 0, "--without-care")
        if line["key"][1] == "g2.0d"
    ]
    case = [case for case in law_cases() if case.name == "g2.0d"]
    (place / "table").mkdir()
    evaluate(place, [str(place / "net.pth")], ["Set14"], case, place / "table", best=False)
    (file,) = (place / "table").glob("*.json")
    known = json.loads(file.read_text())[-1]["values"]
    assert set(found) == {"bicubic", "0", "10"}
    assert {column: pytest.approx(known[column]["psnr"], abs=1e-6) for column in found} == found
    assert found["10"] != found["0"]


def test_with_care_it_is_what_the_product_makes(sets, rows, place):
    weights = sets.load_pretrained(str(place / "net.pth"))
    hr = np.ascontiguousarray(photo(80, 90)[8:72, 13:77])  # the middle
    for case, kernel in (
        (rows.ROWS["noise"]["g2.0d, σ = 8 of 255"], rows.G20),
        (rows.Case(("x",), rgb=True), rows.GAUSSIANS[5]),
    ):
        found = rows.measure(weights, str(place / "Set5/GT/a.png"), case, kernel, (0, 4), 64)
        degradation = Degradation(kernel, 2, noise=case.noise / 255)
        image = rows.to_tensor(hr)[None].double()
        lq = rows.to_picture(rows.round_to_8_bits(degradation.apply(image, rows.torch.Generator().manual_seed(0))))
        for updates in (0, 4):
            sr = mzsr_basicsr.upscale(lq, 2, degradation, updates=updates, weights=str(place / "net.pth")).image
            error = sr[2:-2, 2:-2].astype(float) - hr[2:-2, 2:-2]
            expected = 20 * math.log10(255 / np.sqrt(np.mean(error**2))) if case.rgb else rows.psnr_y(sr, hr, 2)
            assert found[str(updates)] == pytest.approx(expected, abs=0.01)


def test_it_goes_on_with_what_is_done(sets, place, capsys, monkeypatch):
    calls = []
    measure = sets.measure
    monkeypatch.setattr(sets, "measure", lambda *a: calls.append(a) or measure(*a))
    noise = ("--rows", "noise", "--crop", 48)
    (first,) = run(sets, place, *noise, "--updates", 0)
    file = place / "out/images.jsonl"
    file.write_text(file.read_text() + '{"key": ["a')  # killed while it wrote
    assert run(sets, place, *noise, "--updates", 0) == [first] and len(calls) == 1
    assert len(run(sets, place, *noise, "--updates", 0, 2)) == 2 and len(calls) == 2  # one more column
    run(sets, place, *noise, "--updates", 2, weights=("net.pth", "other.pth"))
    assert len(calls) == 3 and calls[-1][0].network.tail.weight is not None
    run(sets, place, *noise, "--updates", 2, weights=("net.pth", "other.pth"))
    assert len(calls) == 3
    run(sets, place, *noise, "--updates", 2, "--without-care")
    assert len(calls) == 4
    out = capsys.readouterr().out
    assert "after 2" in out and out.count("other.pth") == 2
    assert {p.name for p in (place / "out").iterdir()} == {"images.jsonl", "kernel_sets.md"}


def test_rows_go_to_the_weights_of_their_scale(sets, place, rows):
    lines = run(sets, place, "--rows", "scales", "--updates", 0, weights=("net.pth", "three.pth"))
    made = {(line["key"][1], line["weights"].rpartition("/")[2]) for line in lines}
    assert made == {("plain bicubic ×2", "net.pth"), ("×3, g2.0d", "three.pth"), ("plain bicubic ×3", "three.pth")}
    with pytest.raises(SystemExit, match="error: --rows: none of noise is of the scale of any weights"):
        run(sets, place, "--rows", "noise", weights=("three.pth",))
    with pytest.raises(SystemExit, match="error: --updates must be 0 or more"):
        run(sets, place, "--updates", -1)
    choices = sets.parser().parse_args([str(place), "-w", "w", "-o", "o"])
    jobs = sets.plan(choices, {"w": 2})
    assert {job.row: job.updates for job in jobs if job.case.rgb or job.case.noise} == {
        "Gaussian kernels, mean of eight, RGB": (0, 10, 50),
        "g2.0d, σ = 8 of 255": (0, 10),
    }
    assert len(jobs) == 8 + 1 + 8 + 1 + 1


def test_colours_count_alike_and_the_border_does_not(rows):
    reference = np.full((12, 12, 3), 100, np.uint8)
    image = reference.copy()
    image[:2] = 0
    assert rows.psnr_rgb(image, reference, 2) == math.inf
    image[4, 4, 2] += 16  # of 8 * 8 * 3 values
    assert rows.psnr_rgb(image, reference, 2) == pytest.approx(10 * math.log10(255**2 * 192 / 256))


def test_tables_by_hand(report):
    found = [
        (report.SHAKES, "old", "s0", {"bicubic": 20.0, "0": 24.0, "10": 24.5}),
        (report.SHAKES, "old", "s1", {"bicubic": 22.0, "0": 26.0, "10": 26.0}),
        (report.SHAKES, "new", "s0", {"bicubic": 20.0, "0": 27.0, "10": 28.0}),
        (report.SHAKES, "new", "s1", {"bicubic": 22.0, "0": 28.0, "10": 28.0}),
        ("g2.0d", "old", "g", {"bicubic": 25.0, "0": 30.0, "10": 30.5, "50": 31.0}),
        ("g2.0d", "new", "g", {"bicubic": 25.0, "0": 31.0, "10": 31.0, "50": 30.999}),
    ]
    lines = report.report(found, ["bicubic", "0", "10", "50"]).splitlines()
    table = [cells(line) for line in lines if line.startswith("|")]
    assert table[0] == [
        "row",
        "weights",
        "images",
        "bicubic",
        "before",
        "after 10",
        "after 50",
        "gain",
        "over the first",
    ]
    assert table[2] == [report.SHAKES, "`old`", "1", "21.00", "25.00", "25.25", "", "+0.25", ""]
    assert table[3] == [report.SHAKES, "`new`", "1", "21.00", "27.50", "28.00", "", "+0.50", "+2.75"]
    assert table[4][-3:] == ["31.00", "+1.00", ""] and table[5][-3:] == ["31.00", "+0.00", "+0.00"]
    assert [row[:2] for row in table[8:]] == [["s0", "`old`"], ["s0", "`new`"], ["s1", "`old`"], ["s1", "`new`"]]
    assert table[9][-2:] == ["+1.00", "+3.50"]
    assert "Camera shake over g2.0d, `new`, dB: bicubic -4.00, before -3.50, after 10 -3.00." in lines
