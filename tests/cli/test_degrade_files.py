"""`mzsr degrade`: which files it makes, what it says about bad ones, and its help."""

import os

import numpy as np
import pytest
from helpers.one_command import assert_helpful, build, call, commands_of
from helpers.picture_files import noise

from mzsr_basicsr.cli import degrade as cli_degrade
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import write_picture


def degrade(*arguments: object) -> int | None:
    return call(cli_degrade, "degrade", *arguments)


@pytest.mark.parametrize(("scale", "size"), [(2, (18, 30)), (4, (16, 28)), (1.5, (18, 30)), (2.2, (17, 30))])
def test_crop_to_multiple(scale, size, tmp_path):
    pixels = noise(1, np.uint8, 19, 31)
    write_picture(Picture(pixels), tmp_path / "a.png")
    write_picture(Picture(pixels[: size[0], : size[1]]), tmp_path / "cut.png")
    assert degrade(tmp_path / "a.png", "-o", tmp_path / "lr", "--scale", scale, "--crop-to-multiple") is None
    assert degrade(tmp_path / "cut.png", "-o", tmp_path / "lr", "--scale", scale) is None
    found, expected = (read_picture(tmp_path / "lr" / name).pixels for name in ("a.png", "cut.png"))
    assert found.shape == (19 // scale, 31 // scale, 1)
    np.testing.assert_array_equal(found, expected)


def test_bad_files_are_lines_and_the_others_go_on(tmp_path, capsys):
    hr = tmp_path / "hr"
    hr.mkdir()
    for name in ("a.png", "c.png", "d.png"):
        write_picture(Picture(noise(3, height=12, width=12)), hr / name)
    (hr / "b.png").write_bytes((hr / "a.png").read_bytes()[:60])
    (hr / "e.mp4").write_bytes(b"clip")
    write_picture(Picture(noise(4), mode="CMYK"), hr / "f.tif")
    (tmp_path / "lr").mkdir()
    (tmp_path / "lr" / "c.png").write_bytes(b"mine")
    assert degrade(hr, tmp_path / "none.png", "-o", tmp_path / "lr") == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[0] for line in lines] == ["error"] * 5
    places = [
        "hr/b.png: damaged",
        "lr/c.png: is there already",
        "hr/e.mp4: a clip",
        "lr/f.png: png holds no CMYK",
        "none.png: no such file",
    ]
    assert all(place in line for place, line in zip(places, lines, strict=True)), lines
    assert (tmp_path / "lr" / "c.png").read_bytes() == b"mine"
    assert sorted(path.name for path in (tmp_path / "lr").iterdir()) == ["a.png", "c.png", "d.png"]
    degrade(hr / "c.png", "-o", tmp_path / "lr", "--overwrite")
    assert read_picture(tmp_path / "lr" / "c.png").pixels.shape == (6, 6, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--scale", "4.5"], "scale: 4.5 must be from 1 to 4"),
        (["--scale", "0.5"], "scale: 0.5 must be"),
        (["--scale", "nan"], "scale: nan must be"),
        (["--noise", "-1"], "noise: -1 must be from 0 to 255"),
        (["--noise", "inf"], "noise: inf must be"),
        (["--seed", "-1"], "seed: -1 must be"),
        (["--kernel", "gaussian:x"], "gaussian:x: not numbers"),
        (["--kernel", "none.mat"], "none.mat: kernel file not found"),
    ],
)
def test_bad_choices_write_nothing(options, message, tmp_path):
    write_picture(Picture(noise(3)), tmp_path / "a.png")
    with pytest.raises(MZSRError, match="^[^\n]*$") as error:
        degrade(tmp_path / "a.png", "-o", tmp_path / "lr", *options)
    assert message in str(error.value)
    assert os.listdir(tmp_path) == ["a.png"]


def test_outputs_that_cannot_be(tmp_path, capsys, monkeypatch):
    write_picture(Picture(noise(3)), tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    assert degrade(tmp_path / "a.png", "-o", tmp_path, "--overwrite") == 1
    assert "a.png: the output is an input" in capsys.readouterr().err
    (tmp_path / "file").write_bytes(b"x")
    assert degrade(tmp_path / "a.png", "-o", tmp_path / "file" / "lr") == 1
    assert "error: " in capsys.readouterr().err
    options = ["--crop-to-multiple", "--scale", "4"]
    write_picture(Picture(noise(3, height=3)), tmp_path / "small.png")
    assert degrade(tmp_path / "small.png", "-o", tmp_path / "lr", *options) == 1
    assert "small.png: 7x3 px is smaller than the scale 4" in capsys.readouterr().err

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "lr").mkdir(exist_ok=True)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        assert degrade(tmp_path / "a.png", "-o", tmp_path / "lr") == 1
    line = capsys.readouterr().err
    assert "No space left on device" in line and line.count("\n") == 1
    assert not list((tmp_path / "lr").iterdir())
    assert (tmp_path / "a.png").read_bytes() == content


def test_every_option_tells_its_default():
    command = commands_of(build(cli_degrade))["degrade"]
    assert_helpful(command, "mzsr degrade ")
    assert "default: 2)" in command.format_help()
