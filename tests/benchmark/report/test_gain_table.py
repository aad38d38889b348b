"""The table of gains, as Markdown and on the page, against numbers by hand and against the CSV of a real run."""

import csv
import re

import msgspec
from helpers.benchmark_runs import benchmark, make_place, network_method, options
from helpers.made_results import change, drop, make_results, write_pictures
from helpers.page_structure import read
from helpers.trainings import cells

from mzsr_basicsr.benchmark.report.gain_table import gain_rows, gains_markdown, spell
from mzsr_basicsr.benchmark.report.page import write_page
from mzsr_basicsr.benchmark.results import Results

PSNR = {"mzsr (0)": (30.0, 31.0), "mzsr (10)": (30.5, 30.9)}


def single():
    results = make_results(list(PSNR), ["Set5"], ["g2.0d"], ["baby", "bird"])
    for column, values in PSNR.items():
        for image, psnr in zip(("baby", "bird"), values):
            results = change(results, "Set5", "g2.0d", image, column, values={"psnr": psnr, "ssim": 0.5})
    return results


def table(text):
    return [cells(line) for line in text.splitlines() if line.startswith("|")]


def test_a_single_row_has_no_pooled_one_beside_it():
    text = gains_markdown(single())
    assert table(text) == [
        ["kernel", "set", "mzsr (10)"],
        ["---", "---", "---:"],
        ["g2.0d", "Set5", "+0.20, −0.10, 50 %"],
    ]
    assert text.startswith("Gain of adaptation. PSNR after the updates minus that of the same method before any, dB")
    assert "lose more than 0.05 dB" in text


def test_without_a_start_there_is_no_table(tmp_path):
    results = make_results(["bicubic", "mzsr (10)"])
    assert gains_markdown(results) == "" and gain_rows(results) == []
    write_pictures(results, tmp_path)
    page = read(write_page(results, tmp_path))
    assert not [e for e in page.all("section") if e.get("id") == "gains"]
    assert "#gains" not in {e["href"] for e in page.all("a")}


def test_what_is_missing_is_a_dash():
    results = make_results(["mzsr (0)", "mzsr (1)", "mzsr (10)"], images=["baby"])
    results = drop(results, "Set14", "gani_d", "baby", "mzsr (1)")
    rows = table(gains_markdown(results))
    assert [row[2] == "–" for row in rows[2:]] == [False, False, False, True, False]
    assert rows[-1][:2] == ["all", "all, pooled"] and spell(None) == "–"


def test_the_page_shows_the_same(tmp_path):
    results = make_results()
    write_pictures(results, tmp_path)
    page = read(write_page(results, tmp_path))
    (section,) = [e for e in page.all("section") if e.get("id") == "gains"]
    shown = [e["text"] for e in page.all("td") if re.fullmatch(r"[+−][\d.]+, [+−][\d.]+, \d+ %", e["text"])]
    expected = [cell for row in table(gains_markdown(results))[2:] for cell in row[2:]]
    assert shown == expected and len(shown) == 5 * 2


def test_a_run_writes_its_gains(tmp_path):
    place = make_place(tmp_path)
    method = network_method(place / "net.pth", zero_shot={"updates": [0, 2], "rates": "learned"})
    results, out = benchmark(options(place, methods={"net": method}, kernels=["g2.0d", "g1.3b"]), reports=True)
    assert msgspec.json.decode((out / "results.json").read_bytes(), type=Results).gains == results.gains
    with (out / "results.csv").open(newline="", encoding="utf-8") as stream:
        psnr = {(r["kernel"], r["image"], r["column"]): float(r["psnr"]) for r in csv.DictReader(stream)}
    gained = {k: psnr[(*k, "net (2)")] - psnr[(*k, "net (0)")] for k in {key[:2] for key in psnr}}
    rows = [row for row in table((out / "table.md").read_text(encoding="utf-8")) if row[2].endswith(" %")]
    assert [row[:2] for row in rows] == [["g2.0d", "Tiny"], ["g1.3b", "Tiny"], ["all", "all, pooled"]]
    for kernel, _, cell in rows:
        own = [v for (k, _), v in gained.items() if kernel in (k, "all")]
        numbers = [sum(own) / len(own), min(own)]
        losing = 100 * sum(v < -0.05 for v in own) / len(own)
        expected = ", ".join([f"{n:+.2f}".replace("-", "−") for n in numbers] + [f"{losing:.0f} %"])
        assert cell.replace("−0.00", "+0.00") == expected.replace("−0.00", "+0.00")
