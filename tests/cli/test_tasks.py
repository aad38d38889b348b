"""`mzsr tasks`: maps and clusters of tasks from folders of photographs, and input that is refused in one line."""

import io
import re

import numpy as np
import pytest
import torch
from helpers.commands import Command
from helpers.page_structure import read
from helpers.trainings import write_photos
from PIL import Image

from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.weights.clusters import load_clusters
from mzsr_basicsr.weights.files import save_atomically


@pytest.fixture
def mzsr(monkeypatch, capsys, tmp_path):
    """Run `mzsr` beside two folders of photographs, an empty one, and an embedding that was never trained."""
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "art", 2)
    write_photos(tmp_path / "text & more", 3)
    (tmp_path / "empty").mkdir()
    save_atomically({"params": TaskEmbedding().state_dict()}, "fresh.pth")
    save_atomically({"params": TaskEmbedding(size=8).state_dict()}, "other.pth")
    return Command(monkeypatch, capsys)


FOLDERS = ("art", "text & more")


def test_a_map_is_a_picture_of_three_panels(mzsr, tmp_path):
    status, (line,), err = mzsr("tasks", "map", *FOLDERS, "-o", "map.png", "--tasks", 12, "--weights", "fresh.pth")
    assert (status, err) == (0, [])
    assert re.fullmatch(
        r"map.png: 12 tasks of art, text & more; the two axes hold \d+% of the embedding's variance", line
    )
    content = (tmp_path / "map.png").read_bytes()
    picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    assert picture.shape == (560, 1500, 3)
    coloured = (picture.max(-1) - picture.min(-1) > 40).any(0)
    assert all(part.any() for part in np.split(coloured, 3))
    mzsr("tasks", "map", *FOLDERS, "-o", "again.png", "--tasks", 12, "--weights", "fresh.pth")
    assert (tmp_path / "again.png").read_bytes() == content
    mzsr("tasks", "map", *FOLDERS, "-o", "other.png", "--tasks", 12, "--weights", "fresh.pth", "--seed", 1)
    assert (tmp_path / "other.png").read_bytes() != content


def test_a_map_is_a_page_that_says_what_each_point_is(mzsr, tmp_path):
    status, _, _ = mzsr("tasks", "map", *FOLDERS, "-o", "map.html", "--tasks", 9)
    assert status == 0
    page = read(tmp_path / "map.html")
    assert len(page.all("svg")) == 3
    circles, words = page.all("circle"), [title["text"] for title in page.all("title") if "circle" in title["inside"]]
    assert len(circles) == len(words) == 27 and words[:9] == words[9:18] == words[18:]
    names = [("art", "text & more")[number % 2] for number in range(9)]
    assert all(re.match(rf"{name}: p\d.png; kernel width \d.\d\d LR px; n", text) for name, text in zip(names, words))
    places = [[(c["cx"], c["cy"]) for c in circles[9 * n : 9 * n + 9]] for n in range(3)]
    assert places[0] == places[1] == places[2] and len(set(places[0])) == 9
    assert all(0 < float(value) < 400 for place in places[0] for value in place)
    assert len({c["fill"] for c in circles[18:]}) == 2
    links = re.findall(r"""(?:href|src)=["']?([^"'> ]+)""", (tmp_path / "map.html").read_text())
    assert all(link.startswith("data:") for link in links)


def test_clusters_are_written_and_said(mzsr, tmp_path):
    command = ("tasks", "cluster", *FOLDERS, "-k", 3, "--tasks", 20)
    status, (first, *lines), err = mzsr(*command, "-o", "clusters.pth")
    assert (status, err, first) == (0, [], "clusters.pth: 3 clusters of 20 tasks")
    assert sum(int(re.match(r"  \d: (\d+) tasks", line)[1]) for line in lines) == 20 and len(lines) == 3
    clusters = load_clusters(tmp_path / "clusters.pth")
    assert clusters.centres.shape == (3, 32)
    content = torch.load(tmp_path / "clusters.pth", weights_only=True)
    assert content["about"] == {"tasks": 20, "seed": 0, "scale": 2, "domains": ["art", "text & more"]}
    mzsr(*command, "-o", "again.pth")
    assert torch.equal(load_clusters(tmp_path / "again.pth").centres, clusters.centres)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("map art -o map.svg", "output: map.svg ends with '.svg'; allowed: .png .html"),
        ("map art -o none/map.png", "output: none/map.png: there is no folder none; make it first"),
        ("map art -o fresh.png", "output: fresh.png is there already; give --overwrite or another name"),
        ("map empty -o map.png", "photos: empty holds no photograph; known endings: .png"),
        ("map art none -o map.png", "photos: folder none does not exist; give a folder of photographs"),
        ("map art -o map.png --tasks 2", "tasks: 2 must be from 4 to 100000"),
        ("map art -o map.png --seed -1", "seed: -1 must be at least 0"),
        ("map art -o map.png --weights none.pth", "none.pth: weights file of TaskEmbedding does not exist"),
        ("map art -o map.png --weights shipped:none", "shipped:none: no such network is shipped; allowed: "),
        ("map art -o map.png --weights other.pth", "other.pth: an embedding of another size: head.2.weight is (8, 96)"),
        ("map art -o map.png --weights art/p0.png", "art/p0.png: damaged, or no weights file of TaskEmbedding that "),
        ("cluster art -k 2 -o c.png", "output: c.png ends with '.png'; allowed: .pth"),
        ("cluster art -k 0 -o c.pth", "clusters: 0 must be at least 1"),
        ("cluster art -k 9 -o c.pth --tasks 8", "clusters: 9 are more than the 8 tasks; give a smaller -k or more"),
        ("cluster bad -k 2 -o c.pth --tasks 4", "bad/p.png: damaged or not an image"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(mzsr, tmp_path, line, message):
    (tmp_path / "fresh.png").write_bytes(b"mine")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/p.png").write_bytes(b"no picture")
    before = sorted(tmp_path.rglob("*"))
    status, out, err = mzsr("tasks", *line.split())
    assert (status, out) == (1, [])
    assert len(err) == 1 and message in err[0], err
    assert sorted(tmp_path.rglob("*")) == before and (tmp_path / "fresh.png").read_bytes() == b"mine"


def test_a_map_that_cannot_be_written_is_one_line(mzsr, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    status, _, (line,) = mzsr("tasks", "map", "art", "-o", "map.html", "--tasks", 4, "--weights", "fresh.pth")
    assert (status, line) == (
        1,
        "error: output: map.html cannot be written (No space left on device); check its folder",
    )
    assert not list(tmp_path.glob("*map*"))
