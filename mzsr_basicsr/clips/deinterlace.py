"""Interlaced frames made whole by the codec library's own filter: two half pictures become one frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.filter import Graph, filters_available

from mzsr_basicsr.errors import ImageError

FILTER = "bwdif"


def deinterlaced(frames: Iterable[av.VideoFrame], source: Path, notes: set[str]) -> Iterator[av.VideoFrame]:
    """Give as many frames at the same times; those that are not marked as interlaced pass unchanged.

    Args:
        frames: of one size and format.
        source: for messages.
        notes: takes a line where there is an interlaced frame.

    Raises:
        ImageError: there is one, but no such filter.
    """
    graph: Graph | None = None
    base = Fraction(1)
    for frame in frames:
        if graph is None and not frame.interlaced_frame:
            yield frame
            continue
        base = frame.time_base or base
        if graph is None:
            notes.add(f"interlaced frames are made whole ({FILTER}), one for each two half pictures")
            graph = _graph(frame, base, source)
        graph.push(frame)
        yield from _pulled(graph, base)
    if graph is not None:
        graph.push(None)
        yield from _pulled(graph, base)


def _graph(frame: av.VideoFrame, base: Fraction, source: Path) -> Graph:
    if FILTER not in filters_available:
        raise ImageError(
            f"{source}: is interlaced, and this codec library has no filter {FILTER}; deinterlace it first"
        )
    graph = Graph()
    graph.threads = 1
    start = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=base)
    made = graph.add(FILTER, "mode=send_frame:deint=interlaced")
    graph.link_nodes(start, made, graph.add("buffersink")).configure()
    return graph


def _pulled(graph: Graph, base: Fraction) -> Iterator[av.VideoFrame]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):  # it waits for the next frame, or has given all
            return
        if not isinstance(frame, av.VideoFrame):
            raise TypeError(f"the filter {FILTER} gave a {type(frame).__name__}")
        if frame.pts is not None and frame.time_base is not None:
            frame.pts, frame.time_base = round(frame.pts * frame.time_base / base), base  # it halves the time base
        yield frame
