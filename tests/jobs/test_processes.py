"""`mzsr upscale` as processes of their own: in a pipe, stopped by signals, and several side by side."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import QUICK, load, smooth, tree
from helpers.forks import Forks, children
from helpers.picture_files import pillow
from PIL import Image

from mzsr_basicsr.jobs.interrupt import wait_for_the_parent
from mzsr_basicsr.pictures.reading import read_picture

LINE = "error: interrupted; finished results are whole, the others were not written\n"
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs the processes of Linux")


@pytest.fixture(scope="module")
def forks():
    with Forks() as started:
        yield started


def test_a_pipe_gives_the_pixels_of_the_file_way(forks, mzsr, three_photos):
    Image.fromarray(smooth(4)).save("in/clear.webp", lossless=True, exact=True)
    jpeg = pillow(smooth(), "RGB", "JPEG", icc_profile=b"profile" * 9)
    Path("in/a.jpg").write_bytes(jpeg)
    assert mzsr.upscale("in", "-o", "out")[0] == 0
    for name, options in (("clear.webp", []), ("a.jpg", []), ("0.png", ["--format", "tif"])):
        running = forks.start(
            three_photos, "upscale", "-", "-o", "-", *QUICK, *options, stdin=three_photos / "in" / name
        )
        status, content, err = running.end()
        assert (status, err) == (0, "")
        piped, filed = read_picture(content), read_picture(three_photos / "out" / name)
        np.testing.assert_array_equal(piped.pixels, filed.pixels)
        assert (piped.alpha, piped.icc) == (filed.alpha, filed.icc)
        assert piped.format == ("TIFF" if options else filed.format)


def test_a_pipe_that_takes_no_more(forks, three_photos):
    running = forks.start(
        three_photos, "upscale", "-", "-o", "-", *QUICK, stdin=three_photos / "in/0.png", stdout="/dev/full"
    )
    status, _, err = running.end()
    assert (status, err.count("\n")) == (1, 1) and err.startswith("error: standard output: cannot be written (No space")


@pytest.mark.parametrize("number", STATUS)
def test_signals_between_files(forks, three_photos, number):
    many(40)
    running = forks.start(three_photos, "upscale", "in", "-o", "out", *QUICK)
    finished = wait_for_a_result()
    os.killpg(running.pid, number)
    status, out, err = running.end()
    assert (status, err) == (STATUS[number], LINE)
    assert_whole(len(finished), 20)
    assert len(out.splitlines()) in (len(tree("out")), len(tree("out")) - 1)


def many(count):
    for index in range(3, count):
        os.link("in/0.png", f"in/{index:02}.png")


def wait_until(ready, seconds=300):
    deadline = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found


def wait_for_a_result():
    return wait_until(lambda: list(Path().glob("out/[!.]*")))


def alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def assert_whole(fewest, most):
    assert fewest <= len(tree("out")) <= most
    for name in tree("out"):
        assert load(Path("out") / name).shape == (80, 72, 3)


def test_processes_side_by_side_give_the_same_and_do_not_hear_ctrl_c(forks, mzsr, three_photos):
    assert mzsr.upscale("in", "-o", "alone")[0] == 0
    Path("in/bad.png").write_bytes(b"no picture")
    running = forks.start(three_photos, "upscale", "in", "-o", "out", *QUICK, "--jobs", "2")
    # They ignore it from their first moment on: the main process ends them.
    while not list(Path().glob("out/*.png")) and not os.path.getsize("stderr"):
        for worker in children(running.pid):
            os.kill(worker, signal.SIGINT)
        time.sleep(0.1)
    status, out, err = running.end()
    first, last = err.splitlines()
    assert (status, last) == (1, "error: 1 of 4 files failed, see above")
    assert first.startswith("error: in/bad.png: no picture of a known kind")
    assert tree("out") == tree("alone") and len(out.splitlines()) == len(tree("alone")) == 3


def test_ctrl_c_ends_processes_side_by_side(forks, three_photos):
    many(40)
    quick = ("--kernel", "gaussian:1", "--updates", "30")
    running = forks.start(three_photos, "upscale", "in", "-o", "out", *quick, "--jobs", "2")
    finished = wait_for_a_result()
    workers = children(running.pid)
    os.killpg(running.pid, signal.SIGINT)
    status, _, err = running.end()
    assert (status, err) == (130, LINE)
    assert_whole(len(finished), 20)  # not the rest of the queue
    assert len(workers) >= 2
    wait_until(lambda: not any(map(alive, workers)))  # the one that tracks their resources ends a moment later


def test_a_process_ends_when_its_parent_is_gone():
    reading, writing = os.pipe()
    parent = os.fork()
    if not parent:
        own = os.getpid()
        if not os.fork():
            wait_for_the_parent(own)
            os.write(writing, f"{os.getpid()}\n".encode())
            time.sleep(100)
            os._exit(0)
        time.sleep(100)
        os._exit(0)
    worker = int(os.read(reading, 20))
    os.kill(worker, signal.SIGINT)  # is the parent's to handle
    time.sleep(1.5)
    assert alive(worker)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    wait_until(lambda: not alive(worker), 20)
    os.close(reading), os.close(writing)
