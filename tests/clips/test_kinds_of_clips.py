"""Clips as cameras write them: containers, interlaced frames, transparency, what is cut off, what a container takes."""

from fractions import Fraction

import av
import numpy as np
import pytest
from helpers.clips import Upscaler, audio_packets, decode, make_clip, make_gif, psnr, scene, two_shots

from mzsr_basicsr.clips import deinterlace
from mzsr_basicsr.clips.kinds import CLIP_SUFFIXES, SOURCE_SUFFIXES, VIDEO_SUFFIXES
from mzsr_basicsr.clips.video import upscale_video
from mzsr_basicsr.errors import ImageError

CODECS = {"avi": "mpeg4", "ts": "libx264", "m2ts": "libx264", "flv": "flv", "wmv": "wmv2", "mpg": "mpeg2video"}
CODECS |= {"3gp": "mpeg4", "m4v": "libx264", "mov": "mjpeg"}


@pytest.mark.parametrize("kind", CODECS)
def test_containers_are_read_with_their_times(tmp_path, kind):
    form = "yuvj420p" if kind == "mov" else "yuv420p"
    source = make_clip(
        tmp_path / f"in.{kind}", two_shots(8), video=CODECS[kind], rate=25, time_base=Fraction(1, 25), pix_fmt=form
    )
    upscaler = Upscaler()
    report = upscale_video(source, tmp_path / "out.mkv", upscaler)
    assert (report.frames, report.shots, report.notes) == (8, 2, ())
    assert psnr(upscaler.frames[0], scene(0)) > 35
    times, before = decode(tmp_path / "out.mkv")[1], decode(source)[1]
    assert all(abs((b - before[0]) - (a - times[0])) <= Fraction(1, 1000) for a, b in zip(times, before))


def test_every_ending_is_read_or_named():
    assert set(VIDEO_SUFFIXES) < set(SOURCE_SUFFIXES) < set(CLIP_SUFFIXES)
    assert {f".{kind}" for kind in CODECS} <= set(SOURCE_SUFFIXES)


def test_a_playlist_in_disguise_opens_no_other_file(tmp_path):
    make_clip(tmp_path / "secret.mp4", two_shots(2))
    (tmp_path / "list.avi").write_text("ffconcat version 1.0\nfile 'secret.mp4'\n")
    (tmp_path / "list.ts").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.mp4\n#EXT-X-ENDLIST\n")
    for name in ("list.avi", "list.ts"):
        with pytest.raises(ImageError, match="cannot read this video"):
            upscale_video(tmp_path / name, tmp_path / "out.mkv", Upscaler())


def woven(count):
    """A bar that moves by 3 px a half picture: even lines of one time, odd lines of the next, with what is between."""
    halves = [np.full((48, 64, 3), 60, np.uint8) for _ in range(2 * count)]
    for k, half in enumerate(halves):
        half[8:40, 4 + 3 * k : 14 + 3 * k] = 220
    frames = [half.copy() for half in halves[::2]]
    for frame, later in zip(frames, halves[1::2]):
        frame[1::2] = later[1::2]
    return frames, (halves[::2], halves[1::2])


def comb(frame):
    return np.abs(2 * frame[1:-1:2].astype(int) - frame[:-2:2] - frame[2::2]).mean()


def interlaced(path, codec):
    options = {"crf": "4", "x264-params": "tff=1"} if codec == "libx264" else {"flags": "+ildct+ilme"}
    frames, _ = woven(8)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25, width=64, height=48, options=options)
        stream.codec_context.bit_rate = 2000000
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("name", "codec"), [("in.mp4", "libx264"), ("in.mpg", "mpeg2video"), ("in.ts", "libx264")])
def test_interlaced_frames_are_made_whole(tmp_path, name, codec):
    source, upscaler = interlaced(tmp_path / name, codec), Upscaler()
    report = upscale_video(source, tmp_path / "out.mp4", upscaler, part_frames=3)
    assert report.frames == 8 and report.notes[0].startswith("interlaced frames are made whole (bwdif)")
    combed, halves = woven(8)
    assert comb(upscaler.frames[3]) < comb(combed[3]) / 5
    # The lines of one half picture stay as they are; which one comes first is the encoder's choice.
    kept = [np.abs(upscaler.frames[3][k::2].astype(int) - halves[k][3][k::2]).mean() for k in (0, 1)]
    assert min(kept) < 4 < max(kept)
    assert decode(tmp_path / "out.mp4")[1] == decode(source)[1]
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert not any(frame.interlaced_frame for frame in container.decode(video=0))


def test_without_the_filter_an_interlaced_clip_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(deinterlace, "FILTER", "no such filter")
    source = interlaced(tmp_path / "in.mp4", "libx264")
    with pytest.raises(ImageError, match="is interlaced, and this codec library has no filter") as caught:
        upscale_video(source, tmp_path / "out.mp4", Upscaler())
    assert "\n" not in str(caught.value) and not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(
    ("name", "codec", "form", "options"),
    [
        ("vp9.webm", "libvpx-vp9", "yuva420p", {"crf": "10", "b": "0", "auto-alt-ref": "0"}),
        ("vp8.webm", "libvpx", "yuva420p", {"auto-alt-ref": "0"}),
        ("prores.mov", "prores_ks", "yuva444p10le", {"profile": "4444"}),
        ("animation.mov", "qtrle", "argb", {}),
        ("png.mov", "png", "rgba", {}),
    ],
)
def test_colour_that_is_transparent_does_not_become_visible(tmp_path, name, codec, form, options):
    pixels = np.full((48, 64, 4), 200, np.uint8)
    pixels[..., 3] = np.where(np.arange(48) < 24, 0, 255)[:, None]
    with av.open(str(tmp_path / name), "w") as out:
        stream = out.add_stream(codec, rate=25, width=64, height=48, options=options)
        stream.codec_context.pix_fmt = form
        if name.endswith(".webm"):
            stream.metadata["alpha_mode"] = "1"
        for index in range(3):
            frame = av.VideoFrame.from_ndarray(pixels, "rgba").reformat(format=form)
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    upscaler = Upscaler()
    report = upscale_video(tmp_path / name, tmp_path / "out.mp4", upscaler)
    assert report.notes[0] == "transparent parts are black now; clips are written without transparency"
    frame = upscaler.frames[1].astype(float) / np.iinfo(upscaler.frames[1].dtype).max
    assert frame[:20].max() < 0.02 and np.abs(frame[28:] - 200 / 255).max() < 0.04


def test_a_gif_with_holes_says_so_as_a_video_and_not_as_a_gif(tmp_path):
    frames = [np.dstack([scene(0, k), np.full((48, 64), 255 * (k % 2), np.uint8)]) for k in range(4)]
    make_gif(tmp_path / "in.gif", [frame[..., :3] for frame in frames], 50, transparency=0)
    assert upscale_video(tmp_path / "in.gif", tmp_path / "out.gif", Upscaler()).notes == ()
    notes = upscale_video(tmp_path / "in.gif", tmp_path / "out.mp4", Upscaler()).notes
    assert notes == ("transparent parts are white now; clips are written without transparency",)


def index_in_front(path):
    plain = make_clip(path.with_name("plain.mp4"), two_shots(24))
    return copied(plain, path, lambda kind: 0, container_options={"movflags": "faststart"})


@pytest.mark.parametrize("share", [0.5, 0.7, 0.99])
def test_an_mp4_with_its_index_in_front_that_breaks_off_is_refused(tmp_path, share):
    source = index_in_front(tmp_path / "in.mp4")
    assert upscale_video(source, tmp_path / "whole.mp4", Upscaler()).frames == 24
    size = source.stat().st_size
    source.write_bytes(source.read_bytes()[: int(share * size)])
    message = f"breaks off after {int(share * size)} bytes of {size}; fetch or copy the file again"
    with pytest.raises(ImageError, match=message):
        upscale_video(source, tmp_path / "out.mp4", Upscaler())


def test_what_stands_behind_an_mp4_does_not_break_it(tmp_path):
    source = index_in_front(tmp_path / "in.mp4")
    source.write_bytes(source.read_bytes() + b"\xff" * 100)
    assert upscale_video(source, tmp_path / "out.mp4", Upscaler()).frames == 24


def test_other_clips_that_break_off_are_refused_or_named(tmp_path):
    wmv = make_clip(tmp_path / "in.wmv", two_shots(12), video="wmv2")
    wmv.write_bytes(wmv.read_bytes()[:-1000])
    with pytest.raises(ImageError, match="breaks off after"):
        upscale_video(wmv, tmp_path / "out.mp4", Upscaler())
    stream = make_clip(tmp_path / "in.ts", two_shots(12))
    stream.write_bytes(stream.read_bytes()[:-100])
    notes = upscale_video(stream, tmp_path / "out.mp4", Upscaler()).notes
    assert notes == ("breaks off in the middle of a packet; what is there was done",)


def dressed(path, code="01:02:03:04"):
    """A clip with a font, a time code, chapters, and subtitles where the container takes them."""
    with av.open(str(make_clip(path.with_name("plain.mp4"), two_shots(4)))) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        stream.metadata["timecode"] = code
        out.add_attachment("a.ttf", "application/x-truetype-font", b"a font" * 9)
        out.set_chapters(
            [{"id": 1, "start": 0, "end": 100, "time_base": Fraction(1, 1000), "metadata": {"title": "a"}}]
        )
        for packet in source.demux(video=0):
            if packet.pts is not None:
                packet.stream = stream
                out.mux(packet)
    return path


def test_fonts_time_code_and_chapters_are_kept_or_named(tmp_path):
    source = dressed(tmp_path / "in.mkv")
    notes = {}
    for suffix in (".mkv", ".mp4", ".mov", ".webm", ".gif"):
        notes[suffix] = upscale_video(source, tmp_path / f"out{suffix}", Upscaler()).notes
    assert notes == {
        ".mkv": (),
        ".mp4": ("left out, as .mp4 does not take it: attached a.ttf",),
        ".mov": ("left out, as .mov does not take it: attached a.ttf",),
        ".webm": ("left out, as .webm does not take it: attached a.ttf, time code 01:02:03:04",),
        ".gif": ("left out, as .gif does not take it: attached files, chapters",),
    }
    with av.open(str(tmp_path / "out.mkv")) as container:
        (font,) = [stream for stream in container.streams if stream.type == "attachment"]
        assert (font.name, font.data) == ("a.ttf", b"a font" * 9)
        assert container.streams.video[0].metadata["TIMECODE"] == "01:02:03:04"
    for suffix in (".mp4", ".mov"):
        with av.open(str(tmp_path / f"out{suffix}")) as container:
            assert container.streams.video[0].metadata["timecode"] == "01:02:03:04"
            assert len(container.chapters()) == 1


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_a_cover_is_kept_or_named(tmp_path, suffix):
    source = tmp_path / "in.mp4"
    with av.open(str(make_clip(tmp_path / "plain.mp4", two_shots(4)))) as plain, av.open(str(source), "w") as out:
        stream = out.add_stream_from_template(plain.streams.video[0])
        cover = out.add_stream("mjpeg", rate=1, width=16, height=16)
        cover.codec_context.pix_fmt, cover.disposition = "yuvj420p", av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.full((16, 16, 3), 99, np.uint8), "rgb24").reformat(format="yuvj420p")
        picture.pts = 0
        packets = [*cover.encode(picture), *cover.encode(None)]
        wanted = bytes(packets[0])
        out.mux(packets)
        for packet in plain.demux(video=0):
            if packet.pts is not None:
                packet.stream = stream
                out.mux(packet)
    report = upscale_video(source, tmp_path / f"out{suffix}", Upscaler())
    with av.open(str(tmp_path / f"out{suffix}")) as container:
        covers = [s for s in container.streams.video if s.disposition & av.stream.Disposition.attached_pic]
        assert [bytes(p) for s in covers for p in container.demux(s) if p.size] == (
            [wanted] if suffix != ".mov" else []
        )
    assert report.notes == (() if covers else ("left out, as .mov does not take it: attached cover.jpg",))


def copied(source, target, shift, **options):
    """Copy a clip with its streams' times moved by `shift(type)` seconds; times before 0 make an edit list."""
    with av.open(str(source)) as before, av.open(str(target), "w", **options) as out:
        streams = {s.index: out.add_stream_from_template(s) for s in before.streams if s.type in ("video", "audio")}
        for packet in before.demux():
            if packet.pts is not None:
                ticks = round(shift(packet.stream.type) / packet.time_base)
                packet.pts += ticks
                packet.dts = None if packet.dts is None else packet.dts + ticks
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    return target


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_an_edit_list_cuts_picture_and_sound(tmp_path, suffix):
    plain = make_clip(tmp_path / "plain.mp4", two_shots(24), audio="aac")
    source = copied(plain, tmp_path / "in.mp4", lambda kind: -Fraction(1, 2))
    target = tmp_path / f"out{suffix}"
    assert upscale_video(source, target, Upscaler()).frames == 12
    sound, (_, times) = audio_packets(target), decode(target)
    first, last = sound[0][1] - times[0], sound[-1][1] - times[0]
    assert -Fraction(7, 100) < first < 0 and 0.45 < last < 0.52
    assert [data for data, _ in sound] == [data for data, _ in audio_packets(plain)][-len(sound) :]


@pytest.mark.parametrize("late", [Fraction(1, 4), -Fraction(0)])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_sound_that_begins_later_still_does(tmp_path, suffix, late):
    plain = make_clip(tmp_path / "plain.mp4", two_shots(24), audio="aac")
    source = copied(plain, tmp_path / "in.mp4", lambda kind: late if kind == "audio" else 0)
    upscale_video(source, tmp_path / f"out{suffix}", Upscaler())
    offsets = [audio_packets(path)[1][1] - decode(path)[1][0] for path in (source, tmp_path / f"out{suffix}")]
    assert abs(offsets[0] - late) < 0.03 and abs(offsets[1] - offsets[0]) <= 0.0011


def test_a_clip_that_tells_no_length_has_its_frames_counted(tmp_path):
    plain = make_clip(tmp_path / "in.mkv", two_shots(9))
    copied(plain, tmp_path / "live.mkv", lambda kind: 0, options={"live": "1"})
    progress = []
    upscale_video(tmp_path / "live.mkv", tmp_path / "out.mp4", Upscaler(), lambda *pair: progress.append(pair))
    assert progress[0] == (1, 9) and progress[-1] == (9, 9)
