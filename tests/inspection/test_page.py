"""The files of an inspection: sentences, numbers, the page and the animation."""

import base64
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from helpers.inspections import Linear, small_report
from helpers.small_networks import photo
from PIL import Image

from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.inspection.page import page_of
from mzsr_basicsr.inspection.plots import heat_map, plots_of
from mzsr_basicsr.inspection.record import inspect_image
from mzsr_basicsr.inspection.words import summarise


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    torch.set_num_threads(1)
    return small_report(tmp_path_factory.mktemp("inspection"), updates=3, rate=0.2)


@pytest.fixture(scope="module")
def page(report):
    return page_of(report, "updates.webp")


class Reader(HTMLParser):
    """Collects what a browser would load, the text, and whether all elements are closed."""

    def __init__(self, html):
        super().__init__()
        self.sources, self.text, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.sources += [value for name, value in attrs if name in ("src", "href", "data", "srcset", "poster")]
        if tag not in ("meta", "link", "img", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.sources += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text.append(data)


def data_of(page):
    return json.loads(re.search(r"const DATA = (\{.*\});\n", page).group(1))


def picture_of(uri):
    kind, content = re.fullmatch(r"data:image/(png|webp);base64,([\w+/=]+)", uri).groups()
    return kind, np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"))


def test_the_layers_named_are_those_that_moved_most(report):
    moved = report.inspection.moved(3)
    order = sorted(moved, key=lambda name: -moved[name].relative)[:3]
    places = [summarise(report.inspection).more[-1].index(f"{name} (") for name in order]
    assert places == sorted(places)


def test_the_page_needs_nothing_else(page):
    reader = Reader(page)
    assert reader.open == [] and len(reader.sources) >= 5
    assert all(source.startswith(("data:", "#")) for source in reader.sources)
    assert not re.search(r"url\((?!#)|@import|fetch\(|XMLHttpRequest|https?://(?!www\.w3\.org/)", page)


def test_the_page_shows_the_pictures_without_loss(report, page):
    found, data = report.inspection, data_of(page)
    assert [frame["number"] for frame in data["frames"]] == list(found.sr) == [0, 1, 2, 3]
    for frame in data["frames"]:
        kind, shown = picture_of(frame["sr"])
        assert kind == "png"
        np.testing.assert_array_equal(shown, found.sr[frame["number"]])
        assert frame["caption"] == f"update {frame['number']}: {found.updates[frame['number']].psnr:.2f} dB"
        assert frame["moved"] == [move.relative for move in found.moved(frame["number"]).values()]
    np.testing.assert_array_equal(picture_of(data["hr"])[1], found.gt)
    np.testing.assert_array_equal(picture_of(data["lr"])[1], found.lr)
    embedded = [picture_of(uri)[1] for uri in re.findall(r'<img class="pixels" src="([^"]+)"', page)]
    for picture, wanted in zip(embedded, (found.son, found.lr), strict=True):
        np.testing.assert_array_equal(picture, wanted)
    text = "".join(Reader(page).text)
    assert summarise(found).lead in text and "The whole SR image, without loss." in text
    assert f"{found.updates[3].ssim:.4f}" in text and "updates.webp" in text and "made from hr.png" in text


def test_without_a_ground_truth_nothing_is_claimed(tmp_path):
    report = small_report(tmp_path, updates=1, hr=False)
    html = page_of(report, None)
    data = data_of(html)
    text = "".join(Reader(html).text)
    assert "cannot tell whether the image got better" in text and "SSIM" not in text.split("How it was made")[0]
    assert data["hr"] is None and set(data["frames"][0]) == {
        "number",
        "caption",
        "words",
        "moved",
        "moved_words",
        "sr",
        "change",
    }
    assert data["frames"][1]["caption"] == f"update 1: loss {report.inspection.updates[1].loss:.5f}"
    assert len(plots_of(report.inspection)) == 2 and 'data-view="verdict"' not in html


def test_names_are_escaped(tmp_path):
    html = page_of(small_report(tmp_path, updates=0, name="<b>&'\".png"), None)
    assert "<b>&" not in html and "&lt;b&gt;&amp;" in html
    assert Reader(html).open == []


def test_no_update_and_a_large_image(tmp_path):
    pixels = np.tile(photo(150, 180), (3, 2, 1))[:, :340]  # 450x340 px
    lq = torch.from_numpy(pixels.transpose(2, 0, 1) / 255).float()[None]
    found = inspect_image(Linear(), lq, Degradation(delta_kernel(), 2), Settings(updates=(5,)))
    report = replace(small_report(tmp_path, updates=0), inspection=found)
    html = page_of(report, None)
    kinds = {picture_of(frame["sr"])[0] for frame in data_of(html)["frames"]}
    assert kinds == {"webp"}  # 6 pictures of 640x640 px
    assert "The central 640×640 px of the SR image's 680×900, with WebP's small losses." in "".join(Reader(html).text)
    assert "How far each layer moved" in html
    assert "How far each layer moved" not in page_of(small_report(tmp_path, updates=0), None)


def test_plots_mark_the_updates_where_they_are(report):
    for plot in plots_of(report.inspection):
        root = ET.fromstring(plot.svg)
        paths = [
            e.attrib["d"]
            for e in root.iter()
            if e.tag.endswith("path") and "stroke-width: 2" in e.attrib.get("style", "")
        ]
        points = np.array([[float(n) for n in point] for point in re.findall(r"[ML] ([\d.]+) ([\d.]+)", paths[0])])
        np.testing.assert_allclose(points[:, 0], plot.places, atol=0.01)
        assert (points[:, 1] >= plot.top - 0.01).all() and (points[:, 1] <= plot.bottom + 0.01).all()
        assert "currentColor" in plot.svg and "#1b1c1f" not in plot.svg
    losses = np.array([update.loss for update in report.inspection.updates])
    root = ET.fromstring(plots_of(report.inspection)[0].svg)
    path = next(
        e.attrib["d"] for e in root.iter() if e.tag.endswith("path") and "stroke-width: 2" in e.attrib.get("style", "")
    )
    heights = np.array([float(y) for _, y in re.findall(r"[ML] ([\d.]+) ([\d.]+)", path)])
    shares = (heights - heights[0]) / (heights[-1] - heights[0])
    np.testing.assert_allclose(shares, (losses - losses[0]) / (losses[-1] - losses[0]), atol=1e-3)
    assert all(layer in heat_map(report.inspection).svg for layer in report.inspection.layers())
