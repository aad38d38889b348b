"""benchmarks/faults.py: a tiny campaign of every part that needs no network, and that its judges see what is wrong."""

import json
import mmap
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.places import ROOT
from helpers.trainings import environment

SCRIPT = ROOT / "benchmarks/faults.py"
pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs the processes of Linux")


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def campaign(folder, *words):
    command = [sys.executable, str(SCRIPT), "-o", str(folder), *words]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=280, check=False)


def test_a_tiny_campaign_finds_nothing(tmp_path):
    """A command killed and starved, some damaged kernels and pictures, and forty pictures on end."""
    only = ("--only", "scene", "kernels", "pictures")
    done = campaign(tmp_path, "kills", "disk", "input", "long", "--quick", *only)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads((tmp_path / "faults.json").read_text())["counts"]
    assert counts["kills"] == {"scene": {"tried": 1, "survived": 1}}
    assert counts["full disk"] == counts["no permission"] == {"scene": {"tried": 2, "survived": 2}}
    assert counts["input"]["pictures"]["tried"] >= 24 and counts["input"]["kernels"]["tried"] >= 8
    assert counts["long run"] == {"40 pictures": {"tried": 1, "survived": 1}}
    assert len((tmp_path / "tries.jsonl").read_text().splitlines()) == sum(
        one["tried"] for part in counts.values() for one in part.values()
    )


def test_tries_go_on_after_a_line_that_was_cut_off(tmp_path):
    from faults_report import Row, Tries

    tries = Tries(tmp_path / "tries.jsonl")
    tries.add(Row("kills", "a", 0, "", "all"))
    tries.add(Row("kills", "a", 2, "out is half-written", "one"))
    (tmp_path / "tries.jsonl").write_text((tmp_path / "tries.jsonl").read_text() + '{"part": "ki')
    again = Tries(tmp_path / "tries.jsonl")
    assert again.missing("kills", "a", 4) == [1, 3] and again.missing("disk", "a", 2) == [0, 1]
    assert again.table().splitlines()[-1] == "| kills | a | 2 | 1 | all, one |"
    assert again.finds() == ["kills, a, try 2: out is half-written"]


def test_the_judge_of_a_stopped_command_sees_what_is_wrong(tmp_path, monkeypatch):
    import faults_case
    import faults_commands
    from faults_forks import End

    def run(folder, work, *rest, **more):  # no process: the command writes two files
        work()
        return End(0, "", "", 0.1)

    def work():
        (tmp_path / "room/whole/a").write_bytes(b"new")
        (tmp_path / "room/whole/b").write_bytes(b"new")

    known = faults_commands.Command(lambda folder: (folder / "a").write_bytes(b"old"), lambda: work, ("a", "b"))
    monkeypatch.setitem(faults_case.COMMANDS, "made", known)
    monkeypatch.setattr(faults_case, "run", run)
    case = faults_case.Case("made", tmp_path / "room")
    folder = case.fresh(tmp_path / "try")
    assert case.untouched(folder) and case.half(folder) == "" and case.unlike(folder) == "another result: a, b"
    (folder / "a").write_bytes(b"ne")
    assert case.half(folder).startswith("a is half-written")
    (folder / "a").write_bytes(b"new")
    (folder / "b").write_bytes(b"new")
    assert case.half(folder) == case.unlike(folder) == ""
    (folder / ".1.part").write_bytes(b"")
    assert case.unlike(folder) == "left behind: .1.part"
    (folder / "a").unlink()
    assert case.half(folder) == "a is gone"


def test_the_judge_of_input_sees_code_tracebacks_and_memory(tmp_path, monkeypatch):
    import faults_input
    import faults_readers

    def code(path, folder):
        (folder.parent / faults_input.CANARY).mkdir()

    def fails(path, folder):
        raise KeyError("gone")

    def takes(path, folder):
        faults_input.MEMORY = 10**7
        room = mmap.mmap(-1, 10**8)  # pages of its own: what was freed before may be kept
        for place in range(0, 10**8, mmap.PAGESIZE):
            room[place] = 1

    said = {}
    for name, reader in (("code", code), ("fails", fails), ("takes", takes), ("reads", lambda path, folder: None)):
        monkeypatch.setitem(faults_readers.READERS, name, reader)
        monkeypatch.setattr(faults_input, "MEMORY", 10**9)
        said[name] = faults_input._guarded(name, tmp_path / "file", tmp_path)[0]
    assert said["code"] == "it runs code" and said["fails"].startswith("KeyError") and said["reads"] == ""
    assert said["takes"] == "takes 0.1 GB"


def test_damage_is_the_same_for_a_seed_and_each_kind_of_change_changes(tmp_path):
    import random

    import faults_mutations

    data = bytes(range(256)) * 4
    drawn = [faults_mutations.drawn(random.Random(seed), data, [b"other" * 99], False) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    for kind, content, length in (
        ("flip", b"\x04", 1024), ("number", b"\xff\xff", 1024), ("splice", b"xyz", 1024), ("cut", b"", 7),
        ("remove", b"\0\0", 1022), ("repeat", b"ab", 1026),
    ):  # fmt: skip
        found = faults_mutations.changed(data, [(kind, 7, content)])
        assert found[:7] == data[:7] and found != data and len(found) == length, kind
    assert faults_mutations.changed(b"a: 1\nb: {c: 2}", [("word", 4, b"[]")]) == b"a: 1\nb: []}"
