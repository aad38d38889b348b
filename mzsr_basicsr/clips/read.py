"""Reading video files: what a clip is, and its frames one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.sidedata.sidedata import SideData
from av.stream import Disposition
from av.video.reformatter import Interpolation, VideoReformatter

from mzsr_basicsr.clips.clip import Clip, Colour, TimedFrame, reporting, with_next
from mzsr_basicsr.errors import ImageError

# A file must not make the demuxer open other files or addresses.
_SAFE = {"protocol_whitelist": "file", "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"}
_MATRICES = (1, 4, 5, 6, 7, 9)
_UNKNOWN = 2
# Chroma is interpolated, where the default would repeat it.
SCALING = int(Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP)
SCALING |= int(Interpolation.ACCURATE_RND)


def open_source(source: Path) -> av.container.InputContainer:
    """Open a video file for reading; the caller closes it and reports errors."""
    return av.open(str(source), "r", container_options=_SAFE, metadata_errors="replace")


def probe_video(source: Path) -> Clip:
    """Read what a video file says of itself and decode its first frame.

    A clip that does not name its YCbCr matrix has the one players would choose by its size: BT.709 from 1280 px wide
    or above 576 px high, else BT.601.

    Raises:
        ImageError: If it is damaged, breaks off, is encrypted, holds no video or no frame, or its colours cannot be
            converted.
    """
    with reporting(source, "read this video"), open_source(source) as container:
        _check_whole(source)
        stream = _video_stream(container, source)
        first = next(_decode(container, stream, source), None)
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
            frames=stream.frames or round((container.duration or 0) * rate / av.time_base),
            colour=_colour(first, source),
            aspect=stream.sample_aspect_ratio or Fraction(1),
            display=tuple(np.frombuffer(bytes(display), np.int32).tolist()) if isinstance(display, SideData) else None,
            rotation=first.rotation,
            sounds=len(container.streams.audio),
        )


def read_video(clip: Clip) -> Iterator[TimedFrame]:
    """Decode the frames of a video, with two of them in memory at any time.

    Deeper colour becomes 8 bits, interlaced frames stay as they are, and a pixel's transparency is dropped. Frames
    without a time, or with one that does not rise, are shown one frame or one tick after their predecessor.

    Raises:
        ImageError: If the file is damaged, encrypted or changes its size.
    """
    with reporting(clip.source, "decode this video"), open_source(clip.source) as container:
        stream = _video_stream(container, clip.source)
        stream.thread_type = "AUTO"
        frames = _timed(_decode(container, stream, clip.source), clip)
        converter = VideoReformatter()
        length = _frame_ticks(clip)
        for (frame, start), following in with_next(frames):
            length = following[1] - start if following else frame.duration or length
            yield TimedFrame(_rgb(frame, clip, converter), start, length)


def _check_whole(source: Path) -> None:
    """Refuse a Matroska file that is shorter than its header says; the demuxer would end the clip without a word."""
    with source.open("rb") as stream:
        head = stream.read(4096)
    if not head.startswith(b"\x1aE\xdf\xa3"):
        return
    segment = _element_end(head, 0)
    end = _element_end(head, segment)
    size = source.stat().st_size
    if head[segment : segment + 4] == b"\x18S\x80g" and end > size:
        raise ImageError(f"{source}: breaks off after {size} bytes of {end}; fetch or copy the file again")


def _element_end(head: bytes, start: int) -> int:
    """Give the offset after an EBML element with an id of 4 bytes, 0 if its size is left open."""
    at = start + 4
    length = 9 - int.from_bytes(head[at : at + 1], "big").bit_length()
    most = (1 << 7 * length) - 1
    size = int.from_bytes(head[at : at + length], "big") & most
    return 0 if size == most else at + length + size


def _video_stream(container: av.container.InputContainer, source: Path) -> av.VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, av.VideoStream) or stream.disposition & Disposition.attached_pic:
        raise ImageError(f"{source}: holds no video stream; give a clip with moving pictures")
    return stream


def _decode(container: av.container.InputContainer, stream: av.VideoStream, source: Path) -> Iterator[av.VideoFrame]:
    for packet in container.demux(stream):
        if packet.has_sidedata("encryption_info"):
            raise ImageError(f"{source}: the video is encrypted; give a clip without copy protection")
        yield from packet.decode()


def _timed(frames: Iterable[av.VideoFrame], clip: Clip) -> Iterator[tuple[av.VideoFrame, int]]:
    start: int | None = None
    for index, frame in enumerate(frames):
        if (frame.width, frame.height) != (clip.width, clip.height):
            sizes = f"{frame.width}x{frame.height} px, the first one {clip.width}x{clip.height} px"
            raise ImageError(f"{clip.source}: frame {index} has {sizes}; all frames must have one size")
        if start is None:
            start = frame.pts or 0
        elif frame.pts is None:
            start += _frame_ticks(clip)
        else:
            start = max(frame.pts, start + 1)
        yield frame, start


def _rgb(frame: av.VideoFrame, clip: Clip, converter: VideoReformatter) -> np.ndarray:
    if not frame.format.is_rgb:
        frame.colorspace = clip.colour.matrix
    return converter.reformat(frame, format="rgb24", interpolation=SCALING, threads=1).to_ndarray()


def _colour(frame: av.VideoFrame, source: Path) -> Colour:
    matrix = frame.colorspace
    if frame.format.is_rgb or matrix == _UNKNOWN:
        matrix = 1 if frame.width >= 1280 or frame.height > 576 else 6
    if matrix not in _MATRICES:
        raise ImageError(
            f"{source}: colour matrix {matrix} of ITU-T H.273; allowed: {_MATRICES}; convert the clip first"
        )
    full = frame.color_range == 2 and not frame.format.is_rgb
    return Colour(2 if full else 1, frame.color_primaries, frame.color_trc, matrix)


def _time_base(stream: av.VideoStream) -> Fraction:
    return stream.time_base or Fraction(1, av.time_base)


def _frame_ticks(clip: Clip) -> int:
    return max(1, round(1 / (clip.rate * clip.time_base)))
