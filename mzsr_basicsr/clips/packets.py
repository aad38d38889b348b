"""Opening a video file and decoding its packets, with an eye on what is amiss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import av
from av.codec import CodecContext
from av.container import InputContainer
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext

from mzsr_basicsr.errors import ImageError

# A file must not make the demuxer open other files or addresses: playlists and the like are not among these.
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf"
_SAFE = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
_MOV = "mov,mp4"
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}  # the usual decoders of these drop it
_TS_PACKETS = (188, 192, 204)  # bytes of a packet of MPEG-TS, which says nowhere how many there are
_SIZES = 512  # packets whose sizes are kept, more than any decoder holds back


def open_source(source: Path) -> InputContainer:
    """Open a video file for reading; the caller closes it and reports errors."""
    return av.open(str(source), "r", container_options=_SAFE, metadata_errors="replace")


def video_stream(container: InputContainer, source: Path) -> av.VideoStream:
    """Choose the main video stream.

    Raises:
        ImageError: there is none, or its codec is not known.
    """
    stream = container.streams.best("video")
    if not isinstance(stream, av.VideoStream) or stream.disposition & Disposition.attached_pic:
        raise ImageError(f"{source}: holds no video stream; give a clip with moving pictures")
    if stream.codec_context is None:
        raise ImageError(f"{source}: the picture is of a codec that is not known here; convert the clip first")
    return stream


@dataclass
class Seen:
    """What was seen of a file's packets: lines about what was amiss, and the bytes of the last ones by their times."""

    notes: set[str] = field(default_factory=set)
    sizes: dict[int | None, int] = field(default_factory=dict)

    def see(self, packet: av.Packet) -> None:
        """Take note of a packet."""
        self.sizes[packet.pts] = packet.size
        if len(self.sizes) > _SIZES:
            del self.sizes[next(iter(self.sizes))]
        if packet.is_corrupt:
            self.notes.add("holds damaged parts; frames there may be broken")


def decoded(container: InputContainer, stream: av.VideoStream, source: Path, seen: Seen) -> Iterator[av.VideoFrame]:
    """Decode the main picture; transparency too, where the usual decoder drops it.

    Args:
        container: the open file.
        stream: see `video_stream`.
        source: for messages.
        seen: takes note of each packet, and at the end of a file that breaks off.

    Raises:
        ImageError: the picture is encrypted.
    """
    labels = {key.lower(): text for key, text in stream.metadata.items()}
    hidden = _WITH_ALPHA.get(stream.codec_context.name) if labels.get("alpha_mode") == "1" else None
    context = stream.codec_context
    if hidden:
        context = cast(VideoCodecContext, CodecContext.create(hidden, "r"))
    read = 0
    for packet in container.demux(stream):
        if packet.has_sidedata("encryption_info"):
            raise ImageError(f"{source}: the video is encrypted; give a clip without copy protection")
        read += packet.dts is not None or packet.size > 0  # a frame that was dropped is a packet of no bytes
        if packet.size:
            seen.see(packet)
        yield from context.decode(packet)
    told = len(stream.index_entries) if _MOV in container.format.name else stream.frames
    cut = container.format.name == "mpegts" and all(container.size % size for size in _TS_PACKETS)
    if cut:
        seen.notes.add("breaks off in the middle of a packet; what is there was done")
    if read < told:
        seen.notes.add(f"breaks off: it tells of {told} frames and holds {read}; what is there was done")
