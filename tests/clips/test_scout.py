"""Frames that stand for a shot: spread over it, stored by themselves where there are such, and the same in a resumed run."""

import numpy as np
import pytest
from helpers.clips import Upscaler, make_clip, scene, two_shots

from mzsr_basicsr.clips import scout
from mzsr_basicsr.clips.clip import TimedFrame
from mzsr_basicsr.clips.scout import Scout
from mzsr_basicsr.clips.video import probe, read_frames, upscale_video


def timed(frames, intra=lambda k: True):
    return [TimedFrame(frame, k, 1, intra=intra(k)) for k, frame in enumerate(frames)]


def starts(shot):
    return [frame.start for frame in shot]


def test_frames_are_spread_and_few():
    frames = timed([scene(0, k) for k in range(40)])
    assert starts(Scout(iter(frames[:5])).shot_from(0)) == [0, 1, 2, 3, 4]
    assert starts(Scout(iter(frames[:9])).shot_from(0)) == [0, 2, 4, 6, 8]
    assert starts(Scout(iter(frames)).shot_from(0)) == [0, 8, 16, 24, 32]


def test_frames_stored_by_themselves_go_first():
    frames = timed([scene(0, k) for k in range(12)], intra=lambda k: k % 5 == 1)
    assert starts(Scout(iter(frames)).shot_from(0)) == [1, 6, 11]
    frames = timed([scene(0, k) for k in range(4)], intra=lambda k: False)
    assert starts(Scout(iter(frames)).shot_from(0)) == [0, 1, 2, 3]


def test_shots_are_kept_apart_whether_asked_for_all_or_some():
    frames = timed([*two_shots(8), *[scene(0, k) for k in range(3)]])
    whole = Scout(iter(frames))
    assert [starts(whole.shot_from(place)) for place in (0, 4, 8)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    assert starts(Scout(iter(frames)).shot_from(4)) == [4, 5, 6, 7]
    late = Scout(iter(frames))
    late.shot_from(0)
    assert starts(late.shot_from(8)) == [8, 9, 10]


def test_a_long_shot_is_looked_at_for_a_while_only(monkeypatch):
    monkeypatch.setattr(scout, "AHEAD", 6)
    looked = []

    def frames():
        for frame in timed([*[scene(0, k) for k in range(20)], *two_shots(2)]):
            looked.append(frame.start)
            yield frame

    found = Scout(frames())
    assert starts(found.shot_from(0)) == [0, 1, 2, 3, 4, 5] and looked == [0, 1, 2, 3, 4, 5]
    assert starts(found.shot_from(21)) == [21]


def test_large_frames_are_fewer(monkeypatch):
    monkeypatch.setattr(scout, "_PIXELS", 3 * 48 * 64)
    assert starts(Scout(iter(timed([scene(0, k) for k in range(4)]))).shot_from(0)) == [0, 2]


def test_the_clip_tells_which_frames_are_stored_by_themselves_and_in_how_many_bits(tmp_path):
    source = make_clip(tmp_path / "in.mkv", [scene(0, k) for k in range(20)])
    frames = list(read_frames(probe(source)))
    assert [frame.intra for frame in frames] == [True] + [False] * 19
    assert frames[0].packed > 3 * frames[1].packed > 0
    assert 8 * source.stat().st_size / (48 * 64) > sum(frame.packed for frame in frames) > 0


@pytest.mark.parametrize("stop_at", [3, 14])
def test_a_run_that_goes_on_learns_from_the_same_frames(tmp_path, stop_at):
    source = make_clip(tmp_path / "in.mov", two_shots(20), video="mjpeg", pix_fmt="yuvj420p")
    whole, first, second = Upscaler(), Upscaler(stop_at=stop_at), Upscaler()
    upscale_video(source, tmp_path / "whole.mp4", whole, part_frames=4)
    with pytest.raises(RuntimeError):
        upscale_video(source, tmp_path / "out.mp4", first, part_frames=4)
    upscale_video(source, tmp_path / "out.mp4", second, part_frames=4)
    assert len(whole.shots) == 2 and len(second.shots) == 1 + (stop_at < 10)
    for one, other in zip(whole.shots[::-1], second.shots[::-1]):
        assert starts(one) == starts(other) and len(one) > 2
        assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(one, other))
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
