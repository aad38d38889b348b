"""What the system refuses, anywhere in a command, is one line; what is a fault of ours is not hidden."""

import errno

import pytest

from mzsr_basicsr.cli import commands, main
from mzsr_basicsr.errors import ImageError


def ended(monkeypatch, error):
    def work():
        raise error

    monkeypatch.setattr(commands, "chosen", lambda: work)
    with pytest.raises(SystemExit) as stop:
        main.main()
    return stop.value.code


def test_a_full_disk_is_a_line(monkeypatch):
    full = OSError(errno.ENOSPC, "No space left on device", "results.json")
    line = "error: results.json: No space left on device; check its rights, and the disk's free space"
    assert ended(monkeypatch, full) == line


def test_an_error_that_is_no_refusal_of_the_system_is_raised(monkeypatch):
    with pytest.raises(OSError, match="odd"):
        ended(monkeypatch, OSError("odd"))


def test_every_message_is_one_printable_line():
    error = ImageError("a\nb\tc\x07\udce9.png: damaged")
    assert str(error) == "a\\nb\\tc\\x07\\udce9.png: damaged" and str(error).isprintable()
    assert str(ImageError("kernel λ, px²")) == "kernel λ, px²"
