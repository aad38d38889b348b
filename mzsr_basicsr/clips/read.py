"""Reading video files: what a clip is, and its frames one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter

from mzsr_basicsr.clips.clip import Clip, Colour, TimedFrame, reporting, with_next
from mzsr_basicsr.clips.colour import MATRICES, bits_of, has_alpha, is_rgb, to_rgb
from mzsr_basicsr.clips.deinterlace import deinterlaced
from mzsr_basicsr.clips.hdr import has_moving, light_of
from mzsr_basicsr.clips.packets import Seen, decoded, open_source, video_stream
from mzsr_basicsr.clips.whole import check_whole
from mzsr_basicsr.errors import ImageError

_UNKNOWN = 2


def probe_video(source: Path) -> Clip:
    """Read what a video file says of itself and decode its first frame.

    A clip that does not name its YCbCr matrix has the one players would choose by its size: BT.709 from 1280 px wide
    or above 576 px high, else BT.601.

    Raises:
        ImageError: If it is damaged, breaks off, is encrypted, holds no video or no frame, or its colours cannot be
            converted.
    """
    with reporting(source, "read this video"), open_source(source) as container:
        check_whole(source)
        stream = video_stream(container, source)
        first = next(decoded(container, stream, source, Seen()), None)
        if first is None:
            raise ImageError(f"{source}: the video holds no frame; give a clip of one frame or more")
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        display = first.side_data.get("DISPLAYMATRIX")
        return Clip(
            source=source,
            width=first.width,
            height=first.height,
            time_base=_time_base(stream),
            rate=rate,
            frames=stream.frames or round((container.duration or 0) * rate / av.time_base) or _count(source),
            colour=_colour(first, source),
            aspect=stream.sample_aspect_ratio or Fraction(1),
            display=tuple(np.frombuffer(bytes(display), np.int32).tolist()) if isinstance(display, SideData) else None,
            rotation=first.rotation,
            sounds=len(container.streams.audio),
            bits=bits_of(first),
            alpha=has_alpha(first),
            light=light_of(first),
            others=_others(container, stream),
            lost=("moving HDR metadata",) if has_moving(first) else (),
        )


def read_video(clip: Clip, notes: set[str] | None = None) -> Iterator[TimedFrame]:
    """Decode the frames of a video, with a few of them in memory at any time.

    Interlaced frames are made whole, and what is transparent is laid on black. Frames without a time, or with one that
    does not rise, are shown one frame or one tick after their predecessor.

    Args:
        clip: see `probe_video`.
        notes: takes lines about what was amiss.

    Raises:
        ImageError: If the file is damaged, encrypted or changes its size.
    """
    seen = Seen(set() if notes is None else notes)
    with reporting(clip.source, "decode this video"), open_source(clip.source) as container:
        stream = video_stream(container, clip.source)
        stream.thread_type = "AUTO"
        whole = _of_one_size(decoded(container, stream, clip.source, seen), clip)
        frames = _timed(deinterlaced(whole, clip.source, seen.notes), clip)
        converter = VideoReformatter()
        length = _frame_ticks(clip)
        for (frame, start), following in with_next(frames):
            length = following[1] - start if following else frame.duration or length
            intra = frame.pict_type == PictureType.I
            packed = 8 * seen.sizes.get(frame.pts, 0) / (clip.width * clip.height)
            yield TimedFrame(to_rgb(frame, clip.colour, converter), start, length, intra=intra, packed=packed)


def _others(container: InputContainer, main: av.VideoStream) -> tuple[str, ...]:
    """Name what there is beside the main picture and its sound."""
    names = {"subtitle": "subtitles", "attachment": "attached files", "data": "data", "video": "another picture"}
    kinds = [names[stream.type] for stream in container.streams if stream.type in names and stream.index != main.index]
    return tuple(dict.fromkeys([*kinds, *(["chapters"] if container.chapters() else [])]))


def _of_one_size(frames: Iterable[av.VideoFrame], clip: Clip) -> Iterator[av.VideoFrame]:
    for index, frame in enumerate(frames):
        if (frame.width, frame.height) != (clip.width, clip.height):
            sizes = f"{frame.width}x{frame.height} px, the first one {clip.width}x{clip.height} px"
            raise ImageError(f"{clip.source}: frame {index} has {sizes}; all frames must have one size")
        yield frame


def _timed(frames: Iterable[av.VideoFrame], clip: Clip) -> Iterator[tuple[av.VideoFrame, int]]:
    start: int | None = None
    for frame in frames:
        if start is None:
            start = frame.pts or 0
        elif frame.pts is None:
            start += _frame_ticks(clip)
        else:
            start = max(frame.pts, start + 1)
        yield frame, start


def _count(source: Path) -> int:
    """Count the frames of a file that tells neither their number nor how long it is; nothing is decoded."""
    with open_source(source) as container:
        return sum(packet.size > 0 for packet in container.demux(video_stream(container, source)))


def _colour(frame: av.VideoFrame, source: Path) -> Colour:
    rgb = is_rgb(frame)
    matrix = frame.colorspace
    if rgb or matrix == _UNKNOWN:
        matrix = 1 if frame.width >= 1280 or frame.height > 576 else 6
    if matrix not in MATRICES:
        raise ImageError(
            f"{source}: colour matrix {matrix} of ITU-T H.273; allowed: {MATRICES}; convert the clip first"
        )
    full = (frame.color_range == 2 or frame.format.name.startswith("yuvj")) and not rgb
    return Colour(2 if full else 1, frame.color_primaries, frame.color_trc, matrix)


def _time_base(stream: av.VideoStream) -> Fraction:
    return stream.time_base or Fraction(1, av.time_base)


def _frame_ticks(clip: Clip) -> int:
    return max(1, round(1 / (clip.rate * clip.time_base)))
