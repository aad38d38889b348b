"""Files of tensors appear whole or not at all, with the rights that the user's umask gives, or one line says why not."""

import contextlib
import errno
import os
import shutil
import stat
from pathlib import Path

import pytest
import torch

from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.files.whole import part_of
from mzsr_basicsr.weights.files import read_file, save_atomically, temporaries

CONTENT = {"params": {"weight": torch.arange(300_000.0)}}


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_the_mode_is_that_of_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        save_atomically(CONTENT, tmp_path / "w.pth")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "w.pth").stat().st_mode) == mode
    assert torch.equal(read_file(tmp_path / "w.pth", "file")["params"]["weight"], CONTENT["params"]["weight"])
    assert [path.name for path in tmp_path.iterdir()] == ["w.pth"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_what_cannot_be_written_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    save_atomically({"old": 1}, tmp_path / "w.pth")

    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(2**30, 2**30, 2**18))
    with pytest.raises(WeightsError) as caught:
        save_atomically(CONTENT, tmp_path / "w.pth")
    line = str(caught.value)
    assert line.startswith(f"{tmp_path}/w.pth: cannot be written ({os.strerror(number)}); ") and "\n" not in line
    room = f"it needs 1.1 MiB, 0.2 MiB are free; make room in {tmp_path}"
    assert line.endswith(room if number != errno.EIO else f"check the folder {tmp_path} and its rights")
    assert read_file(tmp_path / "w.pth", "file") == {"old": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["w.pth"]


def test_a_real_full_disk() -> None:
    """/dev/full takes no byte; a file cannot be replaced there, but written to."""
    with pytest.raises(WeightsError, match="cannot be written"):
        save_atomically(CONTENT, Path("/dev/full/w.pth"))


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"gone/w.pth: cannot be written \(No such file or directory\); check the"):
        save_atomically(CONTENT, tmp_path / "gone/w.pth")


def test_temporaries_are_told_from_other_files(tmp_path: Path) -> None:
    ours = [".net_g_5.pth.0a1b2c3d", ".net_g_latest.pth.ab_d3f9z", ".5.state.00000000"]
    others = [".net_g_5.pth", "net_g_5.pth", ".notes", ".net_g_5.pth.0a1b2c3d4", ".a.png.0a1b2c3d", "5.state"]
    for name in (*ours, *others):
        (tmp_path / name).write_text("")
    assert [path.name for path in temporaries(tmp_path)] == sorted(ours)
    assert temporaries(tmp_path / "gone") == []


def test_parts_of_killed_writers_are_temporaries_too(tmp_path: Path) -> None:
    with part_of(tmp_path / "5.state") as part:
        part.write_bytes(b"half")
        assert temporaries(tmp_path) == [part]


def test_damage_of_every_kind_is_a_line(tmp_path: Path) -> None:
    """Found by benchmarks/faults.py: struct.error, AssertionError, IndexError and TypeError of PyTorch's unpickler."""
    torch.save({"params": {"a": torch.ones(3)}}, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    whole = (tmp_path / "w.pth").read_bytes()
    for place in range(len(whole)):
        for damaged in (whole[:place], whole[:place] + whole[place + 1 :], whole[:place] + b"s" + whole[place + 1 :]):
            (tmp_path / "w.pth").write_bytes(damaged)
            with contextlib.suppress(WeightsError):
                read_file(tmp_path / "w.pth", "weights file")


def test_a_file_without_permission_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "w.pth").write_bytes(b"")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(torch, "load", refuse)
    with pytest.raises(WeightsError, match=r"w.pth: cannot be read \(Permission denied\); check its rights"):
        read_file(tmp_path / "w.pth", "weights file")
