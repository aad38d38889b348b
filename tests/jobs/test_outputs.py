"""An output as it is written on a command line."""

from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from mzsr_basicsr.jobs.outputs import file_name


def test_a_file_may_lie_below_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A shell leaves `--page=~/a.html` as it is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert file_name("~/a.html") == tmp_path / "a.html"
    assert file_name("./~/a.html") == Path("~/a.html")


def test_a_folder_is_no_file() -> None:
    with pytest.raises(ArgumentTypeError, match="~/a/ is a folder's name"):
        file_name("~/a/")
