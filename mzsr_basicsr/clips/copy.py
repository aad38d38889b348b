"""Carrying sound, subtitles, chapters, covers, fonts and labels of a video file over to another, packet by packet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import av
from av.container import InputContainer, OutputContainer
from av.stream import AttachmentStream, Disposition, Stream

from mzsr_basicsr.clips.clip import Clip

# How a container was made, not what it holds; the time code has a stream of its own, or is a label of the picture's.
_OWN_LABELS = {"major_brand", "minor_version", "compatible_brands", "encoder", "timecode"}
_STREAM_LABELS = ("language", "title")
_RUN_UP = 0.05  # s; a decoder of sound needs this much before what is heard


@dataclass(frozen=True)
class Copied:
    """What became of the source's other streams.

    Attributes:
        audio: "none", "copied" or "left out: why"; "copied; left out: why" if only some fit.
        subtitles: the same of the subtitles.
        left_out: what else did not fit, in words.
    """

    audio: str = "none"
    subtitles: str = "none"
    left_out: tuple[str, ...] = ()


class Copier:
    """Copies what the container of another file takes of one open file, but for its main picture."""

    def __init__(self, source: InputContainer, main: Stream, out: OutputContainer) -> None:
        self._source, self._form = source, out.format.name
        self._streams: dict[int, Stream] = {}
        self._left: dict[str, list[str]] = {"audio": [], "subtitle": [], "other": []}
        self._covers = 0
        for stream in source.streams:
            if stream.index != main.index:
                self._add(stream, out)
        labels = {key: text for key, text in source.metadata.items() if key.lower() not in _OWN_LABELS}
        out.metadata.update(labels)
        out.set_chapters(source.chapters())

    @property
    def copied(self) -> Copied:
        """What became of all streams."""
        return Copied(self._said("audio"), self._said("subtitle"), tuple(self._left["other"]))

    def packets(self) -> Iterator[av.Packet]:
        """Give the packets of all copied streams in the order of the file, each bound to its new stream.

        What an edit list cuts off is left out, but for what a decoder needs to begin.
        """
        chosen = [self._source.streams[index] for index in self._streams]
        if not chosen:
            return
        cut: dict[int, list[av.Packet]] = {index: [] for index in self._streams}
        for packet in self._source.demux(*chosen):
            if not packet.size:  # it marks the end of a stream
                continue
            packet.pts = 0 if packet.pts is None else packet.pts  # a cover has no time
            packet.dts = packet.pts if packet.dts is None else packet.dts
            before = cut[packet.stream_index]
            run_up = [old for old in before if _time(packet) - _time(old) <= _RUN_UP]
            before[:] = [*run_up, packet] if packet.is_discard else []
            if not packet.is_discard:
                yield from (self._bound(each) for each in (*run_up, packet))

    def _bound(self, packet: av.Packet) -> av.Packet:
        packet.stream = self._streams[packet.stream_index]
        return packet

    def _add(self, stream: Stream, out: OutputContainer) -> None:
        if stream.type in ("audio", "subtitle"):
            if problem := _misfit(stream, self._form):
                self._left[stream.type].append(problem)
            else:
                self._streams[stream.index] = _add_copy(stream, out)
        elif isinstance(stream, AttachmentStream):
            self._attach(stream.name or "file", stream.mimetype, stream.data, out)
        elif stream.disposition & Disposition.attached_pic:
            self._add_cover(stream, out)
        elif not (stream.type == "data" and time_code_of(stream)):
            self._left["other"].append(f"stream {stream.index} ({stream.type}, {_codec(stream)})")

    def _add_cover(self, stream: Stream, out: OutputContainer) -> None:
        if self._form == "mp4" and not _misfit(stream, self._form):
            self._streams[stream.index] = _add_copy(stream, out)
            return
        kind = {"mjpeg": "jpeg"}.get(_codec(stream), _codec(stream))
        packet = next(self._source.demux(stream), None)
        self._source.seek(0)
        name = "cover.jpg" if kind == "jpeg" else f"cover.{kind}"
        self._attach(name, f"image/{kind}", bytes(packet) if packet else b"", out)

    def _attach(self, name: str, kind: str | None, content: bytes | None, out: OutputContainer) -> None:
        if self._form == "matroska" and content and kind:
            out.add_attachment(name, kind, content)
        else:
            self._left["other"].append(f"attached {name}")

    def _said(self, kind: str) -> str:
        problems = self._left[kind]
        taken = "copied" if any(stream.type == kind for stream in self._streams.values()) else ""
        left = f"left out: {', '.join(problems)}" if problems else ""
        return "; ".join(filter(None, (taken, left))) or "none"


def seconds(packet: av.Packet) -> float:
    """Tell when a packet is due, in seconds."""
    return float((packet.dts or 0) * packet.time_base)


def time_code(source: InputContainer, main: Stream) -> str | None:
    """Find the time code of a file's first frame, as HH:MM:SS:FF; None if there is none."""
    others = [stream for stream in source.streams if stream.type == "data"]
    codes = [time_code_of(stream) for stream in (main, *others)]
    return next(filter(None, (*codes, _label(dict(source.metadata), "timecode"))), None)


def time_code_of(stream: Stream) -> str | None:
    """Give the time code that a stream is labelled with."""
    return _label(dict(stream.metadata), "timecode")


def takes_time_code(form: str, code: str, clip: Clip) -> bool:
    """Tell whether a container takes a time code: some have none, and MP4 none of every frame rate."""
    if form not in ("mp4", "mov", "matroska"):
        return False
    try:
        with av.open(io.BytesIO(), "w", format=form) as trial:
            stream = trial.add_stream("mpeg4", rate=clip.rate, width=16, height=16)
            stream.metadata["timecode"] = code
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    return True


def _time(packet: av.Packet) -> float:
    return float((packet.pts or 0) * packet.time_base)


def _label(labels: dict[str, str], name: str) -> str | None:
    return next((text for key, text in labels.items() if key.lower() == name), None)


def _codec(stream: Stream) -> str:
    return stream.codec_context.name if stream.codec_context else "unknown"


def _add_copy(stream: Stream, out: OutputContainer) -> Stream:
    copy: Stream = out.add_stream_from_template(stream)
    copy.metadata.update({key: text for key, text in stream.metadata.items() if key.lower() in _STREAM_LABELS})
    copy.disposition = stream.disposition
    return copy


def _misfit(stream: Stream, container: str) -> str:
    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return f"stream {stream.index} ({_codec(stream)}) does not fit {container}"
    return ""
