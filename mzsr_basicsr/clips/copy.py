"""Carrying sound, subtitles, chapters and labels of a video file over to another, packet by packet."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import av
from av.container import InputContainer, OutputContainer
from av.stream import Stream

# How a container was made, not what it holds.
_OWN_LABELS = {"major_brand", "minor_version", "compatible_brands", "encoder"}
_STREAM_LABELS = ("language", "title")


@dataclass(frozen=True)
class Copied:
    """What became of the source's other streams.

    Attributes:
        audio: "none", "copied" or "left out: why"; "copied; left out: why" if only some fit.
        subtitles: the same of the subtitles.
    """

    audio: str = "none"
    subtitles: str = "none"


class Copier:
    """Copies the streams of one open file that the container of another one takes."""

    def __init__(self, source: InputContainer, out: OutputContainer) -> None:
        self._source = source
        self._streams: dict[int, Stream] = {}
        self.copied = Copied(self._add(source.streams.audio, out), self._add(source.streams.subtitles, out))
        labels = {key: text for key, text in source.metadata.items() if key.lower() not in _OWN_LABELS}
        out.metadata.update(labels)
        out.set_chapters(source.chapters())

    def packets(self) -> Iterator[av.Packet]:
        """Give the packets of all copied streams in the order of the file, each bound to its new stream."""
        chosen = [self._source.streams[index] for index in self._streams]
        if not chosen:
            return
        for packet in self._source.demux(*chosen):
            # A packet without a time marks the end of a stream.
            if packet.pts is not None:
                packet.dts = packet.pts if packet.dts is None else packet.dts
                packet.stream = self._streams[packet.stream_index]
                yield packet

    def _add(self, streams: Sequence[Stream], out: OutputContainer) -> str:
        problems = []
        for stream in streams:
            problem = _misfit(stream, out.format.name)
            if problem:
                problems.append(problem)
            else:
                self._streams[stream.index] = _add_copy(stream, out)
        if not streams:
            return "none"
        taken = "copied" if len(problems) < len(streams) else ""
        left = f"left out: {', '.join(problems)}" if problems else ""
        return "; ".join(filter(None, (taken, left)))


def seconds(packet: av.Packet) -> float:
    """Tell when a packet is due, in seconds."""
    return float((packet.dts or 0) * packet.time_base)


def _add_copy(stream: Stream, out: OutputContainer) -> Stream:
    copy: Stream = out.add_stream_from_template(stream)
    copy.metadata.update({key: text for key, text in stream.metadata.items() if key.lower() in _STREAM_LABELS})
    copy.disposition = stream.disposition
    return copy


def _misfit(stream: Stream, container: str) -> str:
    name = stream.codec_context.name if stream.codec_context else "unknown"
    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return f"stream {stream.index} ({name}) does not fit {container}"
    return ""
