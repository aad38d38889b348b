"""One worker, and a line before it: places are told, a stop is a stop, and the next one is served."""

import asyncio
import time

import numpy as np
import pytest
from helpers.clips import make_clip, two_shots
from helpers.commands import photograph

from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.web.desk import Desk, Ticket
from mzsr_basicsr.web.messages import Done, Refused, Stopped, Task, Waiting, Working

LONG = UpscaleSettings(updates=10000, device="cpu")
SHORT = UpscaleSettings(updates=2, device="cpu")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """One for all tests: a worker takes seconds to begin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        made = Desk(1, tmp_path_factory.mktemp("work"))
        yield made
        made.close()


def task(folder, name, settings, **more):
    photograph(folder / f"{name}.png")
    (folder / name).mkdir()
    return Task(folder / f"{name}.png", folder / name, settings, **more)


async def told(desk, given, ticket=None, seen=None):
    seen = [] if seen is None else seen
    async for event in desk.serve(given, ticket or Ticket()):
        seen.append(event)
    return seen


async def until(found):
    end = time.monotonic() + 60
    while not found():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def test_a_line_of_three_at_a_desk_with_one_place(desk, tmp_path, mzsr):
    async def scene():
        ticket, first, second = Ticket(), [], []
        long = asyncio.create_task(told(desk, task(tmp_path, "long", LONG), ticket, first))
        await until(lambda: any(isinstance(event, Working) and event.done > 3 for event in first))
        short = asyncio.create_task(told(desk, task(tmp_path, "short", SHORT), seen=second))
        await until(lambda: second)
        third = await told(desk, task(tmp_path, "third", SHORT))
        process = desk._worker[0]
        ticket.stopped, since = True, time.monotonic()
        await long
        return first, await short, third, process, time.monotonic() - since

    first, second, third, process, seconds = asyncio.run(scene())
    assert isinstance(first[-1], Stopped) and not process.is_alive() and seconds < 60
    assert {event.total for event in first if isinstance(event, Working) and event.done} == {10000}
    assert third == [Refused("2 are waiting already, and no more may; try again later")]
    assert second[0] == Waiting(1)
    done = second[-1]
    assert isinstance(done, Done) and done.result.name == "short_x2.png"
    updates = [event.done for event in second if isinstance(event, Working) and event.unit == "updates"]
    assert updates == [0, 1]  # how many are made before each
    status, *_ = mzsr("upscale", tmp_path / "short.png", "-o", tmp_path / "o.png", "--updates", 2, "--device", "cpu")
    assert status == 0 and (tmp_path / "o.png").read_bytes() == done.result.read_bytes()


def test_a_clip_is_what_the_command_makes_of_it(desk, tmp_path, mzsr):
    make_clip(tmp_path / "clip.mp4", two_shots(4))
    (tmp_path / "made").mkdir()
    given = Task(tmp_path / "clip.mp4", tmp_path / "made", UpscaleSettings(updates=1, device="cpu"))
    *events, done = asyncio.run(told(desk, given))
    assert Working("Upscaling", 4, 4, "frames") in events and done.result.name == "clip_x2.mp4"
    assert mzsr("upscale", given.source, "-o", tmp_path / "own.mp4", "--updates", 1, "--device", "cpu")[0] == 0
    assert (tmp_path / "own.mp4").read_bytes() == done.result.read_bytes()


def test_bad_files_and_a_killed_worker_end_in_a_line_and_the_next_is_served(desk, tmp_path):
    bad = task(tmp_path, "bad", SHORT)
    bad.source.write_bytes(b"<svg>")
    path = task(tmp_path, "path", UpscaleSettings(updates=0, device="cpu"), path=[(0, 0), (3, 0)])

    async def scene():
        refused = await told(desk, bad)
        seen = []
        killed = asyncio.create_task(told(desk, task(tmp_path, "killed", LONG), seen=seen))
        await until(lambda: any(isinstance(event, Working) and event.done > 1 for event in seen))
        desk._worker[0].kill()
        return refused[-1], (await killed)[-1], (await told(desk, path))[-1]

    refused, killed, done = asyncio.run(scene())
    assert refused.line.startswith("bad.png: no picture of a known kind; allowed: ")
    assert killed == Refused("the work was killed, maybe for lack of memory; try a smaller picture or a smaller scale")
    kernel = np.load(done.kernel_file)
    assert kernel.shape == (7, 7) and np.count_nonzero(kernel[3]) == np.count_nonzero(kernel) and done.plot == ""
