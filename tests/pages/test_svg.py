"""The SVG that an HTML page gets, and the files beside it."""

import re
import xml.etree.ElementTree as ET

import pytest
from helpers.made_results import make_results
from PIL import Image

from mzsr_basicsr.benchmark.report import plots
from mzsr_basicsr.benchmark.report.plots import psnr_against_seconds, psnr_against_updates, save_plots, svg_text
from mzsr_basicsr.pages.svg import INK


def test_svg_takes_the_pages_ink_and_nothing_else():
    text = svg_text(psnr_against_seconds(make_results()))
    root = ET.fromstring(text)
    assert (
        text.startswith("<svg ") and root.get("class") == "plot" and root.get("aria-label").startswith("PSNR against")
    )
    assert root.get("width") is None and [float(v) for v in root.get("viewBox").split()][:2] == [0, 0]
    colours = set(re.findall(r"(?:fill|stroke): ([^;\"]+)", text))
    assert colours == {"none", "currentColor", "#0072b2", "#d55e00"}  # bicubic and mzsr
    assert not re.search(r"#000|black|white|#fff|<style|<metadata|<!|<\?|script", text)
    assert INK not in set(re.findall(r"#\w{6}", text))
    ns = "{http://www.w3.org/2000/svg}"
    words = {e.text: e.get("style") for e in root.iter(f"{ns}text")}
    assert {"mzsr (10)", "bicubic", "mean PSNR, dB"} <= set(words) and all(
        "fill: currentColor" in s for s in words.values()
    )


def test_ids_of_two_pictures_differ_and_every_reference_has_its_target():
    results = make_results()
    found = []
    for text in (svg_text(psnr_against_seconds(results)), svg_text(psnr_against_updates(results))):
        ids = re.findall(r'\bid="([^"]+)"', text)
        used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text))
        assert ids and len(ids) == len(set(ids)) and {a or b for a, b in used} == set(ids)
        found.append(set(ids))
    assert not found[0] & found[1]
    assert svg_text(psnr_against_seconds(results)) == svg_text(psnr_against_seconds(results))


def test_names_are_text_not_markup_or_formulas():
    text = svg_text(psnr_against_seconds(make_results(("<b>&$x$", "a_$b^"))))
    words = {e.text for e in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text")}
    assert {"<b>&$x$", "a_$b^"} <= words


def test_files_are_whole_and_the_same_each_time(tmp_path):
    names = [
        "psnr_against_seconds.svg",
        "psnr_against_seconds.png",
        "psnr_against_updates.svg",
        "psnr_against_updates.png",
    ]
    first = save_plots(make_results(), tmp_path / "new")
    assert [p.name for p in first] == names == [n for n in names if (tmp_path / "new" / n).exists()]
    contents = [p.read_bytes() for p in first]
    assert contents == [p.read_bytes() for p in save_plots(make_results(), tmp_path / "new")]
    assert len(list((tmp_path / "new").iterdir())) == 4
    with Image.open(first[1]) as picture:
        assert picture.size == (920, 720) and picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert ET.fromstring(contents[0]).tag.endswith("svg") and INK.encode() in contents[0]
    assert len(save_plots(make_results(("bicubic",)), tmp_path / "one")) == 2


def test_a_failed_write_leaves_nothing_new(tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "_png", lambda figure: (_ for _ in ()).throw(OSError("no room")))
    with pytest.raises(OSError, match="no room"):
        save_plots(make_results(), tmp_path)
    assert list(tmp_path.iterdir()) == []
