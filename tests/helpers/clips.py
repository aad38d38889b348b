"""Small clips that tests make themselves, and an upscaler that only doubles."""

from fractions import Fraction

import av
import numpy as np
from PIL import Image

HEIGHT, WIDTH = 48, 64


def scene(index, shift=0, height=HEIGHT, width=WIDTH):
    """One of two smooth scenes of very different brightness, (height, width, 3) uint8, moved by `shift` px."""
    y, x = np.mgrid[:height, :width] / 20
    wave = np.sin(x + shift / 20 + index) * np.cos(y * (index + 1))
    low, high = ((20, 90), (140, 230))[index]
    grey = low + (high - low) * (wave + 1) / 2
    return np.stack([grey, grey * 0.9, grey * 0.8 + 10], axis=-1).astype(np.uint8)


def two_shots(frames=24):
    return [scene(int(k >= frames // 2), k) for k in range(frames)]


def make_clip(
    path, frames, pts=None, time_base=Fraction(1, 24), rate=24, audio=None, video="libx264", tags=(1, 1, 1, 1), **stream
):
    """Write a clip; `tags` are range, primaries, transfer and matrix."""
    # By default mp4 rounds the time of the first frame to 1 ms.
    exact = {"movie_timescale": str(time_base.denominator)} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", container_options=exact) as out:
        options = {"crf": "4"} if video == "libx264" else {}
        moving = out.add_stream(video, rate=rate, width=frames[0].shape[1], height=frames[0].shape[0], options=options)
        context = moving.codec_context
        moving.time_base = context.time_base = time_base
        context.pix_fmt = stream.get("pix_fmt", "yuv420p")
        context.sample_aspect_ratio = stream.get("aspect", Fraction(1))
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = tags
        if "turn" in stream:
            moving.set_display_rotation(stream["turn"])
        sound = sound_packets(out, audio, len(frames)) if audio else None
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame = frame.reformat(format=context.pix_fmt, dst_colorspace=1, dst_color_range=1)
            frame.pts, frame.time_base = (pts or range(len(frames)))[index], time_base
            out.mux(moving.encode(frame))
        out.mux(moving.encode(None))
        if sound:
            out.mux(sound)
    return path


def sound_packets(out, codec, frames):
    stream = out.add_stream(codec, rate=48000)
    stream.layout = "mono"
    stream.metadata["language"] = "ger"
    wave = (8000 * np.sin(np.arange(2000 * frames) / 20)).astype(np.int16)
    packets = []
    for start in range(0, wave.size - 959, 960):
        frame = av.AudioFrame.from_ndarray(wave[None, start : start + 960], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def decode(path):
    """Frames as RGB, and the seconds each starts at."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        return [frame.to_ndarray(format="rgb24") for frame in frames], [frame.pts * frame.time_base for frame in frames]


def audio_packets(path):
    with av.open(str(path)) as container:
        return [(bytes(p), p.pts * p.time_base) for p in container.demux(audio=0) if p.dts is not None]


def double(frame):
    return frame.repeat(2, 0).repeat(2, 1)


class Upscaler:
    """Doubles frames and keeps what it was called with; stops with an error at one of its frames."""

    def __init__(self, stop_at=None, error=RuntimeError):
        self.firsts, self.shots, self.frames, self.stop_at, self.error = [], [], [], stop_at, error

    def __call__(self, shot):
        self.firsts.append(shot[0].pixels)
        self.shots.append(shot)

        def upscale(frame):
            if len(self.frames) == self.stop_at:
                raise self.error("stopped")
            self.frames.append(frame)
            return double(frame)

        return upscale


def psnr(one, other):
    assert one.shape == other.shape
    return 10 * np.log10(255**2 / np.mean((one.astype(float) - other.astype(float)) ** 2))


def folder_of(target):
    return target.parent / f".{target.name}.parts"


def make_gif(path, frames, durations, **settings):
    images = [Image.fromarray(frame).quantize(64) for frame in frames]
    images[0].save(path, save_all=True, append_images=images[1:], duration=durations, disposal=2, **settings)
    return path


def gif_frames(path):
    with Image.open(path) as image:
        for index in range(image.n_frames):
            image.seek(index)
            yield np.array(image.convert("RGBA")), image.info.get("duration"), image.info.get("loop")
