"""`mzsr inspect` as a command: its files, its words, and bad input, which ends in one line and writes nothing."""

import argparse
import json
import re

import numpy as np
import pytest
from helpers.commands import tree
from helpers.one_command import assert_helpful
from helpers.small_networks import photo, save_network
from PIL import Image

from mzsr_basicsr.cli import inspect as cli_inspect

KERNEL = "gaussian:2,1.5,0.3,9"


@pytest.fixture
def inspect(mzsr, three_photos):
    """Run `mzsr inspect` with a small network, beside lr.png, hr.png and other.png."""
    Image.fromarray(photo(52, 60)).save("hr.png")
    Image.fromarray(photo(26, 30)).save("lr.png")
    Image.fromarray(photo(50, 60)).save("other.png")
    save_network(three_photos / "w.pth")

    def run(*args, kernel=KERNEL):
        return mzsr("inspect", "--weights", "w.pth", "--updates", "2", "--device", "cpu", "--kernel", kernel, *args)

    return run


def record():
    with open("out/inspect.json") as stream:
        return json.load(stream)


def test_an_hr_image(inspect):
    status, out, err = inspect("--hr", "hr.png", "-o", "out")
    assert (status, err) == (0, []) and out[-1] == "See out/inspect.html"
    assert out[0].startswith("Two updates ") and "PSNR" in out[0]
    assert list(tree("out")) == ["inspect.html", "inspect.json", "updates.webp"]
    found = record()
    assert found["summary"].startswith(out[0]) and [u["update"] for u in found["updates"]] == [0, 1, 2]
    with Image.open("out/updates.webp") as moving:
        assert moving.n_frames == 3


def test_an_lr_image_with_and_without_its_truth(inspect, mzsr):
    mzsr("degrade", "hr.png", "-o", "lr.png", "--kernel", KERNEL, "--overwrite")
    inspect("--hr", "hr.png", "-o", "out")
    made = record()["updates"]
    status, out, _ = inspect("lr.png", "--gt", "hr.png", "-o", "out", "--overwrite", "--noise", "0")
    assert status == 0 and record()["updates"] == made  # the same pair, by another way
    status, out, _ = inspect("lr.png", "-o", "out", "--overwrite", "--noise", "0", "--json")
    assert status == 0 and json.loads("".join(out)) == record()
    assert [u["loss"] for u in record()["updates"]] == [u["loss"] for u in made]
    assert all(u["psnr"] is None for u in record()["updates"])
    status, out, _ = inspect("lr.png", "-o", "out", "--overwrite", kernel="auto")
    assert status == 0 and record()["kernel"]["confidence"] is not None
    assert record()["kernel"]["subsampling"] == "bicubic"


def test_rates_crop_and_animation(inspect):
    status, _, _ = inspect("--hr", "hr.png", "-o", "out", "--rates", "0.003", "--crop", "20", "--animation", "none")
    found = record()
    assert status == 0 and list(tree("out")) == ["inspect.html", "inspect.json"]
    assert found["lr_size"] == [20, 20] and "20x20" in found["notices"][-1]
    assert {rate for update in found["updates"][1:] for rate in update["rates"]} == {0.003}
    for format, names in (("webp", ["updates.webp"]), ("png", ["updates.png"]), ("none", [])):  # the older one goes
        assert inspect("--hr", "hr.png", "-o", "out", "--animation", format, "--overwrite")[0] == 0
        assert list(tree("out")) == ["inspect.html", "inspect.json", *names]


def test_another_signal(inspect):
    records = {}
    for signal in ("auto", "son", "scale", "mixed"):
        status, out, _ = inspect("--hr", "hr.png", "-o", "out", "--overwrite", "--signal", signal)
        assert status == 0
        records[signal] = record()
    for found in records.values():
        found.pop("seconds")
    assert records["auto"]["signal"].pop("asked_for") == "auto" and records["son"]["signal"].pop("asked_for") == "son"
    assert records["auto"] == records["son"] and records["son"]["signal"]["first_copy"] is None
    for signal in ("scale", "mixed"):
        found = records[signal]
        assert (found["signal"]["name"], found["signal"]["rule"]) == (signal, "orthogonal")
        height, width = found["signal"]["first_copy"]["size"]
        assert found["signal"]["first_copy"]["lr_size"] == [height // 2, width // 2]
        assert {rate for update in found["updates"][1:] for rate in update["rates"]} == {0.005}
        assert found["rates"] == "0.005: the weights hold none that were learned for this signal"
        assert all(update["copy_psnr"] > 10 and update["son_psnr"] > 10 for update in found["updates"])
        assert "smaller copy of the network's own estimate" in found["summary"]


def test_an_old_inspection_stays_until_the_new_one_is_whole(inspect):
    assert inspect("--hr", "hr.png", "-o", "out")[0] == 0
    before = tree("out")
    status, out, err = inspect("--hr", "hr.png", "-o", "out", "--updates", "1")
    assert (status, out) == (1, []) and tree("out") == before
    assert err == [
        "error: output: out holds inspect.html, inspect.json, updates.webp already; give --overwrite or another folder"
    ]
    assert inspect("--hr", "hr.png", "-o", "out", "--updates", "1", "--overwrite")[0] == 0
    assert len(record()["updates"]) == 2


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("none.png",), r"none.png: no such file; give a picture file"),
        (("w.pth",), r"w.pth: no picture of a known kind"),
        (("in",), r"in: not a file"),
        (("lr.png", "--gt", "none.png"), r"none.png: no such file"),
        (("lr.png", "--gt", "other.png"), r"other.png: 60x50 px is no ground truth of an LR image of 30x26 px at scale 2"),
        (("lr.png", "--hr", "hr.png"), r"inspect: both an LR image and --hr; give one"),
        ((), r"inspect: neither an LR image nor --hr; give one"),
        (("--hr", "hr.png", "--gt", "hr.png"), r"gt: does not go with --hr"),
        (("--hr", "hr.png", "--kernel", "auto"), r"kernel: auto estimates a kernel, but --hr needs one"),
        (("lr.png", "--scale", "4"), r"scale: 4, but w.pth is for 2; give --scale 2, or --weights for 4"),
        (("lr.png", "--scale", "2.5"), r"scale: 2.5, but w.pth is for 2"),
        (("lr.png", "--scale", "9"), r"scale: 9 must be from 1 to 4"),
        (("lr.png", "--weights", "none.pth"), r".*none.pth"),
        (("lr.png", "--weights", "hr.png"), r".*hr.png"),
        (("lr.png", "--updates", "-1"), r"updates: -1 must be from 0 to"),
        (("lr.png", "--updates", "1001"), r"updates: 1001 must be from 0 to 1000"),
        (("lr.png", "--kernel", "fog:3"), r"fog:3: unknown kernel; allowed: "),
        (("lr.png", "--kernel", "none.npy"), r"none.npy: kernel file not found"),
        (("lr.png", "--kernel", "flat.npy"), r"flat.npy: "),
        (("lr.png", "--kernel", "gaussian:2,2,0,99"), r"lr.png: the 99 px kernel .* is larger than the image"),
        (("lr.png", "--rates", "fast"), r"rates: 'fast' must be a number above 0 and up to 100, or learned"),
        (("lr.png", "--rates", "nan"), r"rates: nan must be"),
        (("lr.png", "--rates", "0"), r"rates: 0.0 must be"),
        (("lr.png", "--noise", "loud"), r"noise: 'loud' must be auto, or a number from 0 to 100"),
        (("lr.png", "--crop", "7"), r"crop: 7 must be at least 8 px"),
        (("lr.png", "--crop", "9999"), r"crop: 9999 px; at most 1024"),
        (("lr.png", "-o", "hr.png"), r"output: hr.png is there and no folder"),
        (("lr.png", "-o", "hr.png/deep"), r"output: hr.png/deep: cannot make this folder .Not a directory.; choose another output"),
        (("small.png",), r"small.png: 7x9 px is too small"),
        (("cmyk.tif",), r"cmyk.tif: 4 bands of colour; give a grey or an RGB picture"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_writes_nothing(inspect, arguments, line):
    np.save("flat.npy", np.zeros((3, 3)))
    Image.fromarray(photo(9, 7)).save("small.png")
    Image.fromarray(photo(26, 30)).convert("CMYK").save("cmyk.tif")
    before = tree(".")
    status, out, err = inspect("-o", "out", *arguments)
    assert (status, out, len(err)) == (1, [], 1)
    assert re.match(f"error: {line}", err[0]), err[0]
    assert tree(".") == before


def test_an_interrupt_leaves_nothing(inspect, monkeypatch):
    from mzsr_basicsr.inspection import files

    def stop(content, path):
        if path.suffix == ".json":
            raise KeyboardInterrupt
        path.write_text("x")

    monkeypatch.setattr(files, "write_whole", stop)
    before = tree(".")
    assert inspect("--hr", "hr.png", "-o", "out") == (1, [], ["error: interrupted"])
    assert tree(".") == before


def test_progress_is_for_terminals_only(monkeypatch, capsys):
    import sys

    from mzsr_basicsr.inspection.results import Update

    updates = [Update(0, 0.5, 30.0, 31.234, 0.9, {}), Update(1, 0.4, 30.0, 32.0, 0.9, {})]
    tell = cli_inspect._teller(1)
    for update in updates:
        tell(update)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for update in updates:
        tell(update)
    err = capsys.readouterr().err
    assert "update 0: 31.23 dB, of 1" in err and err.endswith("\r\033[K")


def test_help():
    commands = argparse.ArgumentParser().add_subparsers()
    cli_inspect.add(commands)
    command = commands.choices["inspect"]
    command.epilog = "\n".join(command.epilog.splitlines()[:3])  # it gives three examples
    assert_helpful(command, "mzsr inspect")
