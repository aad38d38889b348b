"""Shots: cuts are found, while fades, motion and noise are not taken for them."""

import numpy as np
from helpers.clips import Upscaler, double, scene, two_shots

from mzsr_basicsr.clips.clip import TimedFrame
from mzsr_basicsr.clips.shots import ShotUpscaler


def count_shots(frames):
    shots = ShotUpscaler(Upscaler(), lambda place: [])
    for frame in frames:
        shots.see(frame)
    return shots.shots


def test_shots_are_told_apart_at_cuts_only():
    one, two = scene(0), scene(1)
    fade = [(one * (1 - k / 8) + two * (k / 8)).astype(np.uint8) for k in range(9)]
    to_black = [(two * (1 - k / 10)).astype(np.uint8) for k in range(11)]
    noise = np.random.default_rng(0).normal(0, 12, (6, *one.shape))
    assert count_shots([one] * 5 + [two] * 5 + [one] * 2) == 3
    assert count_shots(fade) == 1
    assert count_shots(to_black) == 1
    assert count_shots([scene(1, 6 * k) for k in range(12)]) == 1
    assert count_shots(np.clip(one + noise, 0, 255).astype(np.uint8)) == 1


def test_a_shot_is_adapted_to_once_by_its_own_frames_and_only_when_needed():
    frames, upscaler, asked = two_shots(8), Upscaler(), []

    def shot_from(place):
        asked.append(place)
        return [TimedFrame(frame, 0, 1) for frame in frames[place:]]

    shots = ShotUpscaler(upscaler, shot_from)
    for index, frame in enumerate(frames):
        shots.see(frame)
        if index >= 6:
            assert np.array_equal(shots.upscale(frame), double(frame))
    assert asked == [4] and len(upscaler.shots) == 1
    assert np.array_equal(upscaler.firsts[0], frames[4])
