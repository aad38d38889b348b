"""Writing video files: parts of a clip, and joining them with the sound of the source."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av import VideoStream
from av.video.reformatter import VideoReformatter

from mzsr_basicsr.clips.clip import KEPT, Clip, Frame, TimedFrame, reporting, with_next
from mzsr_basicsr.clips.colour import to_yuv
from mzsr_basicsr.clips.copy import Copied, Copier, seconds, takes_time_code, time_code
from mzsr_basicsr.clips.encoders import Encoder, add_video, encoder_for
from mzsr_basicsr.clips.kinds import CONTAINERS
from mzsr_basicsr.clips.packets import open_source, video_stream
from mzsr_basicsr.errors import ImageError

# The one container that keeps every time base to the tick.
_PART_FORMAT = "nut"


class VideoPart:
    """One part of a clip on its way into a file of its own; leaving it as a context manager ends the file."""

    def __init__(self, path: Path, clip: Clip, target: Path, encoder: Encoder, first: Frame) -> None:
        self._clip, self._target, self._encoder = clip, target, encoder
        self._converter = VideoReformatter()
        even = _even_sized(first)
        with self._reporting():
            self._container = av.open(str(path), "w", format=_PART_FORMAT)
            self._stream = add_video(self._container, encoder, clip, even.shape[1], even.shape[0])

    def add(self, picture: TimedFrame) -> None:
        """Encode one upscaled frame.

        Raises:
            ImageError: If it cannot be encoded or written.
        """
        with self._reporting():
            frame = to_yuv(_even_sized(picture.pixels), self._clip.colour, self._encoder.form, self._converter)
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
    """Writes all but .gif: yuv420p of 8 or 10 bits, with times, colour tags, pixel aspect and turn kept."""

    def __init__(self, clip: Clip, target: Path) -> None:
        self._clip, self._target = clip, target
        self._form = CONTAINERS[target.suffix.lower()]
        self._encoder = encoder_for(self._form, clip)

    def part(self, path: Path, first: Frame) -> VideoPart:
        """Begin a part that takes frames of the size of `first`, see `Frame`."""
        return VideoPart(path, self._clip, self._target, self._encoder, first)

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
        form = self._form
        # By default mp4 rounds the time of the first frame to 1 ms, and Matroska draws numbers for its streams.
        exact = {"movie_timescale": str(self._clip.time_base.denominator)}
        options = {"fflags": "+bitexact"} if form in ("matroska", "webm") else exact
        with reporting(self._target, "write the video", KEPT), ExitStack() as stack:
            out = stack.enter_context(av.open(str(path), "w", format=form, container_options=options))
            video = add_video(out, self._encoder, self._clip, *_size(parts[0]))
            if self._clip.display:
                video.set_display_matrix(self._clip.display)
            copier = None
            left: tuple[str, ...] = ()
            if not self._clip.is_gif:
                source = stack.enter_context(open_source(self._clip.source))
                main = video_stream(source, self._clip.source)
                copier = Copier(source, main, out)
                left = self._label(video, time_code(source, main))
            pictures = _bound(_lengthened(_packets(parts, frames), end * self._clip.time_base), video)
            out.mux(heapq.merge(pictures, copier.packets() if copier else (), key=seconds))
            return replace(copier.copied, left_out=(*copier.copied.left_out, *left)) if copier else Copied()

    def _label(self, video: VideoStream, code: str | None) -> tuple[str, ...]:
        """Carry a time code over; give its name if the container does not take it."""
        if code is None:
            return ()
        if not takes_time_code(self._form, code, self._clip):
            return (f"time code {code}",)
        video.metadata["timecode"] = code
        return ()


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
