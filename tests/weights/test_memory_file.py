"""A memory's file: whole after every kill, nothing lost between writers, bounded, and refused in one line where it is
not what it should be."""

import os
import random
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers.trainings import environment

from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.files.lock import alone
from mzsr_basicsr.meta.store import empty_store
from mzsr_basicsr.weights import check_memory_place, memory_file
from mzsr_basicsr.weights.memory_file import MemoryFile, Owner, fingerprint

OWNER = Owner(2.0, "a network", 5, "an embedding", 64)
KIND = "memory of mzsr upscale"
# Writers are processes of their own: each number in a range becomes an entry along an axis of its own.
WRITER = """
import sys, torch
from mzsr_basicsr.weights.memory_file import MemoryFile, Owner
file = MemoryFile(sys.argv[1], Owner(2.0, "a network", 5, "an embedding", 64))
for place in range(int(sys.argv[2]), int(sys.argv[3])):
    file.add(torch.eye(64)[place], torch.full((5,), float(place)))
"""
KILLED = """
import os, random, signal, sys, time, torch
from mzsr_basicsr.weights.memory_file import MemoryFile, Owner
owner = Owner(2.0, "a network", 100_000, "an embedding", 64)
file, chance, most = MemoryFile(sys.argv[1], owner), random.Random(0), 0
for turn in range(12):
    child = os.fork()
    if not child:
        for place in range(64):
            file.add(torch.eye(64)[place], torch.full((100_000,), float(place)))
        os._exit(0)
    time.sleep(chance.uniform(0.005, 0.12))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    store = file.read()
    most = max(most, len(store))
    assert all(bool((s == float(k.argmax())).all()) for k, s in zip(store.keys, store.strategies))
assert most > 0
file.add(torch.eye(64)[63], torch.full((100_000,), 63.0))
assert sorted(os.listdir(os.path.dirname(sys.argv[1]))) == [".m.pt.lock", "m.pt"]
"""


def python(code: str, *arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen) -> None:
    error = process.communicate(timeout=120)[1]
    assert process.returncode == 0, error


def filled(path: Path, count: int = 3, owner: Owner = OWNER) -> MemoryFile:
    file = MemoryFile(str(path), owner)
    for place in range(count):
        file.add(torch.eye(owner.size)[place], torch.full((owner.width,), float(place)))
    return file


def test_a_missing_file_knows_nothing_and_is_made(tmp_path: Path) -> None:
    file = MemoryFile(str(tmp_path / "m.pt"), OWNER)
    assert len(file.read()) == 0 and list(tmp_path.iterdir()) == []
    filled(tmp_path / "m.pt")
    store = file.read()
    assert torch.equal(store.keys, torch.eye(64)[:3]) and store.strategies[:, 0].tolist() == [0, 1, 2]
    assert sorted(os.listdir(tmp_path)) == [".m.pt.lock", "m.pt"]
    content = torch.load(tmp_path / "m.pt", weights_only=True)
    assert content["about"]["kind"] == KIND and content["about"]["scale"] == 2.0


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    writers = [python(WRITER, tmp_path / "m.pt", first, first + 20) for first in (0, 20)]
    for writer in writers:
        ended(writer)
    store = MemoryFile(str(tmp_path / "m.pt"), OWNER).read()
    assert sorted(store.keys.argmax(1).tolist()) == list(range(40)) and store.uses.tolist() == [1] * 40
    assert store.strategies[:, 0].tolist() == store.keys.argmax(1).tolist()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_leaves_a_whole_file_and_what_it_left_is_removed(tmp_path: Path) -> None:
    ended(python(KILLED, tmp_path / "m.pt"))


def test_what_is_kept_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (OWNER.limit, replace(OWNER, width=231_000).limit, replace(OWNER, width=10**9).limit) == (256, 72, 1)
    monkeypatch.setattr(memory_file, "ENTRIES", 4)
    file = filled(tmp_path / "m.pt", 20)
    assert len(file.read()) == 4
    most = 4 * (4 * 64 + 2 * 5 + 8) + 2**16
    assert (tmp_path / "m.pt").stat().st_size < most
    with (tmp_path / "m.pt").open("ab") as stream:
        stream.write(bytes(most))
    assert "MiB are more than any memory of this network has" in refused(tmp_path / "m.pt")


def refused(path: Path, owner: Owner = OWNER) -> str:
    """Give the line that refuses a file, and see that writing is refused by the same and changes nothing."""
    before = path.read_bytes() if path.is_file() else None
    file = MemoryFile(str(path), owner)
    with pytest.raises(WeightsError) as caught:
        file.read()
    with pytest.raises(WeightsError):
        file.add(torch.eye(owner.size)[0], torch.ones(owner.width))
    assert before is None or path.read_bytes() == before
    line = str(caught.value)
    assert line.startswith(f"{os.path.realpath(path)}: ") and line.isprintable()
    return line


def content(**changes: object) -> dict:
    about = {"kind": KIND, "scale": 2.0, "network": "a network", "width": 5, "embedding": "an embedding", "size": 64}
    entries = {"keys": torch.eye(64)[:2], "strategies": torch.ones(2, 5).half(), "uses": torch.tensor([1, 2])}
    return {"about": about, **entries, **changes}


BAD = {  # what is saved: what the line says
    "weights": ({"params": {"a": torch.ones(2)}}, "no memory of mzsr upscale; give --memory another file, or remove"),
    "another kind": (content(about={"kind": "cake"}), "no memory of mzsr upscale; "),
    "a list": ([1, 2], "damaged, or no memory of mzsr upscale that can be read safely; "),
    "no keys": ({"about": content()["about"]}, "damaged: its entries do not fit each other; "),
    "fewer uses": (content(uses=torch.tensor([1])), "damaged: its entries do not fit each other; "),
    "wide keys": (content(keys=torch.eye(65)[:2]), "damaged: its entries do not fit each other; "),
    "float uses": (content(uses=torch.ones(2)), "damaged: its entries do not fit each other; "),
    "text": (content(keys="keys"), "damaged: its entries do not fit each other; "),
    "trainable": (content(keys=torch.nn.Parameter(torch.eye(64)[:2])), "damaged: its entries do not fit each other; "),
    "too many": (
        content(
            keys=torch.zeros(1).expand(300, 64),
            strategies=torch.zeros(1).half().expand(300, 5),
            uses=torch.ones(1, dtype=torch.int64).expand(300),
        ),
        "damaged: its entries do not fit each other; ",
    ),
    "not finite": (content(strategies=torch.full((2, 5), float("nan")).half()), "damaged: it holds numbers that no "),
    "no uses": (content(uses=torch.tensor([1, 0])), "damaged: it holds numbers that no memory has; "),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_memory_is_refused(tmp_path: Path, case: str) -> None:
    saved, message = BAD[case]
    torch.save(saved, tmp_path / "m.pt")
    assert f"m.pt: {message}" in refused(tmp_path / "m.pt")


def test_the_good_one_beside_the_bad_ones_is_read(tmp_path: Path) -> None:
    torch.save(content(), tmp_path / "m.pt")
    assert len(MemoryFile(str(tmp_path / "m.pt"), OWNER).read()) == 2


OTHERS = {  # whose it is: what the line says
    "scale": (replace(OWNER, scale=4.0), "of scale 2.0, the network's is 4; "),
    "network": (replace(OWNER, network="another"), "of another network, or of other weights; "),
    "width": (replace(OWNER, width=6), "of another network, or of other weights; "),
    "embedding": (replace(OWNER, embedding="another"), "of another task embedding (of size 64, this one's is 64); "),
    "size": (replace(OWNER, size=32), "of another task embedding (of size 64, this one's is 32); "),
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_memory_of_another_is_refused(tmp_path: Path, case: str) -> None:
    filled(tmp_path / "m.pt")
    owner, message = OTHERS[case]
    assert message in refused(tmp_path / "m.pt", owner)


class _Evil:
    def __reduce__(self):
        return os.mkdir, ("was_run",)


def test_code_in_a_file_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(content(uses=_Evil()), "m.pt")
    assert "damaged, or no memory of mzsr upscale that can be read safely; " in refused(tmp_path / "m.pt")
    assert not Path("was_run").exists()
    torch.load("m.pt", weights_only=False)
    assert Path("was_run").exists()  # so it could have been


def test_a_file_that_grows_when_it_is_read_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.pt", "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("m/data/0", bytes(2**24))
    assert (tmp_path / "m.pt").stat().st_size < 2**16
    assert "16.0 MiB are more than any memory" in refused(tmp_path / "m.pt")


def test_damage_anywhere_is_one_line_or_nothing_that_is_seen(tmp_path: Path) -> None:
    filled(tmp_path / "m.pt")
    whole, chance = (tmp_path / "m.pt").read_bytes(), random.Random(0)
    assert "damaged, or no memory" in refused_bytes(tmp_path, b"")
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 20)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        cut = chance.choice([len(broken), chance.randrange(len(broken))])
        refused_bytes(tmp_path, bytes(broken[:cut]))


def refused_bytes(folder: Path, broken: bytes) -> str:
    (folder / "m.pt").write_bytes(broken)
    try:
        MemoryFile(str(folder / "m.pt"), OWNER).read()
    except WeightsError as error:
        assert str(error).isprintable()
        return str(error)
    return ""


PLACES = {  # name: what the line says
    ".": ".: is a folder; give --memory the name of a file",
    "none/m.pt": "none/m.pt: there is no folder none; create it first",
    "/dev/null": "/dev/null: is no file; give --memory the name of one",
    "text/m.pt": "text/m.pt: there is no folder text; create it first",
}


@pytest.mark.parametrize("name", PLACES)
def test_places_where_no_memory_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text").write_text("a text")
    with pytest.raises(WeightsError) as caught:
        check_memory_place(name)
    assert str(caught.value) == PLACES[name]


@pytest.mark.parametrize("name", ["m\0.pt", "m" * 300])
def test_odd_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="cannot be written|no file can have this name"):
        MemoryFile(str(tmp_path / name), OWNER).add(torch.eye(64)[0], torch.ones(5))


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = filled(tmp_path / "m.pt")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    check_memory_place(str(tmp_path / "m.pt"))  # to be read it may lie anywhere
    with pytest.raises(WeightsError, match=r"m.pt: cannot be written \(.*m.pt is read-only\); check its rights, or"):
        check_memory_place(str(tmp_path / "m.pt"), written=True)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(WeightsError, match=r"m.pt: cannot be written \(Permission denied; check the rights of "):
        file.add(torch.eye(64)[0], torch.ones(5))
    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    with pytest.raises(WeightsError, match=r"m.pt: cannot be read \(Permission denied\); check its rights"):
        file.read()


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "true").mkdir()
    (tmp_path / "m.pt").symlink_to(tmp_path / "true/m.pt")
    filled(tmp_path / "m.pt")
    assert (tmp_path / "m.pt").is_symlink() and len(MemoryFile(str(tmp_path / "true/m.pt"), OWNER).read()) == 3


def test_a_fingerprint_tells_names_shapes_types_and_numbers_apart() -> None:
    one = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(1)}
    others = [
        {**one, "a": one["a"].reshape(3, 2)},
        {**one, "b": torch.full((1,), 1e-30)},
        {"a": one["a"], "c": one["b"]},
        {**one, "b": torch.zeros(1, dtype=torch.int32)},
        vars(empty_store(3, 4)),
    ]
    assert len({fingerprint(parts) for parts in [one, *others]}) == 6
    assert fingerprint({"a": one["a"].t().contiguous().t(), "b": one["b"]}) == fingerprint(one)


def test_a_writer_waits_for_the_one_before(tmp_path: Path) -> None:
    writer = threading.Thread(target=filled, args=(tmp_path / "m.pt", 1))
    with alone(tmp_path / "m.pt"):
        writer.start()
        time.sleep(0.3)
        assert writer.is_alive() and not (tmp_path / "m.pt").exists()
    writer.join()
    assert len(MemoryFile(str(tmp_path / "m.pt"), OWNER).read()) == 1
