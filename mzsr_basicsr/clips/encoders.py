"""How a clip is encoded: which codec for which container and depth, and its choices."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

from av import VideoStream
from av.container import OutputContainer

from mzsr_basicsr.clips.clip import Clip

# libsvtav1 tells of its choices on the standard error, and can be silenced by this alone; 1: errors only.
os.environ.setdefault("SVT_LOG", "1")


@dataclass(frozen=True)
class Encoder:
    """One codec.

    Attributes:
        name: in FFmpeg.
        form: of its pixels.
        options: of the codec. None uses frames of the future, so that a packet is decoded when it is shown, and parts
            join without touching their times.
        tag: by which MP4 and MOV name it, where players do not know the usual one.
    """

    name: str
    form: str
    options: dict[str, str] = field(default_factory=dict)
    tag: str | None = None


_H264 = Encoder("libx264", "yuv420p", {"crf": "16", "preset": "medium", "bf": "0"})
# One frame at a time: its result then does not depend on the number of processors.
_PARAMS = "bframes=0:frame-threads=1:open-gop=0:log-level=none"
_H265 = Encoder("libx265", "yuv420p10le", {"crf": "16", "preset": "medium", "x265-params": _PARAMS}, tag="hvc1")
_VP9_OPTIONS = {"crf": "18", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}
_VP9 = Encoder("libvpx-vp9", "yuv420p", {**_VP9_OPTIONS, "lag-in-frames": "0", "auto-alt-ref": "0"})
_AV1 = Encoder("libsvtav1", "yuv420p10le", {"crf": "18", "preset": "8", "svtav1-params": "pred-struct=1"})


def encoder_for(container: str, clip: Clip) -> Encoder:
    """Choose the codec: H.264, or H.265 for more than 8 bits; in WebM VP9, or AV1."""
    if container == "webm":
        return _VP9 if clip.bits == 8 else _AV1
    if clip.bits == 8:
        return _H264
    return replace(_H265, options={**_H265.options, "x265-params": ":".join(filter(None, (_PARAMS, clip.light)))})


def add_video(out: OutputContainer, encoder: Encoder, clip: Clip, width: int, height: int) -> VideoStream:
    """Add the stream of a clip, of (width, height) px, with its times, pixel aspect and colour tags."""
    options = dict(encoder.options)
    stream = out.add_stream(encoder.name, rate=clip.rate, width=width, height=height, options=options)
    if not isinstance(stream, VideoStream):
        raise TypeError(f"{encoder.name} makes a {stream.type} stream")
    stream.time_base = clip.time_base
    context = stream.codec_context
    context.pix_fmt = encoder.form
    if encoder.tag and out.format.name in ("mp4", "mov"):
        context.codec_tag = encoder.tag
    context.time_base = clip.time_base
    context.sample_aspect_ratio = clip.aspect
    context.color_range = clip.colour.range
    context.color_primaries = clip.colour.primaries
    context.color_trc = clip.colour.transfer
    context.colorspace = clip.colour.matrix
    return stream
