"""Stopped runs and full disks: what is written is whole, and one line says what happened."""

import errno
import io
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.commands import load, restored_signals, tree

from mzsr_basicsr.jobs.interrupt import stop_worker_on_sigterm, stoppable
from mzsr_basicsr.jobs.streams import put_out
from mzsr_basicsr.pictures import writing

LINE = "error: interrupted; finished results are whole, the others were not written"
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}


def at_second(monkeypatch, stop):
    """Call `stop` when half of the second PNG file is written, in the way that its bytes are written."""
    count = []

    def write(picture, stream):
        count.append(stream)
        whole = io.BytesIO()
        known.write(picture, whole)
        half = whole.getvalue()[: len(whole.getvalue()) // (2 if len(count) == 2 else 1)]
        stream.write(half)
        stream.flush()
        if len(count) == 2:
            assert [path.stat().st_size for path in Path("out").glob(".*.part")] == [len(half)]
            stop()

    known = writing.FORMATS["png"]
    monkeypatch.setitem(writing.FORMATS, "png", replace(known, write=write))


@pytest.mark.parametrize("number", STATUS)
def test_signals_while_a_file_is_written(mzsr, three_photos, monkeypatch, number):
    at_second(monkeypatch, lambda: os.kill(os.getpid(), number))
    status, out, err = mzsr.upscale("in", "-o", "out")
    assert (status, err) == (STATUS[number], [LINE]) and len(out) == 1
    assert tree("out").keys() == {"0.png"} and load(three_photos / "out/0.png").shape == (80, 72, 3)


@pytest.mark.parametrize("number", STATUS)
def test_signals_before_a_file_takes_its_place(mzsr, monkeypatch, number):
    Path("out").mkdir()
    Path("out/0.png").write_bytes(b"old")
    monkeypatch.setattr(os, "replace", lambda *_: os.kill(os.getpid(), number))
    status, _, err = mzsr.upscale("in", "-o", "out", "--overwrite")
    assert (status, err, tree("out")) == (STATUS[number], [LINE], {"0.png": b"old"})


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_while_a_file_is_written(mzsr, monkeypatch):
    at_second(monkeypatch, full)
    status, out, err = mzsr.upscale("in", "-o", "out")
    line = "error: out/1.png: cannot be written (No space left on device); check the folder and its free space"
    assert (status, err) == (1, [line, "error: 1 of 3 files failed, see above"]) and len(out) == 2
    assert tree("out").keys() == {"0.png", "2.png"}


def test_a_full_disk_beside_a_comparison(mzsr, monkeypatch):
    at_second(monkeypatch, full)  # the comparison is the first file, the result the second
    status, out, err = mzsr.upscale("in/0.png", "-o", "out", "--compare")
    assert (status, out, len(err)) == (1, [], 1) and "out/0.png: cannot be written (No space left" in err[0]
    assert tree("out") == {}


@pytest.mark.parametrize("content", ["a line", b"bytes"])
def test_an_output_that_takes_no_more(monkeypatch, content):
    error = OSError(errno.ENOSPC, "No space left on device")

    class Closed(io.RawIOBase):
        def writable(self):
            return True

        def write(self, _):
            raise error

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(Closed())))
    with pytest.raises(ValueError, match=f"^standard output: cannot be written \\({error.strerror}\\)"):
        put_out(content)
    assert sys.stdout.closed  # so that Python does not try again when it ends


class Ended(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("at", ["work", "queue"])
def test_sigterm_raises_in_a_worker_process_only_at_its_work(monkeypatch, at):
    def end(status):
        seen.append(status)
        raise Ended

    def work():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except SystemExit:
            seen.append("cleaned up")
            raise

    seen = []
    monkeypatch.setattr(os, "_exit", end)
    with restored_signals():
        stop_worker_on_sigterm()
        assert stoppable(lambda: 7) == 7
        with pytest.raises(Ended):
            stoppable(work) if at == "work" else work()
    assert seen == (["cleaned up", 143] if at == "work" else [143])
