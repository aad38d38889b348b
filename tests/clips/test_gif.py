"""GIFs: frames, delays, loops and transparency survive upscaling, and GIFs become videos and back."""

import contextlib
from fractions import Fraction

import av
import numpy as np
import pytest
from helpers.clips import (
    HEIGHT,
    WIDTH,
    Upscaler,
    decode,
    double,
    gif_frames,
    make_clip,
    make_gif,
    psnr,
    scene,
    two_shots,
)
from PIL import Image

from mzsr_basicsr.clips.video import probe, upscale_video
from mzsr_basicsr.errors import ImageError


@pytest.mark.parametrize(("settings", "loop"), [({"loop": 3}, 3), ({"loop": 0}, 0), ({}, None)])
def test_a_gif_keeps_its_frames_delays_and_loops(tmp_path, settings, loop):
    durations = [40, 100, 250, 20, 70]
    source = make_gif(tmp_path / "in.gif", two_shots(5), durations, **settings)
    upscaler = Upscaler()
    report = upscale_video(source, tmp_path / "out.gif", upscaler, part_frames=2)
    assert (report.frames, report.shots, report.audio) == (5, 2, "none")
    before, after = list(gif_frames(source)), list(gif_frames(tmp_path / "out.gif"))
    assert [duration for _, duration, _ in after] == durations
    assert after[0][2] == loop
    assert len(upscaler.firsts) == 2
    assert min(psnr(new, double(old)) for (old, *_), (new, *_) in zip(before, after)) > 45


def test_a_gif_keeps_its_transparency(tmp_path):
    frames = []
    for index in range(3):
        rgba = np.dstack([scene(1, index), np.full((HEIGHT, WIDTH), 255, np.uint8)])
        rgba[: 10 + 5 * index, :20, 3] = 0
        frames.append(Image.fromarray(rgba))
    source = tmp_path / "in.gif"
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=50, disposal=2)
    upscaler = Upscaler()
    upscale_video(source, tmp_path / "out.gif", upscaler)
    for index, (pixels, *_) in enumerate(gif_frames(tmp_path / "out.gif")):
        clear = double(np.asarray(frames[index]))[..., 3] == 0
        assert np.array_equal(pixels[..., 3] == 0, clear)
        assert psnr(pixels[~clear], double(np.array(frames[index]))[~clear]) > 30
        assert (upscaler.frames[index][np.asarray(frames[index])[..., 3] == 0] == 255).all()


def test_a_gif_becomes_a_video_and_a_video_a_gif(tmp_path):
    durations = [40, 100, 250, 20, 70]
    source = make_gif(tmp_path / "in.gif", two_shots(5), durations)
    upscale_video(source, tmp_path / "out.mp4", Upscaler(), part_frames=2)
    results, times = decode(tmp_path / "out.mp4")
    assert times == [Fraction(t, 1000) for t in (0, 40, 140, 390, 410)]
    assert min(psnr(new, double(old[..., :3])) for new, (old, *_) in zip(results, gif_frames(source))) > 32
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].duration * container.streams.video[0].time_base == Fraction(480, 1000)
    clip = make_clip(tmp_path / "in.mp4", two_shots(6), rate=30, time_base=Fraction(1, 30), audio="aac", turn=90)
    report = upscale_video(clip, tmp_path / "back.gif", Upscaler())
    assert report.audio == "left out: a GIF has no sound"
    frames = list(gif_frames(tmp_path / "back.gif"))
    # 1/30 s is no multiple of 10 ms, but the delays must not drift.
    assert [duration for _, duration, _ in frames] == [30, 40, 30, 30, 40, 30]
    assert psnr(frames[0][0][..., :3], np.rot90(double(scene(0)))) > 30


def test_a_gif_of_too_many_pixels_is_a_line(tmp_path):
    source = make_gif(tmp_path / "in.gif", two_shots(2), [50, 50])
    content = source.read_bytes()
    source.write_bytes(content[:6] + b"\xff\xff\xff\xff" + content[10:])
    with pytest.raises(ImageError, match=r"in.gif: cannot read this GIF \(Image size"):
        upscale_video(source, tmp_path / "out.gif", Upscaler())


def test_a_gif_that_is_cut_off_anywhere_is_a_line_or_read(tmp_path):
    whole = make_gif(tmp_path / "in.gif", two_shots(3), [50, 50, 50]).read_bytes()
    for size in range(20, len(whole), max(1, len(whole) // 400)):
        (tmp_path / "in.gif").write_bytes(whole[:size])
        with contextlib.suppress(ImageError):
            probe(tmp_path / "in.gif")


def test_a_frame_that_is_larger_than_its_clip_is_a_line(tmp_path):
    """Pillow makes the picture as large as the frame says, up to 178 million pixels."""
    source = make_gif(tmp_path / "in.gif", two_shots(2), [50, 50])
    content = bytearray(source.read_bytes())
    place = content.index(b"\x2c\0\0\0\0" + content[6:10], content.index(b"\x2c\0\0\0\0" + content[6:10]) + 1)
    content[place + 5 : place + 9] = b"\xff\x2f\xff\x2f"
    source.write_bytes(content)
    with pytest.raises(ImageError, match=r"in.gif: cannot decode this GIF \(a frame of 12287x12287 px in 64x48 px\)"):
        upscale_video(source, tmp_path / "out.gif", Upscaler())
