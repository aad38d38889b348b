"""Every bad input of `mzsr upscale` ends in one line that names it and in exit status 1; nothing is written."""

import io
import json
import pickle
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.clips import make_clip, two_shots
from helpers.commands import Command, load, smooth, tree
from helpers.picture_files import pillow, raw_png, tiff

PNG = pillow(smooth(), "RGB", "PNG")
CLEAR = pillow(smooth(4), "RGBA", "PNG")
NOT_FINITE = np.where(np.arange(30)[:, None] == 4, smooth(3, np.float32)[:, :, :1], np.float32(np.nan))[:9]
BOMB = raw_png(40_000, 40_000, 1, 0, []).replace(zlib.compress(b""), zlib.compress(bytes(2**23)))


@pytest.fixture
def mzsr(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    return Command(monkeypatch, capsys)


FILES = {  # name, content, what the line says of it
    "missing": ("none.png", None, "no such file"),
    "damaged": ("a.png", PNG.replace(b"IDAT", b"IDAT" + bytes(9)), "damaged picture"),
    "truncated": ("a.png", PNG[: len(PNG) // 2], "damaged picture"),
    "truncated jpeg": ("a.jpg", pillow(smooth(), "RGB", "JPEG")[:-300], "damaged picture"),
    "zero bytes": ("a.tif", b"", "empty, 0 bytes"),
    "huge header": ("a.png", raw_png(60_000, 60_000, 8, 2, [bytes(30)]), "60000x60000 is 3600000000 pixels"),
    "bomb": ("a.png", BOMB, "40000x40000 is 1600000000 pixels"),
    "svg": ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg' width='30' height='30'/>", "no picture of a known kind"),
    "text": ("a.jpg", b"a text\n", "no picture of a known kind"),
    "not finite": ("a.tif", tiff(NOT_FINITE[:, :, 0], photometric="minisblack"), "9 px hold data, all others NaN"),
    "1x1": ("a.png", pillow(smooth(3, height=1, width=1), "RGB", "PNG"), "1x1 px is too small; at least 8x8 px"),
    "clip": ("a.mp4", b"no clip", "cannot"),
    "cut clip": ("a.mp4", b"\0\0\0\x20ftypisom" + bytes(40), "cannot"),
    "animation": ("a.gif", b"GIF89a", "cannot"),
}


@pytest.mark.parametrize("case", FILES)
def test_bad_files(mzsr, tmp_path, case):
    name, content, message = FILES[case]
    if content is not None:
        (tmp_path / "in" / name).write_bytes(content)
    before = tree(tmp_path)
    status, out, err = mzsr.upscale(f"in/{name}", "-o", "out", "--compare")
    assert (status, out, len(err)) == (1, [], 1)
    assert err[0].startswith(f"error: in/{name}: {message}") and err[0].isprintable()
    (tmp_path / "out").rmdir() if (tmp_path / "out").exists() else None  # empty
    assert tree(tmp_path) == before


def test_the_bomb_is_one():
    assert len(BOMB) < 9000 and len(zlib.decompress(BOMB[41:-16])) == 2**23


def test_the_good_files_beside_bad_ones_are_done(mzsr, tmp_path):
    for name, content in {"a.png": PNG, "b.png": PNG[:200], "c.mp4": b"no clip", "d.png": PNG}.items():
        (tmp_path / "in" / name).write_bytes(content)
    status, out, err = mzsr.upscale("in", "-o", "out")
    assert status == 1 and [line.partition(": ")[0] for line in out] == ["out/a.png", "out/d.png"]
    assert [line[:16] for line in err] == ["error: in/b.png:", "error: in/c.mp4:", "error: 2 of 4 fi"]
    assert sorted(tree(tmp_path / "out")) == ["a.png", "d.png"]
    assert (load(tmp_path / "out/a.png") == load(tmp_path / "out/d.png")).all()


OPTIONS = {  # arguments, what the line says
    "--scale 5": "scale: 5 must be from 1 to 4",
    "--scale 0.99": "scale: 0.99 must be from 1 to 4",
    "--scale nan": "scale: nan must be a number from 1 to 4",
    "--updates -1": "updates: -1 must be from 0 to 10000",
    "--noise -1": "noise: -1 must be from 0 to 100",
    "--noise abc": "noise: 'abc' must be auto, or a number from 0 to 100",
    "--noise inf": "noise: inf must be a number from 0 to 100",
    "--seed -1": "seed: -1 must be from 0 to 9223372036854775807",
    "--tile 1": "tile: 1 must be from 32 to 8192",
    "--back-projection 101": "back-projection: 101 must be from 0 to 100",
    "--jobs 0": "jobs: 0 must be from 1 to ",
    "--jobs 100000": "jobs: 100000 must be from 1 to ",
    "--device cuda": "device: cuda is not there; found: cpu",
    "--kernel nonsense": "nonsense: unknown kernel; allowed: ",
    "--kernel none.npy": "none.npy: kernel file not found; allowed: ",
    "--kernel gaussian:x": "gaussian:x: not numbers; write gaussian:",
    "--kernel gaussian:1,1,0,61": "the 61 px kernel gaussian:1,1,0,61 is larger than the image at x2 (52 px)",
    "--kernel internal": "kernel: internal was removed, as it cost seconds for hardly any gain; give auto, auto-free or a",
    "--weights none.pth": "none.pth",
    "--weights shipped:none": "shipped:none: no such network is shipped; allowed: shipped:",
    "--weights text.pth": "text.pth: damaged, or no weights file that can be loaded safely",
    "--weights other.pth": "other.pth: ",
    "-o in": "in/a.png: the output is an input; choose another output folder or name",
    "-o in/a.png": "in/a.png: the output is an input; choose another output folder or name",
    "-o text.pth": "text.pth: cannot make this folder (File exists); choose another output",
    "-o text.pth/deep": "text.pth/deep: cannot make this folder (Not a directory); choose another output",
    "-o a.mkv": "a.mkv: cannot write a picture as '.mkv'; allowed: ",
}


@pytest.mark.parametrize("options", OPTIONS)
def test_bad_choices(mzsr, tmp_path, monkeypatch, options):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (tmp_path / "in/a.png").write_bytes(PNG)
    (tmp_path / "text.pth").write_text("no weights")
    torch.save({"params": {"weight": torch.zeros(3)}}, tmp_path / "other.pth")
    (tmp_path / "empty").mkdir()
    before = tree(tmp_path)
    output = () if "-o" in options else ("-o", "out")
    status, out, err = mzsr.upscale("in/a.png", *output, *options.split())
    assert (status, out, len(err)) == (1, [], 1)
    assert err[0].startswith("error: ") and OPTIONS[options] in err[0] and err[0].isprintable()
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", ["in", "in/*.png"])
def test_nothing_to_do(mzsr, tmp_path, name):
    status, out, err = mzsr.upscale(name, "-o", "out")
    assert (status, out, len(err)) == (1, [], 1) and err[0].startswith(f"error: {name}: ")
    assert "no picture or clip" in err[0] and tree(tmp_path) == {"in": None}


def test_a_wrong_kernel_is_said_once(mzsr, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / "in" / name).write_bytes(PNG)
    assert mzsr.upscale("in", "-o", "out", "--kernel", "disk:x")[2] == ["error: disk:x: not numbers; write disk:RADIUS"]


class _Evil:
    def __reduce__(self):
        return Path.touch, (Path("was_run"),)


@pytest.mark.parametrize("wrapped", [False, True])
def test_weights_that_carry_code_are_refused_and_the_code_is_not_run(mzsr, tmp_path, wrapped):
    (tmp_path / "in/a.png").write_bytes(PNG)
    if wrapped:
        torch.save({"params": _Evil()}, "evil.pth")
    else:
        Path("evil.pth").write_bytes(pickle.dumps(_Evil(), 2))
    status, _, err = mzsr.upscale("in/a.png", "-o", "out", "--weights", "evil.pth")
    assert (status, len(err)) == (1, 1) and "evil.pth: damaged, or no weights file that can be loaded safely" in err[0]
    assert sorted(tree(tmp_path)) == ["evil.pth", "in", "in/a.png"]
    torch.load("evil.pth", weights_only=False) if wrapped else pickle.loads(Path("evil.pth").read_bytes())
    assert Path("was_run").exists()  # so it could have been


def test_what_a_format_cannot_hold_leaves_nothing(mzsr, tmp_path):
    (tmp_path / "in/a.png").write_bytes(CLEAR)
    status, out, err = mzsr.upscale("in", "-o", "out", "--format", "jpg", "--compare", "--json")
    assert (status, len(err), tree(tmp_path / "out")) == (1, 1, {})
    assert err[0].startswith("error: out/a.jpg: jpg holds no alpha; allowed: png, tif, webp")
    assert json.loads(out[0]) == {"source": "in/a.png", "target": "out/a.jpg", "error": err[0].removeprefix("error: ")}


def test_the_comparison_never_lies_over_the_input(mzsr, tmp_path):
    (tmp_path / "in/a_compare.png").write_bytes(PNG)
    status, _, err = mzsr.upscale("in/a_compare.png", "-o", "in/a.png", "--compare", "--overwrite")
    assert status == 1 and err == [
        "error: in/a_compare.png: --compare would write its picture over it; choose another output"
    ]
    assert tree(tmp_path / "in") == {"a_compare.png": PNG}


def test_a_clip_whose_shot_cannot_be_upscaled(mzsr, tmp_path):
    make_clip(tmp_path / "in/a.mp4", two_shots(4))
    status, out, err = mzsr.upscale("in/a.mp4", "-o", "out", "--kernel", "gaussian:1,1,0,101")
    assert (status, out, len(err)) == (1, [], 1) and "in/a.mp4: the 101 px kernel" in err[0]
    assert tree(tmp_path / "out") == {}


@pytest.mark.parametrize("inputs", [["-", "-"], ["-", "in/a.png"], ["in/a.png", "in/a.png"], ["in"]], ids=" ".join)
def test_the_standard_output_takes_one_picture(mzsr, tmp_path, inputs):
    (tmp_path / "in/a.png").write_bytes(PNG)
    line = "error: upscale: -o - writes one picture; give one file, or - for one"
    assert mzsr.upscale(*inputs, "-o", "-") == (1, [], [line])
    assert sorted(tree(tmp_path)) == ["in", "in/a.png"]


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "empty, 0 bytes"), (b"text", "no picture"), (PNG[:99], "damaged")]
)
def test_bad_pictures_in_a_pipe(mzsr, monkeypatch, content, message):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    status, out, err = mzsr.upscale("-", "-o", "-")
    assert (status, out, len(err)) == (1, [], 1) and err[0].startswith(f"error: standard input: {message}")
