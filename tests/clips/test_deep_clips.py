"""Clips of 10 bits stay so, with their colour tags and HDR metadata; full-range grey keeps its grey."""

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter
from helpers.clips import Upscaler, audio_packets, decode, double, make_clip, psnr, scene, two_shots

from mzsr_basicsr.clips.clip import Colour
from mzsr_basicsr.clips.colour import to_rgb, to_yuv
from mzsr_basicsr.clips.video import probe, upscale_video

SCREEN = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"


def flat(form, codes):
    """A frame whose planes are of one code each."""
    frame = av.VideoFrame(32, 32, form)
    kind = np.uint16 if form.endswith("le") else np.uint8
    for plane, code in zip(frame.planes, codes):
        plane.update(np.full(plane.buffer_size // np.dtype(kind).itemsize, code, kind).tobytes())
    return frame


def codes_of(frame):
    kind = np.uint16 if frame.format.name.endswith("le") else np.uint8
    return [int(np.frombuffer(bytes(plane), kind)[0]) for plane in frame.planes]


@pytest.mark.parametrize("matrix", [1, 6, 9])
@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize(("form", "middle", "step"), [("yuv420p", 128, 1), ("yuv420p10le", 512, 4)])
def test_grey_comes_back_to_the_code_without_a_cast(form, middle, step, levels, matrix):
    """The library's own conversion of full range gives Cb 127 for 128, and in 10 bits Y 943 for 940."""
    colour, converter = Colour(levels, 1, 1, matrix), VideoReformatter()
    for luma in (16 * step, 60 * step, 121 * step, 235 * step):
        frame = flat(form, (luma, middle, middle))
        frame.color_range = levels
        pixels = to_rgb(frame, colour, converter)
        assert (pixels == pixels[..., :1]).all()
        top, low, reach = (255, 0, 256 * step - 1) if levels == 2 else (255, 16 * step, 219 * step)
        assert abs(float(pixels[0, 0, 0]) / np.iinfo(pixels.dtype).max - (luma - low) / reach) <= 0.5 / top
        assert codes_of(to_yuv(pixels, colour, form, converter)) == [luma, middle, middle]


def test_full_range_colours_have_no_cast():
    pixels = np.asarray(np.random.default_rng(0).integers(60, 190, (8, 8, 3)), np.uint8).repeat(16, 0).repeat(16, 1)
    colour, converter = Colour(2, 1, 1, 1), VideoReformatter()
    again = to_rgb(to_yuv(pixels, colour, "yuv420p", converter), colour, converter)
    assert np.abs((again.astype(float) - pixels).mean((0, 1))).max() < 0.1


def ramp(frames, tags):
    """Luma codes that rise by a third of an 8-bit level a column."""
    for index in range(frames):
        luma = np.tile((400 + np.arange(64) * 4 / 3 + index).astype(np.uint16), (48, 1))
        frame = flat("yuv420p10le", (0, 512, 512))
        frame = av.VideoFrame(64, 48, "yuv420p10le")
        for plane, codes in zip(frame.planes, (luma, np.full((24, 32), 512), np.full((24, 32), 512))):
            padded = np.zeros((plane.height, plane.line_size // 2), np.uint16)
            padded[:, : plane.width] = codes
            plane.update(padded.tobytes())
        frame.pts, frame.color_range = index, tags[0]
        yield frame, luma


def make_deep(path, tags, parameters=""):
    codec = "libx265" if parameters else "ffv1"
    options = {"x265-params": f"log-level=none:lossless=1:{parameters}"} if parameters else {}
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=24, width=64, height=48, options=options)
        context = stream.codec_context
        context.pix_fmt = "yuv420p10le"
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = tags
        for frame, _ in ramp(4, tags):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("suffix", "codec", "tags"),
    [
        (".mp4", "hevc", (1, 9, 16, 9)),  # PQ
        (".mov", "hevc", (1, 9, 18, 9)),  # HLG
        (".mkv", "hevc", (2, 1, 1, 1)),
        (".webm", "libdav1d", (1, 9, 16, 9)),
    ],
)
def test_ten_bits_stay_ten_bits_with_their_tags(tmp_path, suffix, codec, tags):
    upscaler, target = Upscaler(), tmp_path / f"out{suffix}"
    report = upscale_video(make_deep(tmp_path / "in.mkv", tags), target, upscaler, part_frames=3)
    assert report.notes == () and upscaler.frames[0].dtype == np.uint16
    with av.open(str(target)) as container:
        assert container.streams.video[0].codec_context.name == codec
        frames = list(container.decode(video=0))
    assert len(frames) == 4 and frames[0].format.name == "yuv420p10le"
    assert (frames[0].color_range, frames[0].color_primaries, frames[0].color_trc, frames[0].colorspace) == tags
    _, luma = list(ramp(4, tags))[2]
    got = frames[2].to_ndarray()[:96, :128].astype(float)
    # Finer than a level of 8 bits, which is 4 codes: the ramp has not become stairs.
    assert np.abs(got[8:-8, 8:-8] - luma.repeat(2, 0).repeat(2, 1)[8:-8, 8:-8]).mean() < 1.2


def test_hdr_metadata_is_kept_or_named(tmp_path):
    source = make_deep(tmp_path / "in.mp4", (1, 9, 16, 9), SCREEN)
    assert probe(source).light == SCREEN
    assert upscale_video(source, tmp_path / "out.mkv", Upscaler()).notes == ()
    assert probe(tmp_path / "out.mkv").light == SCREEN
    notes = upscale_video(source, tmp_path / "out.webm", Upscaler()).notes
    assert notes == ("left out, as .webm does not take it: HDR metadata",)
    notes = upscale_video(source, tmp_path / "out.gif", Upscaler()).notes
    assert notes[0] == "its 10 bits of colour became 8"


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_deep_clip_that_stopped_ends_with_the_same_file(tmp_path, suffix):
    source = make_clip(tmp_path / "in.mkv", two_shots(10), pix_fmt="yuv420p10le")
    whole, target = tmp_path / f"whole{suffix}", tmp_path / f"out{suffix}"
    upscale_video(source, whole, Upscaler(), part_frames=3)
    with pytest.raises(RuntimeError):
        upscale_video(source, target, Upscaler(stop_at=7), part_frames=3)
    assert upscale_video(source, target, Upscaler(), part_frames=3).resumed == 6
    assert target.read_bytes() == whole.read_bytes()


def test_webm_is_written_with_its_sound(tmp_path):
    source = make_clip(tmp_path / "in.webm", two_shots(6), audio="libopus", video="libvpx-vp9")
    report = upscale_video(source, tmp_path / "out.webm", Upscaler(), part_frames=4)
    assert (report.audio, report.notes) == ("copied", ())
    frames, times = decode(tmp_path / "out.webm")
    assert times == decode(source)[1] and psnr(frames[0], double(scene(0))) > 33
    assert [data for data, _ in audio_packets(source)] == [data for data, _ in audio_packets(tmp_path / "out.webm")]
