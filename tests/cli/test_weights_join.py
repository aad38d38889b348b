"""`mzsr weights join`: the file it writes, what it says, and bad input."""

import pytest
import torch
from helpers.commands import Command, tree
from helpers.one_command import assert_helpful, build, commands_of
from helpers.small_networks import photo, save_network
from helpers.trainings import write_photos

from mzsr_basicsr.cli import weights as cli_weights
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.starts import Domains, View
from mzsr_basicsr.weights.files import read_file, save_atomically
from mzsr_basicsr.weights.pretrained import load_pretrained

FEW = ("--photos", "photos", "--tasks", 12, "--centres", 2)


@pytest.fixture
def join(monkeypatch, capsys, tmp_path):
    """Run it in a folder of photographs and of two networks."""
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "photos", 2)
    save_network(tmp_path / "a.pth", rate=0.03)
    save_network(tmp_path / "b.pth", correction=2.0)
    command = Command(monkeypatch, capsys)
    return lambda *arguments: command("weights", "join", *arguments)


def test_the_first_stays_as_it_is_and_the_second_is_what_is_added(join):
    status, lines, err = join("a.pth", "b.pth", *FEW, "-o", "c.pth")
    assert (status, err) == (0, []) and lines[0].startswith("c.pth: a.pth and b.pth; of tasks kept to test it, ")
    first, second, joined = (load_pretrained(f"{name}.pth") for name in "abc")
    assert joined.learner is not None and isinstance(joined.learner.start, Domains)
    own, theirs = (dict(one.network.named_parameters()) for one in (first, second))
    assert all(torch.equal(value, own[name]) for name, value in joined.network.named_parameters())
    assert torch.equal(joined.rates, first.rates) and joined.manner == first.manner
    start, view = joined.learner.start, View(torch.rand(1, 3, 40, 40), Degradation("gaussian:1.0", 2))
    assert start.arguments() == {"domains": 1, "centres": 4} and start.owners.tolist() == [0, 0, 1, 1]
    assert start.least.tolist() == [pytest.approx(0.15)]
    torch.testing.assert_close(start.centres.norm(dim=1), torch.ones(4))
    start.least.fill_(0)
    for place, wanted in ((0, own), (2, theirs)):
        start.centres.copy_(-start.code(view).expand(4, -1))
        start.centres[place] *= -1
        for name, value in start(view, own).items():
            torch.testing.assert_close(value, wanted[name])
    assert [one["file"] for one in read_file("c.pth", "x")["about"]["joined"]] == ["a.pth", "b.pth"]


def test_the_same_seed_joins_alike_and_the_result_upscales(join, tmp_path):
    import mzsr_basicsr

    for name in ("c", "d"):
        assert join("a.pth", "b.pth", *FEW, "--others", "photos", "--least", 0, "-o", f"{name}.pth")[0] == 0
    first, second = (read_file(f"{name}.pth", "x")["meta"] for name in "cd")
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    found = mzsr_basicsr.upscale(photo(32, 32), kernel="gaussian:1", weights="c.pth", updates=1)
    assert found.image.shape == (64, 64, 3)


def test_a_joined_file_may_be_joined_anew(join):
    assert join("a.pth", "b.pth", *FEW, "-o", "c.pth")[0] == 0
    assert join("c.pth", "a.pth", *FEW, "-o", "d.pth")[0] == 0
    joined = load_pretrained("d.pth")
    own = dict(joined.network.named_parameters())
    assert torch.equal(own["tail.weight"], load_pretrained("a.pth").network.state_dict()["tail.weight"])
    assert all(float(part.abs().max()) == 0 for part in joined.learner.start.added)
    status, _, err = join("a.pth", "c.pth", *FEW, "-o", "e.pth")
    assert status == 1 and err == ["error: c.pth: has a meta-learner of its own; join files without one"]


def test_it_describes_itself():
    command = commands_of(commands_of(build(cli_weights))["weights"])["join"]
    assert_helpful(command, "mzsr weights join")


BAD = {
    "another scale": (
        lambda: save_network("b.pth", scale=4),
        (),
        "b.pth: of another network or scale than a.pth; join",
    ),
    "joined already": (
        lambda: save_atomically(
            {**(c := torch.load("b.pth", weights_only=True)), "about": {**c["about"], "learner": {}}, "meta": {}},
            "b.pth",
        ),
        (),
        "b.pth: has a meta-learner of its own; join files without one",
    ),
    "missing": (lambda: None, ("none.pth",), "none.pth: weights file does not exist; check the path"),
    "few tasks": (lambda: None, ("--tasks", 3), "tasks: 3 must be from 8 to 10000"),
    "many centres": (lambda: None, ("--centres", 7), "centres: 7 are too many for 12 tasks; give more --tasks"),
    "a share": (lambda: None, ("--least", 1.5), "least: 1.5 must be from 0 to 1"),
    "a seed": (lambda: None, ("--seed", -1), "seed: -1 must be"),
    "no folder": (lambda: None, ("--others", "nowhere"), "others: folder nowhere does not exist"),
    "over an input": (lambda: None, ("-o", "a.pth", "--overwrite"), "output: a.pth is an input; choose another name"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(join, tmp_path, case):
    change, more, line = BAD[case]
    change()
    before = tree(tmp_path)
    second = more[:1] if case == "missing" else ("b.pth",)
    status, out, err = join("a.pth", *second, *FEW, "-o", "c.pth", *(() if case == "missing" else more))
    assert (status, out, len(err)) == (1, [], 1), err
    assert err[0].startswith("error: ") and line in err[0] and tree(tmp_path) == before
