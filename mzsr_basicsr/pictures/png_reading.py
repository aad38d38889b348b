"""PNG files taken apart: the chunks that hold pixels, and the others."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What a decoder needs; imagecodecs's libpng prints complaints about others.
ANIMATED = {b"acTL", b"fcTL", b"fdAT"}
_PIXELS, _CRITICAL = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}, {b"IHDR", b"PLTE"}


class Chunks(NamedTuple):
    """A PNG file taken apart.

    Attributes:
        pixels: a file of what is needed to decode.
        said: (kind, content) of the other chunks.
        faults: see `Metadata`.
        behind: bytes behind its end.
        doubted: the chunks of pixels, if the checksum of one is wrong or missing, for `check_pixels`; else none.
    """

    pixels: bytes
    said: list[tuple[bytes, bytes]]
    faults: tuple[str, ...]
    behind: int
    doubted: tuple[bytes, ...]


def is_16_bit(head: bytes) -> bool:
    """Tell from the first 25 bytes of a PNG file whether it has 16 bits, which Pillow would cut to 8."""
    return head[24:25] == b"\x10"


def read_16_bit(content: bytes) -> np.ndarray:
    """Decode a 16-bit PNG file of pixels alone.

    Returns:
        (H, W, C) uint16 grey or RGB, with an alpha band where the file has alpha or a transparent colour.

    Raises:
        ValueError, RuntimeError: the file is damaged.
    """
    import imagecodecs  # few pictures have 16 bits

    pixels = imagecodecs.png_decode(content)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def taken_apart(content: bytes) -> Chunks:
    """Take a file apart; checksums of what decoders need must be right, but those of pixels.

    Raises:
        ValueError: what is needed for the pixels is damaged.
    """
    kept, said, faults, doubted, position, kind = [SIGNATURE], list[tuple[bytes, bytes]](), list[str](), False, 8, b""
    view = memoryview(content)
    while position < len(content) and kind != b"IEND":
        body, kind, end, whole = _chunk(view, position)
        if not whole and kind != b"IDAT":
            position, fault = _next(content, position, len(kept) > 2)
            faults.append(fault)
            continue
        right = whole and zlib.crc32(view[position + 4 : end - 4]) == int.from_bytes(view[end - 4 : end], "big")
        position = end
        if kind in _CRITICAL and not right:
            raise ValueError(f"wrong checksum of {kind.decode()}")
        if kind in _PIXELS and (right or kind == b"IDAT"):
            kept.append(packed(kind, body))
            doubted |= not right
        elif kind not in _PIXELS:
            said.append((kind, bytes(body)))
        if not right:
            faults.append(f"the checksum of {_name(kind)}" + ", which is left out" * (kind == b"tRNS"))
    if kind != b"IEND":
        kept.append(packed(b"IEND", b""))
        faults.append("its end is missing")
    suspects = tuple(chunk for chunk in kept if chunk[4:8] == b"IDAT") if doubted else ()
    return Chunks(b"".join(kept), said, tuple(dict.fromkeys(faults)), len(content) - position, suspects)


def _chunk(view: memoryview, position: int) -> tuple[memoryview, bytes, int, bool]:
    """Give the content of a chunk, its kind, its end, and whether it may be a whole one."""
    if position + 12 > len(view):
        return view[position:position], b"", len(view), False
    length, kind = struct.unpack_from(">I4s", view, position)
    end = position + length + 12
    return view[position + 8 : min(end - 4, len(view))], kind, min(end, len(view)), end <= len(view) and kind.isalpha()


def _next(content: bytes, position: int, begun: bool) -> tuple[int, str]:
    """Find where to go on behind a chunk whose length is damaged: at the next pixels, if there are any."""
    place = content.find(b"IDAT", position + 8)
    if place < 0:
        return len(content), "what follows its pixels" if begun else "its chunks"
    return place - 4, "a chunk before its pixels"


def packed(kind: bytes, body: bytes | memoryview) -> bytes:
    """Make a chunk."""
    return b"".join((struct.pack(">I4s", len(body), kind), body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))))


def check_pixels(suspects: tuple[bytes, ...], width: int, height: int) -> None:
    """Refuse pixels of which a checksum was wrong or missing, unless the one of the packed stream is right.

    Args:
        suspects: their chunks.
        width: px.
        height: px.

    Raises:
        ValueError, zlib.error: it is wrong or missing, too, or the stream holds more than the pixels.
    """
    packer, room = zlib.decompressobj(), (8 * width + 8) * (2 * height + 8)  # bytes, at most, with those of filters
    for chunk in suspects:
        packed = chunk[8:-4]
        while packed and not packer.eof and room > 0:
            room -= len(packer.decompress(packed, 2**20))
            packed = packer.unconsumed_tail
    if not packer.eof:
        raise ValueError("the file ends too early")


def _name(kind: bytes) -> str:
    return kind.decode("ascii", "replace")


def is_animation(chunks: Chunks) -> bool:
    """Tell a file of several pictures."""
    frames = next((int.from_bytes(body[:4], "big") for kind, body in chunks.said if kind == b"acTL"), 0)
    return frames > 1 or (frames == 1 and any(kind == b"fdAT" for kind, _ in chunks.said))
