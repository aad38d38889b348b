"""Clips: frames, times, sound, colours and labels survive upscaling, and each shot is adapted to once."""

import weakref
from fractions import Fraction

import av
import numpy as np
import pytest
from helpers.clips import Upscaler, audio_packets, decode, double, make_clip, psnr, scene, two_shots

from mzsr_basicsr.clips.video import upscale_video

VARIABLE = [0, 7, 19, 20, 41, 60, 77, 78, 90, 123, 140, 141]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_frames_times_sound_and_shots(tmp_path, suffix):
    frames = two_shots()
    source = make_clip(tmp_path / "in.mp4", frames, audio="aac")
    upscaler, progress = Upscaler(), []
    target = tmp_path / f"out{suffix}"
    report = upscale_video(source, target, upscaler, lambda *pair: progress.append(pair), part_frames=10)
    assert (report.frames, report.shots, report.resumed, report.audio) == (24, 2, 0, "copied")
    assert len(upscaler.firsts) == 2
    assert np.array_equal(upscaler.firsts[1], upscaler.frames[12])
    assert progress == [(k, 24) for k in range(1, 25)]
    results, times = decode(target)
    assert len(results) == 24
    assert min(psnr(result, double(frame)) for result, frame in zip(results, frames)) > 35
    shift = Fraction(1, 1000) if suffix == ".mkv" else 0
    sound, copy = audio_packets(source), audio_packets(target)
    assert [data for data, _ in sound] == [data for data, _ in copy]
    # Matroska holds no time before 0, so all of its streams start later by the same time.
    offset = copy[0][1] - sound[0][1]
    assert all(abs(a + offset - b) <= shift for (_, a), (_, b) in zip(sound, copy))
    assert all(abs(Fraction(k, 24) + offset - time) <= shift for k, time in enumerate(times))
    with av.open(str(target)) as container:
        assert container.streams.video[0].average_rate == 24
        assert container.streams.audio[0].language == "ger"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.mp4", target.name])


def test_variable_times_are_kept_to_the_tick(tmp_path):
    pts = [1003 + tick for tick in VARIABLE]
    source = make_clip(tmp_path / "in.mp4", two_shots(12), pts=pts, time_base=Fraction(1, 12345))
    upscale_video(source, tmp_path / "out.mp4", Upscaler(), part_frames=5)
    with av.open(str(tmp_path / "out.mp4")) as container:
        packets = [p for p in container.demux(video=0) if p.pts is not None]
    assert [p.pts * p.time_base for p in packets] == [Fraction(tick, 12345) for tick in pts]
    assert [p.duration for p in packets[:-1]] == [b - a for a, b in zip(pts, pts[1:])]


@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (2, 1, 1, 1), (1, 9, 14, 9), (1, 6, 6, 6), (2, 5, 6, 5)])
def test_colours_keep_their_numbers_and_their_meaning(tmp_path, tags):
    planes = (120, 90, 170)
    path = flat_clip(tmp_path / "in.mkv", planes, tags)
    upscaler = Upscaler()
    upscale_video(path, tmp_path / "out.mp4", upscaler)
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
    assert (frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace) == tags
    got = frame.to_ndarray()[[0, 64, 80], 0].astype(int)
    assert np.abs(got - planes).max() <= 2
    assert np.abs(upscaler.frames[0][5, 5] - rgb_of(planes, tags)).max() <= 2


def flat_clip(path, planes, tags, width=32):
    """Write one frame of 32 rows whose Y, Cb and Cr codes are `planes`."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24, width=width, height=32, options={"crf": "1"})
        context = stream.codec_context
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = tags
        flat = np.repeat(np.uint8(planes), (32 * width, 8 * width, 8 * width)).reshape(48, width)
        out.mux(stream.encode(av.VideoFrame.from_ndarray(flat, "yuv420p")) + stream.encode(None))
    return path


def rgb_of(planes, tags):
    """The standards' own formula: RGB in [0, 255] of Y, Cb, Cr codes."""
    red, blue = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}[tags[3]]
    y, cb, cr = np.subtract(planes, (0 if tags[0] == 2 else 16, 128, 128)) / (255 if tags[0] == 2 else (219, 224, 224))
    r, b = y + 2 * (1 - red) * cr, y + 2 * (1 - blue) * cb
    return 255 * np.array([r, (y - red * r - blue * b) / (1 - red - blue), b])


@pytest.mark.parametrize(("width", "matrix"), [(64, 6), (1280, 1)])
def test_an_unsaid_colour_matrix_is_the_one_the_source_would_be_shown_with(tmp_path, width, matrix):
    planes = (120, 90, 170)
    source = flat_clip(tmp_path / "in.mkv", planes, (0, 2, 2, 2), width)
    upscaler = Upscaler()
    upscale_video(source, tmp_path / "out.mp4", upscaler)
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
    assert (frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace) == (1, 2, 2, matrix)
    assert np.abs(upscaler.frames[0][5, 5] - rgb_of(planes, (1, 2, 2, matrix))).max() <= 2


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_turn_aspect_and_labels_are_kept(tmp_path, suffix):
    source = make_clip(tmp_path / "in.mp4", two_shots(4), turn=-90, aspect=Fraction(4, 3))
    with av.open(str(source)) as original, av.open(str(tmp_path / "titled.mkv"), "w") as out:
        stream = out.add_stream_from_template(original.streams.video[0])
        out.metadata["title"] = "A day out"
        stream.set_display_rotation(-90)
        out.set_chapters(
            [{"id": 1, "start": 0, "end": 100, "time_base": Fraction(1, 1000), "metadata": {"title": "a"}}]
        )
        for packet in original.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    upscale_video(tmp_path / "titled.mkv", tmp_path / f"out{suffix}", Upscaler())
    with av.open(str(tmp_path / f"out{suffix}")) as container:
        assert container.metadata["title"] == "A day out"
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["a"]
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
        assert next(container.decode(video=0)).rotation == -90


def test_an_odd_size_gets_one_more_row_and_column(tmp_path):
    source = make_clip(tmp_path / "in.mp4", two_shots(2))
    upscale_video(source, tmp_path / "out.mp4", lambda first: lambda frame: double(frame)[:95, :127])
    frame = decode(tmp_path / "out.mp4")[0][0]
    assert frame.shape == (96, 128, 3)
    assert psnr(frame[:95, :127], double(scene(0))[:95, :127]) > 35
    assert np.abs(frame[95].astype(int) - frame[94]).max() <= 6


def test_sound_that_does_not_fit_is_left_out_and_said(tmp_path):
    source = make_clip(tmp_path / "in.webm", two_shots(3), audio="libopus", video="libvpx")
    report = upscale_video(source, tmp_path / "out.mov", Upscaler())
    assert report.audio == "left out: stream 1 (opus) does not fit mov"
    assert upscale_video(source, tmp_path / "out.mkv", Upscaler()).audio == "copied"
    assert audio_packets(source)[0][0] == audio_packets(tmp_path / "out.mkv")[0][0]
    assert len(decode(tmp_path / "out.mov")[0]) == 3


def test_subtitles_are_copied(tmp_path):
    plain = make_clip(tmp_path / "plain.mkv", two_shots(3))
    lines = tmp_path / "lines.srt"
    lines.write_text("1\n00:00:00,000 --> 00:00:00,100\nHello\n\n")
    source = tmp_path / "in.mkv"
    with av.open(str(plain)) as video, av.open(str(lines)) as text, av.open(str(source), "w") as out:
        streams = [out.add_stream_from_template(part.streams[0]) for part in (video, text)]
        for part, stream in zip((video, text), streams):
            for packet in part.demux():
                if packet.pts is not None:
                    packet.stream = stream
                    out.mux(packet)
    report = upscale_video(source, tmp_path / "out.mkv", Upscaler())
    assert (report.audio, report.subtitles) == ("none", "copied")
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert [bytes(p) for p in container.demux(subtitles=0) if p.dts is not None] == [b"Hello"]


@pytest.mark.parametrize(("frames", "part_frames"), [(1, 32), (3, 1), (4, 2)])
def test_any_number_of_frames_and_parts_joins(tmp_path, frames, part_frames):
    source = make_clip(tmp_path / "in.mkv", two_shots(8)[:frames])
    assert upscale_video(source, tmp_path / "out.mp4", Upscaler(), part_frames=part_frames).frames == frames
    assert decode(tmp_path / "out.mp4")[1] == decode(source)[1]


def test_few_frames_are_in_memory_at_a_time(tmp_path):
    source = make_clip(tmp_path / "in.mp4", two_shots(40))
    alive, most = weakref.WeakSet(), []

    class Tracked(np.ndarray):
        __hash__ = object.__hash__
        __eq__ = object.__eq__

    def upscale(frame):
        tracked = double(frame).view(Tracked)
        alive.add(tracked)
        most.append(len(alive))
        return tracked

    upscale_video(source, tmp_path / "out.mp4", lambda first: upscale)
    assert len(most) == 40
    assert max(most) <= 3
