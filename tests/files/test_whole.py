"""Files that appear whole or not at all, and what killed writers leave of them."""

import os
import signal
import sys
from pathlib import Path

import pytest

from mzsr_basicsr.files.whole import is_part, part_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks")


def killed_while_writing(target: Path) -> Path:
    """Kill a process in the middle, and give what it left."""
    child = os.fork()
    if not child:
        with part_of(target) as part:
            part.write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (left,) = (path for path in target.parent.iterdir() if is_part(path))
    return left


def test_the_next_writer_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"old")
    left = killed_while_writing(target)
    assert target.read_bytes() == b"old" and left.read_bytes() == b"half"
    with part_of(tmp_path / "b.png") as part:  # another file's is none of its business
        part.write_bytes(b"other")
    assert left.exists()
    with part_of(target) as part:
        assert part.read_bytes() == b"" and not left.exists()
        part.write_bytes(b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.png": b"new", "b.png": b"other"}


def test_the_part_of_a_living_writer_stays(tmp_path: Path) -> None:
    with part_of(tmp_path / "a") as first:
        first.write_bytes(b"first")
        with part_of(tmp_path / "a") as second:
            second.write_bytes(b"second")
            assert first.exists() and first != second
        assert (tmp_path / "a").read_bytes() == b"second"
    assert (tmp_path / "a").read_bytes() == b"first" and len(list(tmp_path.iterdir())) == 1


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def fail() -> None:
        with part_of(tmp_path / "a") as part:
            part.write_bytes(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_the_longest_name_has_a_part(tmp_path: Path) -> None:
    with part_of(tmp_path / ("é" * 126 + ".b")) as part:
        assert is_part(part) and not is_part(Path(".a.part"))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), part_of(tmp_path / "none/a"):
        pytest.fail("there is nothing to write to")
