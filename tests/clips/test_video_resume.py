"""A clip whose upscaling was stopped or killed goes on where it stopped and ends with the same file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.clips import Upscaler, decode, folder_of, make_clip, make_gif, psnr, scene, two_shots
from helpers.places import PACKAGE

from mzsr_basicsr.clips.video import upscale_video
from mzsr_basicsr.clips.work_folder import WorkFolder
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.files.lock import taken_at_once
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.policy import FilePolicy, is_wanted


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_run_that_stopped_goes_on_with_the_same_result(tmp_path, error):
    source = make_clip(tmp_path / "in.mp4", two_shots(), audio="aac")
    whole, target = tmp_path / "whole.mp4", tmp_path / "out.mp4"
    upscale_video(source, whole, Upscaler(), part_frames=5)
    with pytest.raises(error, match="stopped"):
        upscale_video(source, target, Upscaler(stop_at=18, error=error), part_frames=5)
    assert not target.exists()
    assert [path.name for path in sorted(folder_of(target).iterdir())] == [
        "000000.part",
        "000001.part",
        "000002.part",
        "state.json",
    ]
    upscaler, progress = Upscaler(), []
    report = upscale_video(source, target, upscaler, lambda *pair: progress.append(pair), part_frames=5)
    assert (report.frames, report.shots, report.resumed) == (24, 2, 15)
    assert len(upscaler.frames) == 9
    assert progress[-1] == (24, 24)
    # The run goes on inside the second shot, whose first frame is frame 12.
    assert len(upscaler.firsts) == 1
    assert psnr(upscaler.firsts[0], scene(1, 12)) > 35
    assert target.read_bytes() == whole.read_bytes()
    assert not folder_of(target).exists()


def test_a_killed_process_goes_on_with_the_same_result(tmp_path):
    source = make_clip(tmp_path / "in.mp4", two_shots(12))
    whole, target = tmp_path / "whole.mp4", tmp_path / "out.mp4"
    upscale_video(source, whole, Upscaler(), part_frames=4)
    script = f"""
import os, signal, sys, types
from pathlib import Path
package = types.ModuleType("mzsr_basicsr")
package.__path__ = [{str(PACKAGE)!r}]
sys.modules["mzsr_basicsr"] = package
from mzsr_basicsr.clips.video import upscale_video
def upscale(frame, done=[]):
    done.append(1)
    if len(done) == 11:
        os.kill(os.getpid(), signal.SIGKILL)
    return frame.repeat(2, 0).repeat(2, 1)
upscale_video(Path({str(source)!r}), Path({str(target)!r}), lambda first: upscale, part_frames=4)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (-9, "")
    assert not target.exists()
    (folder_of(target) / "1.000002.part.tmp").write_bytes(b"half a part")
    upscaler = Upscaler()
    report = upscale_video(source, target, upscaler, part_frames=4)
    assert (report.resumed, len(upscaler.frames)) == (8, 4)
    assert target.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("change", ["source", "time", "fingerprint", "part_frames", "state", "no state"])
def test_other_work_is_not_gone_on_with(tmp_path, change):
    source, target = make_clip(tmp_path / "in.mp4", two_shots(12)), tmp_path / "out.mp4"
    with pytest.raises(RuntimeError):
        upscale_video(source, target, Upscaler(stop_at=9), fingerprint="a", part_frames=4)
    state = folder_of(target) / "state.json"
    assert state.is_file()
    if change == "source":
        make_clip(source, two_shots(11))
    elif change == "time":
        os.utime(source, (1, 1))
    elif change == "state":
        state.write_text("[" * 100000)
    elif change == "no state":
        state.unlink()
    settings = {
        "fingerprint": "b" if change == "fingerprint" else "a",
        "part_frames": 3 if change == "part_frames" else 4,
    }
    report = upscale_video(source, target, Upscaler(), **settings)
    assert report.resumed == 0
    assert report.frames == len(decode(target)[0]) == (11 if change == "source" else 12)


def test_a_finished_clip_is_only_joined(tmp_path, monkeypatch):
    source, target = make_clip(tmp_path / "in.mp4", two_shots(10)), tmp_path / "out.mp4"
    target.write_bytes(b"old")
    with monkeypatch.context() as patch:
        patch.setattr("mzsr_basicsr.clips.work_folder.os.replace", _full_for(target, os.replace))
        with pytest.raises(ImageError, match="No space left"):
            upscale_video(source, target, Upscaler(), part_frames=4)
    assert target.read_bytes() == b"old"
    upscaler = Upscaler()
    assert upscale_video(source, target, upscaler, part_frames=4).resumed == 10
    assert upscaler.firsts == []
    assert len(decode(target)[0]) == 10


def _full_for(target, replace):
    def full(source, goal):
        if goal == target:
            raise OSError(28, "No space left on device")
        replace(source, goal)

    return full


def test_a_lost_part_is_noticed(tmp_path):
    source, target = make_clip(tmp_path / "in.mp4", two_shots(10)), tmp_path / "out.mp4"
    with pytest.raises(RuntimeError):
        upscale_video(source, target, Upscaler(stop_at=9), part_frames=4)
    part = folder_of(target) / "000000.part"
    part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])
    with pytest.raises(ImageError, match="finished frames of 10; delete it and start again"):
        upscale_video(source, target, Upscaler(), part_frames=4)
    assert not target.exists()


def test_a_gif_that_stopped_goes_on_with_the_same_result(tmp_path):
    source = make_gif(tmp_path / "in.gif", two_shots(8), 50)
    whole, target = tmp_path / "whole.gif", tmp_path / "out.gif"
    upscale_video(source, whole, Upscaler(), part_frames=3)
    with pytest.raises(RuntimeError):
        upscale_video(source, target, Upscaler(stop_at=4), part_frames=3)
    assert upscale_video(source, target, Upscaler(), part_frames=3).resumed == 3
    assert target.read_bytes() == whole.read_bytes()


def test_two_runs_on_one_target_are_one_run_and_a_line(tmp_path):
    source, target = make_clip(tmp_path / "in.mp4", two_shots(4)), tmp_path / "out.mp4"
    second = []

    def upscale(frame):
        if not second:
            with pytest.raises(ImageError) as caught:
                upscale_video(source, target, Upscaler())
            second.append(str(caught.value))
        return frame.repeat(2, 0).repeat(2, 1)

    assert upscale_video(source, target, lambda shot: upscale).frames == 4
    assert second == [f"{target}: another run is at work on it; wait for that, or give another output"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]


def test_a_lock_of_a_run_that_was_killed_stops_nobody(tmp_path):
    source, target = make_clip(tmp_path / "in.mp4", two_shots(4)), tmp_path / "out.mp4"
    folder_of(target).mkdir()
    (folder_of(target) / "lock").touch()
    assert upscale_video(source, target, Upscaler()).frames == 4
    assert not folder_of(target).exists()


def test_parts_that_a_killed_run_was_about_to_remove_are_removed_by_the_next(tmp_path):
    """The result is whole, and is skipped: nothing else would look at the folder again."""
    target, folder = tmp_path / "a.mkv", tmp_path / ".a.mkv.parts"
    target.write_bytes(b"whole")
    job, skip = FileJob(tmp_path / "in.mp4", target), FilePolicy(skip_existing=True)
    with WorkFolder(target, {"of": "this run"}) as work, work.next_part() as part:
        part.write_bytes(b"finished")
    for other in (True, False):  # a run that can go on, and one that is at work, keep theirs
        assert not is_wanted(job, skip) and (folder / "000000.part").exists()
        if other:
            (folder / "state.json").unlink()
            lock = (folder / "lock").open("a")
            assert taken_at_once(lock)
    lock.close()
    assert not is_wanted(job, skip) and not folder.exists() and target.read_bytes() == b"whole"


def test_the_state_is_the_first_that_is_removed(tmp_path, monkeypatch):
    removed, unlink = [], Path.unlink
    with WorkFolder(tmp_path / "a.mkv", {}) as work:
        with work.next_part() as part:
            part.write_bytes(b"finished")
        monkeypatch.setattr(Path, "unlink", lambda path, **more: (removed.append(path.name), unlink(path, **more)))
        work.delete()
    assert removed[:2] == ["state.json", "000000.part"] and list(tmp_path.iterdir()) == []
