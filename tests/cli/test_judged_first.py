"""What cannot be written, or may not be, is refused before any work; what is passed over is counted in a line."""

import os
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command, load, photograph, smooth, tree
from helpers.picture_files import pillow, tiff
from PIL import Image

from mzsr_basicsr.cli import evaluate
from mzsr_basicsr.jobs import worker
from mzsr_basicsr.jobs.file_jobs import list_jobs

FAST = ("--updates", "0", "--kernel", "gaussian:1.0", "--noise", "0", "--device", "cpu")


@pytest.fixture
def mzsr(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    photograph(tmp_path / "a.png")
    return Command(monkeypatch, capsys)


@pytest.fixture
def idle(monkeypatch):
    """Let any work on pixels fail the test."""

    def work(*_, **__):
        raise AssertionError("it has begun to work")

    monkeypatch.setattr(worker, "upscale_picture", work)
    monkeypatch.setattr("mzsr_basicsr.jobs.degraded.degrade_picture", work)
    monkeypatch.setattr("mzsr_basicsr.upscaling.upscaler.Upscaler.__init__", work)


def refused(mzsr, *words):
    """Give the one line that a command refuses to do anything with; nothing has changed."""
    before = tree(".")
    status, out, err = mzsr(*words)
    assert (status, out, len(err)) == (1, [], 1) and err[0].startswith("error: ") and err[0].isprintable()
    assert tree(".") == before
    return err[0].removeprefix("error: ")


UNFIT = {  # source, target: content, what the line says
    ("clear.png", "b.jpg"): (pillow(smooth(4), "RGBA", "PNG"), "jpg holds no alpha; allowed: png, tif, webp"),
    ("clear.webp", "b.bmp"): (pillow(smooth(4), "RGBA", "WEBP"), "bmp holds no alpha"),
    ("ink.jpg", "b.png"): (pillow(smooth(4), "CMYK", "JPEG"), "png holds no CMYK; allowed: jpg, tif"),
    ("float.tif", "b.png"): (
        tiff(smooth(1, np.float32)[..., 0], photometric="minisblack"),
        "png holds no float32 pixels",
    ),
    ("bands.tif", "b.webp"): (
        tiff(smooth(5), photometric="minisblack", planarconfig="contig"),
        "webp holds no 5 bands",
    ),
    ("wide.png", "b.webp"): (
        pillow(smooth(1, width=8192), "L", "PNG"),
        "webp holds at most 16383 pixels a side, not 16384x52",
    ),
}


@pytest.mark.parametrize("names", UNFIT, ids=" ".join)
def test_what_a_format_cannot_hold_is_refused_by_its_header(mzsr, idle, names):
    content, line = UNFIT[names]
    Path(names[0]).write_bytes(content)
    assert line in refused(mzsr, "upscale", names[0], "-o", names[1], *FAST)
    if names[0] != "wide.png":
        assert line in refused(mzsr, "degrade", names[0], "-o", names[1])


def test_the_others_of_a_batch_are_done(mzsr):
    os.mkdir("in")
    Path("in/clear.png").write_bytes(pillow(smooth(4), "RGBA", "PNG"))
    photograph("in/b.png")
    status, out, err = mzsr("upscale", "in", "-o", "out", "--format", "jpg", *FAST)
    assert (status, len(out), os.listdir("out")) == (1, 1, ["b.jpg"])
    assert err[0].startswith("error: out/clear.jpg: jpg holds no alpha") and err[1].startswith("error: 1 of 2 files")


def test_a_depth_that_is_lost_is_said(mzsr):
    Path("deep.tif").write_bytes(tiff(smooth(3, np.uint16), photometric="rgb"))
    status, _, err = mzsr("upscale", "deep.tif", "-o", "b.jpg", *FAST)
    assert (status, err) == (0, ["warning: b.jpg: 16 bits are rounded to 8, as jpg holds no more; png and tif do"])
    assert mzsr("upscale", "deep.tif", "-o", "b.png", *FAST)[2] == []


PLACES = {  # output: what the line says
    "n" * 252 + ".png": "its name has 256 bytes, more than the 255 that a name may have; give a shorter one",
    "é" * 126 + ".png": "its name has 256 bytes",
    "n" * 256 + "/": "cannot make this folder (File name too long); choose another output",
    "text": "text: cannot make this folder (File exists)",
    "text/deep/b.png": "text/deep: cannot make this folder (Not a directory)",
    "broken/b.png": "broken: cannot make this folder",
}
COMMANDS = (
    ("upscale", "a.png", *FAST),
    ("degrade", "a.png"),
    ("inspect", "a.png", "--kernel", "disk:2", "--updates", "0"),
    ("kernel", "draw", "disk:2"),
    ("kernel", "convert", "disk:2"),
    ("weights", "average", "a.png", "text"),
    ("evaluate", "data"),
    ("tasks", "map", "photos"),
    ("adapt", "photos"),
)


@pytest.mark.parametrize("output", PLACES, ids=lambda name: name[-12:])
def test_places_that_cannot_be(mzsr, idle, output):
    Path("text").write_text("a text")
    Path("broken").symlink_to("nowhere/else")
    for words in COMMANDS[:2]:
        assert PLACES[output] in refused(mzsr, *words, "-o", output)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_every_command_asks_for_a_place_that_can_be_written(mzsr, idle, monkeypatch, words):
    Path("text").write_text("a text")
    for folder in ("locked", "photos", "data/Set5/GT", "data/Set14/GT"):
        os.makedirs(folder)
        photograph(f"{folder}/a.png")
        photograph(f"{folder}/b.png")
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "locked" and allowed(path, mode))
    ending = {"weights": ".pth", "adapt": ".pth", "kernel": ".png", "tasks": ".png"}.get(words[0], "")
    line = refused(mzsr, *words, "-o", f"locked/new{ending}")
    assert "cannot be written (locked is read-only); check its rights" in line


def test_comparisons_never_lie_over_a_users_file_or_each_other(mzsr, idle):
    os.makedirs("out")
    Path("out/a_compare.png").write_bytes(b"precious")
    line = refused(mzsr, "upscale", "a.png", "-o", "out", "--compare", *FAST)
    assert line == "out/a_compare.png: is there already, and --compare would replace it; give --overwrite, or move it"
    photograph("a_compare.png")
    jobs = list_jobs(["a.png", "a_compare.png"], "in", compare=True)
    assert [job.fault for job in jobs] == [
        f"in/a_compare.png: both {first} and {second} would be written to it; rename one"
        for first, second in [("a.png", "a_compare.png")] * 2
    ]


def test_inputs_of_one_stem_have_comparisons_of_their_own(mzsr):
    photograph("a.jpg")
    status, _, err = mzsr("upscale", "a.png", "a.jpg", "-o", "out", "--compare", *FAST)
    assert (status, err) == (0, [])
    assert sorted(os.listdir("out")) == ["a.jpg", "a.jpg_compare.png", "a.png", "a.png_compare.png"]
    assert not np.array_equal(*(load(Path(f"out/a.{kind}_compare.png")) for kind in ("jpg", "png")))


def test_results_that_are_there_are_skipped_with_their_comparisons(mzsr):
    os.makedirs("out")
    Path("out/a_compare.png").write_bytes(b"precious")
    assert mzsr("upscale", "a.png", "-o", "out", "--compare", "--skip-existing", *FAST)[0] == 0
    assert Path("out/a_compare.png").read_bytes() == b"precious" and Path("out/a.png").is_file()
    assert mzsr("upscale", "a.png", "-o", "out", "--compare", "--overwrite", *FAST)[0] == 0
    assert load(Path("out/a_compare.png")).shape[2] == 3


def test_a_memory_is_no_picture(mzsr, idle):
    line = refused(mzsr, "upscale", "a.png", "-o", "b.png", "--memory", "b.png", *FAST)
    assert line == "memory: b.png is an input or a result, too; give --memory a file of its own"


def test_an_inspection_does_not_replace_its_own_image(mzsr, idle):
    os.makedirs("out")
    os.rename("a.png", "out/updates.png")
    line = refused(
        mzsr, "inspect", "out/updates.png", "-o", "out", "--animation", "png", "--overwrite", "--kernel", "disk:2"
    )
    assert line == "output: out/updates.png is an input; choose another folder"


def test_an_evaluation_is_not_replaced_unasked(mzsr, monkeypatch):
    monkeypatch.setattr(evaluate, "run", lambda *_, **__: "a table")
    for name in ("Set5", "Set14", "evaluation"):
        os.makedirs(f"{name}/GT")
        photograph(f"{name}/GT/a.png")
    Path("evaluation/results.md").write_text("precious")
    assert refused(mzsr, "evaluate", ".") == (
        "output: evaluation holds results.md already; give --overwrite or another folder"
    )
    assert mzsr("evaluate", ".", "--overwrite") == (0, ["a table"], [])


def test_a_demo_takes_no_folder_of_a_users(mzsr, monkeypatch):
    os.makedirs("options/demo")
    for name in ("demo_x2.yml", "test_demo_x2.yml"):
        Path("options/demo", name).write_text("")
    os.makedirs("mine")
    Path("mine/train.log").write_text("precious")
    assert refused(mzsr, "demo", "-o", "mine") == "output: mine holds other files; give a folder of the demo's own"


def test_what_is_passed_over_is_counted_in_one_line(mzsr):
    os.makedirs("in/deep")
    names = ("a.heic", "b.HEIC", "deep/c.cr2", "d.txt", ".hidden.cr2", "Makefile")
    for name in names:
        Path("in", name).write_bytes(b"something")
    picture = Image.fromarray(smooth())
    picture.save("in/b.jfif", "JPEG")
    picture.save("in/c.JPE", "JPEG")
    picture.save("in/d.jp2", irreversible=False)
    picture.save("in/e.avif")
    status, out, err = mzsr("upscale", "in", "-o", "out", *FAST)
    note = "note: 5 files passed over, of kinds that are not read: 1 .cr2, 2 .heic, 1 .txt, 1 without an ending"
    assert (status, err) == (0, [note])
    assert sorted(os.listdir("out")) == ["b.jfif", "c.JPE", "d.png", "e.png"]
    kinds = {name: Image.open(f"out/{name}").format for name in os.listdir("out")}
    assert kinds == {"b.jfif": "JPEG", "c.JPE": "JPEG", "d.png": "PNG", "e.png": "PNG"}
    assert (
        mzsr("upscale", "in/*.h*", "-o", "x", *FAST)[2][0]
        == "note: 1 file passed over, of kinds that are not read: 1 .heic"
    )
    assert mzsr("degrade", "in", "-o", "lr")[2] == [note]
