"""The benchmark's page without a browser: its structure, its numbers, and that nothing is loaded."""

import json
import math
import os
import re

import msgspec
import pytest
from helpers.made_results import change, drop, make_results, write_pictures
from helpers.page_structure import read

from mzsr_basicsr.benchmark.report.bootstrap import Difference, Line
from mzsr_basicsr.benchmark.report.gallery import as_json
from mzsr_basicsr.benchmark.report.intervals import interval_rows
from mzsr_basicsr.benchmark.report.page import write_page
from mzsr_basicsr.errors import ConfigError

HOSTILE = '</script><script>alert("1")</script>'


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    results = make_results(published="paper_x2")
    write_pictures(results, folder)
    return results, folder, read(write_page(results, folder))


def test_the_table_has_the_means_best_bold_and_published_marked(made):
    results, _, page = made
    texts = [e["text"] for e in page.all("td") if "number" in e.get("class", "") and "/" in e["text"]]
    cell = [m.values for m in results.measures if (m.dataset, m.kernel, m.column) == ("Set5", "g2.0d", "mzsr (10)")]
    mean = "/".join([f"{sum(v['psnr'] for v in cell) / 3:.2f}", f"{sum(v['ssim'] for v in cell) / 3:.4f}".lstrip("0")])
    assert texts[3] == mean
    bold = [e["text"] for e in page.all("strong") if "td" in e["inside"]]
    assert len(bold) == len([e for e in page.all("u") if "td" in e["inside"]]) == 4
    assert bold[0] == mean  # the last column scores best
    assert "36.05/.9439" in texts and [e["text"] for e in page.all("button")].count("MZSR (10)†") == 1
    assert any("† published in the paper" in e["text"] for e in page.all("p"))


def test_what_the_page_says_of_the_whole(made):
    results, folder, page = made
    seconds = sum(m.seconds for m in results.measures if m.updates in (None, 10))  # they hold the shorter runs
    (summary,) = page.all("p", **{"class": "summary"})
    assert summary["text"] == (
        f"6 images of 2 sets under 2 kernels; 4 columns, 48 SR images in {seconds:.3g} s."
        " Best PSNR in 4 of 4 rows: mzsr (10)."
    )
    assert [e["text"] for e in page.all("dd")] == ["3.11.0", "0", "1"]
    links = [e["href"] for e in page.all("a")]
    assert [a for a in links if not a.startswith("#")] == ["results.csv", "results.json", "table.md", "table.tex"]
    ids = {e.get("id") for e in page.elements}
    assert {a[1:] for a in links if a.startswith("#")} <= ids
    rows = page.data("measures-data")
    first = results.measures[0]
    figures = [f"{first.values['psnr']:.2f}", f"{first.values['ssim']:.4f}".lstrip("0"), f"{first.seconds:.3f}"]
    assert len(rows) == 48 and rows[0][4:7] == figures and (folder / rows[0][-1]).is_file()
    assert f"12 of 12 images are shown here; all lie in {folder.name}." in " ".join(e["text"] for e in page.all("p"))
    assert len(page.all("svg")) == 2 and len([e for e in page.all("img") if "PNG" in e.get("src", "").upper()]) == 2


def test_names_cannot_break_out_and_arrive_whole(tmp_path):
    columns = ("bicubic", HOSTILE, "a\"b&amp;'c", "<img src=x onerror=alert(1)>", "ü\u2028<!--<script>")
    results = make_results(columns, ("Set5",), ("g2.0d",), images=("baby",))
    (source,) = results.sources
    hostile = msgspec.structs.replace(source, image=HOSTILE)
    measures = [
        msgspec.structs.replace(m, image=HOSTILE, picture=f"sr/é{i} <b>#?.png") for i, m in enumerate(results.measures)
    ]
    about = {HOSTILE: HOSTILE}
    results = msgspec.structs.replace(
        results, name=HOSTILE, sources=[hostile], measures=measures, about=about, skipped=[HOSTILE]
    )
    write_pictures(results, tmp_path)
    page = read(write_page(results, tmp_path))
    assert len(page.all("script")) == 3 and not [e for e in page.elements if "onerror" in e]
    assert len(page.all("img")) == 4  # the kernel, A, B and the tile's
    assert [p["name"] for p in page.data("gallery-data")["images"][0]["pictures"]] == ["HR", *columns]
    assert page.data("measures-data")[1][2:4] == [HOSTILE, HOSTILE]
    assert page.data("measures-data")[0][-1] == "./sr/%C3%A90%20%3Cb%3E%23%3F.png"
    (heading,) = page.all("h1")
    assert heading["text"] == f"{HOSTILE}: benchmark" and page.all("dt")[0]["text"] == HOSTILE
    assert "<" not in as_json({"a": HOSTILE}) and json.loads(as_json({"a": columns[-1]})) == {"a": columns[-1]}


def test_nothing_is_loaded_from_anywhere(made):
    _, folder, page = made
    text = (folder / "index.html").read_text()
    assert set(re.findall(r"https?://[^\s\"')]+", text)) <= {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert not re.search(r"@import|url\((?!#|['\"]?data:)", text)
    loaded = [e[name] for e in page.elements for name in ("src", "srcset", "poster", "data") if name in e]
    loaded += [e["href"] for e in page.all("link")] + [e["href"] for e in page.all("use")]
    assert loaded and all(address.startswith(("data:", "#")) for address in loaded)
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert policy["content"].startswith("default-src 'none'; img-src data:;")


def test_infinite_figures_failures_and_unknown_memory(tmp_path):
    results = make_results(
        ("bicubic", "b"), ("Set5",), ("g2.0d",), images=("one", "two"), skipped=["Urban100: not there"]
    )
    results = change(results, "Set5", "g2.0d", "one", "b", values={"psnr": math.inf, "ssim": 1.0}, peak_mb=None)
    results = drop(results, "Set5", "g2.0d", "two", "bicubic")
    write_pictures(results, tmp_path)
    page = read(write_page(results, tmp_path))
    rows = page.data("measures-data")
    assert ["inf", "1.0000"] in [row[4:6] for row in rows] and "–" in [row[7] for row in rows]
    assert "out of memory" in [e["text"] for e in page.all("td")]
    assert "Urban100: not there" in [e["text"] for e in page.all("li")]
    missing = {e["image"]: e["missing"] for e in page.data("gallery-data")["images"]}
    assert missing == {"one": [], "two": ["bicubic"]}


def test_intervals_lie_on_one_axis():
    lines = [
        Line("m", "a", "k", "S", "psnr", Difference(2.0, 1.0, 3.0, 0.01, 5)),
        Line("m", "b", None, None, "psnr", Difference(-1.0, math.nan, math.nan, 1.0, 1)),
    ]
    first, second = interval_rows(lines)
    assert first.axis == second.axis == ("-1.20", "+3.20")  # -1 to 3, and 5 % more at both ends
    assert (first.zero, first.dot, first.span) == ("27.27", "72.73", ("50.00", "45.45"))
    assert (second.dot, second.span, second.interval, second.pooled) == ("4.55", None, "–", True)
    assert (first.mean, first.interval, first.p) == ("+2.00", "+1.00 to +3.00", "0.0100")
    assert interval_rows([]) == []


def test_bad_requests_and_a_failed_write_leave_the_old_page(made, tmp_path, monkeypatch):
    results = made[0]
    for changes, word in (
        ({"budget_mb": -1.0}, "budget_mb is -1.0"),
        ({"budget_mb": math.nan}, "nan"),
        ({"reference": "mzsr"}, "'mzsr'"),
    ):
        with pytest.raises(ConfigError, match=word):
            write_page(results, tmp_path, **changes)
    single = make_results(("bicubic",), ("Set5",), ("g2.0d",), images=("one",))
    write_pictures(single, tmp_path)
    page = write_page(single, tmp_path)
    assert not [e for e in read(page).all("section") if e.get("id") == "significance"]
    before, names = page.read_bytes(), sorted(tmp_path.iterdir())

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ConfigError, match="No space left"):
        write_page(single, tmp_path, budget_mb=0)
    assert page.read_bytes() == before and sorted(tmp_path.iterdir()) == names
