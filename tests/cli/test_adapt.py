"""`mzsr adapt` on the command line: what it says, and what it refuses in one line."""

import json
import os
import re
from pathlib import Path

import pytest
import torch
from helpers.collections import shorten, write_parts
from helpers.commands import Command, load, tree
from helpers.one_command import assert_helpful, build, commands_of
from helpers.page_structure import read
from helpers.small_networks import save_network

from mzsr_basicsr.cli import adapt
from mzsr_basicsr.collection import adapt as adapting
from mzsr_basicsr.collection import learning
from mzsr_basicsr.weights.files import save_atomically

QUICK = ("--weights", "small.pth", "--kernel", "gaussian:1.0", "--noise", 0, "--device", "cpu", "--steps", 4)


@pytest.fixture
def mzsr(monkeypatch, capsys, tmp_path) -> Command:
    monkeypatch.chdir(tmp_path)
    write_parts(tmp_path / "scans")
    save_network(tmp_path / "small.pth")
    shorten(monkeypatch)
    return Command(monkeypatch, capsys)


def interrupt(monkeypatch, error: BaseException, after: int = 2) -> None:
    """Stop the learning after some steps."""
    stepped, made = learning._stepped, []

    def steps(*given):
        made.append(1)
        if len(made) > after:
            raise error
        return stepped(*given)

    monkeypatch.setattr(learning, "_stepped", steps)


def test_the_help_describes_itself():
    assert_helpful(commands_of(build(adapt))["adapt"], "mzsr adapt")


def test_a_run_says_what_it_did_and_writes_weights_a_page_and_nothing_else(mzsr, tmp_path):
    Path("scans/notes.txt").write_text("none")
    before = tree(tmp_path)
    status, out, err = mzsr("adapt", "scans", "-o", "out.pth", "--page", "out.html", *QUICK)
    assert (status, err) == (0, ["warning: 1 file skipped, no picture, as notes.txt"])
    line = r"out.pth: 4 steps on 3 pictures, judged by 1; held-out loss (\d\.\d{5}) -> (\d\.\d{5}) \(\+\d\.\d\d dB\), kept after step 4; all steps made"
    assert float(re.fullmatch(line, out[0])[1]) > float(re.fullmatch(line, out[0])[2]) and len(out) == 1
    assert {name for name, content in tree(tmp_path).items() if before.get(name) != content} == {"out.pth", "out.html"}
    page = read(Path("out.html"))
    assert len(page.all("svg")) == 1 and "out.pth: 4 steps on 3 pictures" in Path("out.html").read_text()
    assert len(page.all("tr")) == 2 and len(page.all("path")) >= 2
    status, out, err = mzsr(
        "upscale", "scans/0.png", "-o", "up", "--weights", "out.pth", "--memory", "m.pt", "--updates", 1
    )
    assert (status, load(Path("up/0.png")).shape) == (0, (72, 72, 3))


def test_a_record_for_machines(mzsr):
    status, (line,), err = mzsr("adapt", "scans", "-o", "out.pth", "--json", *QUICK)
    found = json.loads(line)
    assert (status, err, found["steps"], found["stopped"], found["goes_on"]) == (0, [], 4, "all steps made", False)
    assert [one["step"] for one in found["curve"]] == [0, 2, 4] and found["curve"][0]["gain"] == 0
    assert sorted(found["learned_from"] + found["held_out"]) == ["0.png", "1.png", "2.png", "3.png"]
    assert found["loss_after"] == found["curve"][2]["loss"][0] < found["loss_before"]


@pytest.mark.parametrize(("error", "expected"), [(KeyboardInterrupt(), 130), (SystemExit(143), 143)])
def test_an_interrupted_run_goes_on(mzsr, monkeypatch, error, expected):
    with monkeypatch.context() as patch:
        interrupt(patch, error)
        status, out, err = mzsr("adapt", "scans", "-o", "out.pth", *QUICK)
    assert (status, out) == (expected, [])
    assert err == ["error: interrupted; what was learned so far is kept, and the same command goes on"]
    assert not Path("out.pth").exists() and Path(".out.pth.state").is_file()
    status, (line,), _ = mzsr("adapt", "scans", "-o", "out.pth", "--json", *QUICK)
    assert (json.loads(line)["resumed"], json.loads(line)["steps"]) == (2, 4)
    assert not Path(".out.pth.state").exists()


def test_a_run_that_ran_out_of_time_replaces_its_own_files_alone(mzsr, monkeypatch):
    shorten(monkeypatch, patience=1000)
    given = ("adapt", "scans", "-o", "out.pth", "--page", "out.html", *QUICK[:-2], "--minutes", 0.01)
    status, out, err = mzsr(*given)
    assert (status, err, out[1:]) == (0, [], ["the same command goes on from here; so does a longer --minutes"])
    assert mzsr(*given)[0] == 0
    Path("out.html").write_text("mine")
    before = tree(Path())
    assert mzsr(*given) == (1, [], ["error: output: out.html is there already; give --overwrite or another name"])
    assert tree(Path()) == before
    assert mzsr(*given, "--overwrite")[0] == 0


def test_a_run_interrupted_while_reading_keeps_the_kernels(mzsr, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(
            adapting,
            "survey",
            lambda *given: (
                given[4]("0" * 64, adapting.Degradation("gaussian:1", 2)),
                (_ for _ in ()).throw(KeyboardInterrupt),
            )[1].__next__(),
        )
        assert mzsr("adapt", "scans", "-o", "out.pth", *QUICK)[0] == 130
    assert list(torch.load(".out.pth.state", weights_only=True)["kernels"]) == ["0" * 64]
    assert mzsr("adapt", "scans", "-o", "out.pth", *QUICK)[0] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--seed", 1), "seed: 0 there, 1 here"),
        (("--kernel", "gaussian:2.0"), "kernel: gaussian:1.0 there, gaussian:2.0 here"),
        ((), "the folder holds other pictures by now"),
    ],
)
def test_a_state_of_another_run(mzsr, monkeypatch, change, message):
    with monkeypatch.context() as patch:
        interrupt(patch, KeyboardInterrupt())
        mzsr("adapt", "scans", "-o", "out.pth", *QUICK)
    if not change:
        write_parts(Path("scans"), 5)
    before = tree(Path())
    status, out, err = mzsr("adapt", "scans", "-o", "out.pth", *QUICK, *change)
    expected = f"error: .out.pth.state: of another run ({message}); give the same options and pictures to go on, or --overwrite to begin anew"
    assert (status, out, err) == (1, [], [expected]) and tree(Path()) == before
    status, (line,), _ = mzsr("adapt", "scans", "-o", "out.pth", *QUICK, *change, "--overwrite", "--json")
    assert (status, json.loads(line)["resumed"]) == (0, 0)


@pytest.mark.parametrize("damage", ["text", "short", "other", "nan", "shape"])
def test_a_damaged_state(mzsr, monkeypatch, damage):
    with monkeypatch.context() as patch:
        interrupt(patch, KeyboardInterrupt())
        mzsr("adapt", "scans", "-o", "out.pth", *QUICK)
    state = Path(".out.pth.state")
    content = torch.load(state, weights_only=True)
    name, value = next(iter(content["way"]["params"].items()))
    content["way"]["params"][name] = {"nan": value * float("nan"), "shape": value[:1]}.get(damage, value)
    bad = {"text": b"no state", "short": state.read_bytes()[:-200], "other": Path("small.pth").read_bytes()}
    save_atomically(content, state)
    if damage in bad:
        state.write_bytes(bad[damage])
    status, out, err = mzsr("adapt", "scans", "-o", "out.pth", *QUICK)
    assert (status, out) == (1, []) and not Path("out.pth").exists()
    assert err == ["error: .out.pth.state: damaged, or no state of mzsr adapt; remove it, or --overwrite to begin anew"]
    assert mzsr("adapt", "scans", "-o", "out.pth", *QUICK, "--overwrite")[0] == 0


def test_two_scales(mzsr):
    for scale, message in (
        (3, "scale: 3, but small.pth is for x2; leave --scale out, or give others"),
        (2.5, "scale: 2.5; allowed: 2, 3, 4"),
    ):
        status, out, err = mzsr("adapt", "scans", "-o", "out.pth", *QUICK, "--scale", scale)
        assert (status, out, len(err)) == (1, [], 1) and err[0].startswith(f"error: {message}")
    assert not Path("out.pth").exists()
    save_network(Path("x3.pth"), scale=3)
    assert mzsr("adapt", "scans", "-o", "out.pth", *QUICK[2:], "--weights", "x3.pth")[0] == 0  # their own
    assert torch.load("out.pth", weights_only=True)["about"]["scale"] == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("scans", "-o", "out.pt"), "output: out.pt ends with '.pt'; allowed: .pth"),
        (("scans", "-o", "none/out.pth"), "output: none/out.pth: there is no folder none; make it first"),
        (("scans", "-o", "small.pth"), "output: small.pth is an input; choose another name"),
        (("scans", "-o", "there.pth"), "output: there.pth is there already; give --overwrite or another name"),
        (("scans", "-o", "folder.pth", "--overwrite"), "output: folder.pth: is a folder; give the name of a file"),
        (("scans", "-o", "out.pth", "--page", "out.svg"), "output: out.svg ends with '.svg'; allowed: .html"),
        (("scans", "-o", "out.pth", "--page", "there.html"), "output: there.html is there already"),
        (("scans", "-o", "out.pth", "--minutes", 0), "minutes: 0 must be from 0.01 to 10000"),
        (("scans", "-o", "out.pth", "--minutes", "nan"), "minutes: nan must be from 0.01 to 10000"),
        (("scans", "-o", "out.pth", "--steps", 0), "steps: 0 must be at least 1"),
        (("scans", "-o", "out.pth", "--seed", -1), "seed: -1 must be from 0"),
        (("scans", "-o", "out.pth", "--noise", "loud"), "noise: 'loud' must be auto, or a number"),
        (("scans", "-o", "out.pth", "--kernel", "fog:1"), "fog:1: unknown kernel"),
        (("scans", "-o", "out.pth", "--weights", "none.pth"), "none.pth: weights file does not exist"),
        (("scans", "-o", "out.pth", "--weights", "text.pth"), "text.pth: damaged, or no weights file"),
        (("scans/0.png", "-o", "out.pth"), "adapt: scans/0.png is a file; give a folder of pictures"),
        (("none", "-o", "out.pth"), "adapt: none does not exist; give a folder of pictures"),
        (("empty", "-o", "out.pth"), "adapt: empty holds no file; known endings:"),
        (("one", "-o", "out.pth"), "adapt: one holds one picture, 0.png; give two or more"),
        (("tiny", "-o", "out.pth"), "adapt: tiny holds 0 pictures that can be used (3 refused); give two or more"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_line_and_nothing_is_lost(mzsr, given, message):
    Path("empty").mkdir()
    Path("folder.pth").mkdir()
    write_parts(Path("one"), 1)
    write_parts(Path("tiny"), 3, side=12)
    for name in ("there.pth", "there.html", "text.pth"):
        Path(name).write_text("mine")
    before = tree(Path())
    own = QUICK if "--weights" not in given else QUICK[2:]
    status, out, err = mzsr("adapt", *own, *given)
    assert (status, out, len(err)) == (1, [], 1) and err[0].startswith(f"error: {message}"), err
    assert tree(Path()) == before


def test_a_folder_that_cannot_be_written(mzsr, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    status, _, err = mzsr("adapt", "scans", "-o", "out.pth", *QUICK)
    assert (status, err) == (
        1,
        ["error: output: out.pth: cannot be written (. is read-only); check its rights, or choose another"],
    )


def test_a_full_disk_loses_nothing(mzsr, monkeypatch):
    replace = os.replace

    def full(source, target):
        if str(target) == "out.pth":
            raise OSError(28, "No space left on device")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        status, out, err = mzsr("adapt", "scans", "-o", "out.pth", *QUICK)
    assert (status, out, len(err)) == (1, [], 1) and err[0].startswith(
        "error: out.pth: cannot be written (No space left on device)"
    )
    assert Path(".out.pth.state").is_file() and not Path("out.pth").exists()
    status, (line,), _ = mzsr("adapt", "scans", "-o", "out.pth", "--json", *QUICK)
    assert (status, json.loads(line)["resumed"]) == (0, 4)
