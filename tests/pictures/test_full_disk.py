"""A disk that takes a part of a file only: a line, the old file stays, and what was learned is not remembered."""

import os
import resource
import sys

import numpy as np
import pytest

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.picture import Picture, reason
from mzsr_basicsr.pictures.writing import FORMATS, encode, write_picture


@pytest.mark.skipif(sys.platform == "win32", reason="limits of the system")
@pytest.mark.parametrize("ending", list(FORMATS))
def test_the_end_that_finds_no_room_is_missed(tmp_path, ending):
    """Pillow writes past Python, and took a short last write for a whole one."""
    picture = Picture(np.random.default_rng(0).integers(0, 256, (60, 70, 3), dtype=np.uint8))
    target, size = tmp_path / f"a.{ending}", len(encode(picture, ending))
    target.write_bytes(b"old")
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size - 10, size - 10))
        try:
            write_picture(picture, target)
        except ImageError as error:
            os._exit(0 if str(error).startswith(f"{target}: cannot be written") else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_nothing_appears_where_what_belongs_to_it_fails(tmp_path):
    seen = []

    def then():
        seen.extend(path.name for path in tmp_path.iterdir())
        raise ImageError("the memory cannot be written")

    with pytest.raises(ImageError, match="^the memory cannot be written$"):
        write_picture(Picture(np.zeros((3, 4, 3), np.uint8)), tmp_path / "a.png", then)
    assert len(seen) == 1 and seen[0].endswith(".part") and list(tmp_path.iterdir()) == []


def test_the_reason_is_no_traceback():
    text = 'With tag (7FE0,0010) got exception: no room\nTraceback (most recent call last):\n  File "a.py"'
    assert reason(ValueError(text)) == "With tag (7FE0,0010) got exception: no room"
