"""`mzsr weights average`: the files it writes, the table it prints, and what it says about bad input."""

import shutil

import pytest
import torch
from helpers.commands import Command, tree
from helpers.one_command import assert_helpful, build, commands_of
from helpers.small_networks import save_network
from helpers.trainings import write_photos
from PIL import Image

from mzsr_basicsr.cli import weights as cli_weights
from mzsr_basicsr.data.photos import Photos
from mzsr_basicsr.weights import files
from mzsr_basicsr.weights.files import save_atomically
from mzsr_basicsr.weights.judging import draw_tasks
from mzsr_basicsr.weights.pretrained import load_pretrained
from mzsr_basicsr.weights.soup import judge_by

SOUP = ("--soup", "photos", "--tasks", 3, "--updates", 0, 1, "--seed", 5)


@pytest.fixture
def average(monkeypatch, capsys, tmp_path):
    """Run it in a folder of photographs and of networks whose corrections are 1, 2 and -40 times the same."""
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "photos", 2)
    for name, factor in (("a", 1.0), ("b", 2.0), ("bad", -40.0)):
        save_network(tmp_path / f"{name}.pth", correction=factor)
    command = Command(monkeypatch, capsys)
    return lambda *arguments: command("weights", "average", *arguments)


def content(path):
    return torch.load(path, weights_only=True)


def params(path):
    return load_pretrained(path).network.state_dict()


def origin(path):
    return [one["file"] for one in content(path)["about"]["average_of"]]


def test_the_average_of_all(average):
    assert average("a.pth", "b.pth", "-o", "c.pth") == (0, ["c.pth: average of 2 files"], [])
    first, second, found = (params(f"{name}.pth") for name in "abc")
    torch.testing.assert_close(found["tail.weight"], 1.5 * first["tail.weight"])
    torch.testing.assert_close(found["tail.weight"], 0.75 * second["tail.weight"])
    assert torch.equal(found["head.weight"], first["head.weight"]) and origin("c.pth") == ["a.pth", "b.pth"]


def test_a_shipped_network_may_be_averaged(average):
    shipped = content(files.locate("shipped:mzsr_x4"))
    save_atomically(shipped, "mine.pth")
    assert average("shipped:mzsr_x4", "mine.pth", "-o", "c.pth")[0] == 0
    assert origin("c.pth") == ["mzsr_x4.pth", "mine.pth"]
    for name, value in shipped["params"].items():
        assert torch.equal(params("c.pth")[name], value)


def test_the_soup_prints_what_each_file_is_worth(average):
    status, lines, _ = average("bad.pth", "a.pth", "b.pth", "-o", "c.pth", *SOUP)
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:-1]]
    assert status == 0 and head == ["file", "alone, dB", "kept", "average with it, dB"]
    judge = judge_by(draw_tasks(Photos("photos", "disk", "x"), 2, 3, 5), (0, 1))
    alone = {f"{name}.pth": judge(content(f"{name}.pth")) for name in ("a", "b", "bad")}
    assert [row[0] for row in rows] == sorted(alone, key=lambda name: -alone[name])
    assert [row[1] for row in rows] == [f"{alone[row[0]]:.3f}" for row in rows] and rows[0][3] == rows[0][1]
    assert (rows[0][2], rows[2][0], rows[2][2]) == ("yes", "bad.pth", "no")
    kept = [row[0] for row in rows if row[2] == "yes"]
    worth = judge(content("c.pth"))
    assert lines[-1] == f"c.pth: average of {len(kept)} of 3 files, {worth:.3f} dB over 3 tasks"
    assert origin("c.pth") == kept
    assert average("bad.pth", "a.pth", "b.pth", "-o", "d.pth", *SOUP)[1][:-1] == lines[:-1]


def test_it_describes_itself():
    command = commands_of(commands_of(build(cli_weights))["weights"])["average"]
    assert_helpful(command, "mzsr weights average")


def test_a_file_is_written_whole_or_not_at_all_and_never_over_an_input(average, tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    before = tree(tmp_path)
    for output, more, line in (
        ("b.pth", (), "output: b.pth is an input; choose another name"),
        ("photos/../b.pth", ("--overwrite",), "b.pth is an input; choose another name"),
        ("bad.pth", (), "output: bad.pth is there already; give --overwrite or another name"),
    ):
        status, out, err = average("a.pth", "b.pth", "-o", output, *more)
        assert (status, out, len(err)) == (1, [], 1) and line in err[0]
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        status, out, err = average("a.pth", "b.pth", "-o", "c.pth")
    assert (status, out) == (1, []) and err[0].startswith("error: c.pth: cannot be written (No space left on device)")
    assert tree(tmp_path) == before
    assert average("a.pth", "b.pth", "-o", "bad.pth", "--overwrite")[0] == 0
    torch.testing.assert_close(params("bad.pth")["tail.weight"], 1.5 * params("a.pth")["tail.weight"])


def spoil(key, change):
    """Change b.pth under a key."""
    held = content("b.pth")
    save_atomically({**held, key: change(held.get(key))}, "b.pth")


BAD = {
    "another scale": (lambda: save_network("b.pth", scale=4), "b.pth: about.scale is 4.0, but 2.0 in a.pth; average"),
    "another network": (
        lambda: shutil.copy(files.locate("shipped:mzsr_x2"), "b.pth"),
        "b.pth: about.network_g.type is 'MZSRNetUnrolled', but 'MZSRNetWiener' in a.pth; average files of one network",
    ),
    "another manner": (
        lambda: spoil("about", lambda about: {**about, "manner": {"rule": "adam"}}),
        "b.pth: about.manner.rule is 'adam', but 'gradient' in a.pth; average files of one network, scale and manner",
    ),
    "other keys": (lambda: spoil("meta", lambda _: {}), "b.pth: meta is there, but not in a.pth; average files of one"),
    "NaN": (
        lambda: spoil("rates", lambda rates: rates * float("nan")),
        "b.pth: rates holds weights that are NaN or infinite; replace the file",
    ),
    "no weights": (lambda: shutil.copy("photos/p0.png", "b.pth"), "b.pth: damaged, or no weights file that can be loa"),
    "a small photograph": (
        lambda: Image.new("RGB", (20, 40)).save("photos/p0.png"),
        "photos/p0.png: 20 px wide or high, 32 are needed; remove it",
    ),
    "no photograph": (lambda: shutil.copy("a.pth", "photos/p1.png"), "photos/p1.png: damaged or not an image"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(average, tmp_path, case):
    change, line = BAD[case]
    change()
    before = tree(tmp_path)
    status, out, err = average("a.pth", "b.pth", "-o", "c.pth", *SOUP)
    assert (status, out, len(err)) == (1, [], 1), err
    assert err[0].startswith("error: ") and line in err[0] and tree(tmp_path) == before
