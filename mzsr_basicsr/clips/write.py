"""Writing video files: H.264 parts of a clip, and joining them with the sound of the source."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av import VideoStream
from av.container import OutputContainer
from av.video.reformatter import VideoReformatter

from mzsr_basicsr.clips.clip import KEPT, Clip, Frame, TimedFrame, reporting, with_next
from mzsr_basicsr.clips.copy import Copied, Copier, seconds
from mzsr_basicsr.clips.kinds import CONTAINERS
from mzsr_basicsr.clips.read import SCALING, open_source
from mzsr_basicsr.errors import ImageError

# Without B frames a packet is decoded when it is shown, so parts join without touching their times.
_ENCODER = {"crf": "16", "preset": "medium", "bf": "0"}
# The one container that keeps every time base to the tick.
_PART_FORMAT = "nut"


class VideoPart:
    """One part of a clip on its way into a file of its own; leaving it as a context manager ends the file."""

    def __init__(self, path: Path, clip: Clip, target: Path, first: Frame) -> None:
        self._clip, self._target = clip, target
        self._converter = VideoReformatter()
        even = _even_sized(first)
        with self._reporting():
            self._container = av.open(str(path), "w", format=_PART_FORMAT)
            self._stream = _add_video(self._container, clip, even.shape[1], even.shape[0])

    def add(self, picture: TimedFrame) -> None:
        """Encode one upscaled frame.

        Raises:
            ImageError: If it cannot be encoded or written.
        """
        with self._reporting():
            frame = _to_yuv(_even_sized(picture.pixels), self._clip, self._converter)
            frame.pts, frame.time_base = picture.start, self._clip.time_base
            self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> VideoPart:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._reporting(), self._container:
            if kind is None:
                self._container.mux(self._stream.encode(None))

    def _reporting(self) -> AbstractContextManager[None]:
        return reporting(self._target, "write the video", KEPT)


class VideoSink:
    """Writes .mp4, .mkv and .mov: H.264, CRF 16, yuv420p, with times, colour tags, pixel aspect and turn kept."""

    def __init__(self, clip: Clip, target: Path) -> None:
        self._clip, self._target = clip, target

    def part(self, path: Path, first: Frame) -> VideoPart:
        """Begin a part that takes frames of the size of `first`, (H, W, 3) uint8 RGB."""
        return VideoPart(path, self._clip, self._target, first)

    def join(self, parts: Sequence[Path], path: Path, frames: int, end: int) -> Copied:
        """Join the parts and the sound, subtitles, chapters and title of the source, all without encoding again.

        Args:
            parts: files that `part` has written, in order.
            path: the file to write.
            frames: how many frames the parts hold together.
            end: tick of the clip's time base at which the last frame ends.

        Raises:
            ImageError: If a part is damaged or the file cannot be written.
        """
        form = CONTAINERS[self._target.suffix.lower()]
        # By default mp4 rounds the time of the first frame to 1 ms.
        options = {} if form == "matroska" else {"movie_timescale": str(self._clip.time_base.denominator)}
        with reporting(self._target, "write the video", KEPT), ExitStack() as stack:
            out = stack.enter_context(av.open(str(path), "w", format=form, container_options=options))
            video = _add_video(out, self._clip, *_size(parts[0]))
            if self._clip.display:
                video.set_display_matrix(self._clip.display)
            copier = None
            if not self._clip.is_gif:
                copier = Copier(stack.enter_context(open_source(self._clip.source)), out)
            pictures = _bound(_lengthened(_packets(parts, frames), end * self._clip.time_base), video)
            out.mux(heapq.merge(pictures, copier.packets() if copier else (), key=seconds))
            return copier.copied if copier else Copied()


def _add_video(out: OutputContainer, clip: Clip, width: int, height: int) -> VideoStream:
    stream = out.add_stream("libx264", rate=clip.rate, width=width, height=height, options=dict(_ENCODER))
    stream.time_base = clip.time_base
    context = stream.codec_context
    context.time_base = clip.time_base
    context.sample_aspect_ratio = clip.aspect
    context.color_range = clip.colour.range
    context.color_primaries = clip.colour.primaries
    context.color_trc = clip.colour.transfer
    context.colorspace = clip.colour.matrix
    return stream


def _to_yuv(pixels: Frame, clip: Clip, converter: VideoReformatter) -> av.VideoFrame:
    rgb = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    # The converter knows BT.601 by the number 5 alone.
    matrix = 5 if clip.colour.matrix == 6 else clip.colour.matrix
    levels = clip.colour.range
    return converter.reformat(
        rgb, format="yuv420p", dst_colorspace=matrix, dst_color_range=levels, interpolation=SCALING, threads=1
    )


def _even_sized(pixels: Frame) -> Frame:
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _size(part: Path) -> tuple[int, int]:
    with av.open(str(part), format=_PART_FORMAT) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height


def _packets(parts: Sequence[Path], frames: int) -> Iterator[av.Packet]:
    count = 0
    for part in parts:
        with av.open(str(part), format=_PART_FORMAT) as container:
            for packet in container.demux(video=0):
                if packet.pts is not None:
                    count += 1
                    packet.dts = packet.pts
                    yield packet
    if count != frames:
        raise ImageError(f"{parts[0].parent}: holds {count} finished frames of {frames}; delete it and start again")


def _lengthened(packets: Iterator[av.Packet], end: Fraction) -> Iterator[av.Packet]:
    """Give each packet the time until the next one as its length; a part does not keep lengths."""
    for packet, following in with_next(packets):
        stop = round(end / packet.time_base) if following is None else following.pts
        packet.duration = (stop or 0) - (packet.pts or 0)
        yield packet


def _bound(packets: Iterator[av.Packet], stream: VideoStream) -> Iterator[av.Packet]:
    for packet in packets:
        packet.stream = stream
        yield packet
