"""WebP files taken apart: the chunks that hold pixels, and what the others say about them."""

from __future__ import annotations

import struct
from typing import NamedTuple

from mzsr_basicsr.pictures.metadata import Metadata

_PIXELS = (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
_SAID = 0b101100  # flags of VP8X: ICC profile, EXIF data, XMP


class Said(NamedTuple):
    """A WebP file taken apart: a file of pixels alone, and what it says."""

    pixels: bytes
    metadata: Metadata
    icc: bytes | None
    exif: bytes | None


def taken_apart(content: bytes) -> Said:
    """Take a file apart."""
    kept, said, faults, left_out, position = [b"WEBP"], dict[bytes, bytes](), list[str](), list[str](), 12
    stop = 8 + int.from_bytes(content[4:8], "little")
    while position + 8 <= len(content):
        if position >= stop and {part[:4] for part in kept} & {b"VP8 ", b"VP8L"}:
            left_out.append(f"{len(content) - position} bytes behind its end")
            break
        kind, size = struct.unpack_from("<4sI", content, position)
        body, end = content[position + 8 : position + 8 + size], position + 8 + size + size % 2
        if kind in _PIXELS:
            body = bytes((body[0] & ~_SAID,)) + body[1:] if kind == b"VP8X" and body else body
            kept.append(struct.pack("<4sI", kind, size) + body + b"\0" * (size % 2))
        elif len(body) < size:
            known = kind in (b"ICCP", b"EXIF", b"XMP ")
            faults.append(f"its {kind.decode().strip()} data, which are left out" if known else "its last chunk")
        elif kind in (b"ICCP", b"EXIF", b"XMP "):
            said.setdefault(kind, body)
        else:
            left_out.append(f"its chunk {kind.decode('ascii', 'replace').strip()}")
        position = end
    if stop > len(content) and not faults:
        faults.append("its end is missing")
    pixels = b"".join(kept)
    told = Metadata(said.get(b"XMP "), faults=tuple(faults)).without(*left_out)
    return Said(b"RIFF" + struct.pack("<I", len(pixels)) + pixels, told, said.get(b"ICCP"), said.get(b"EXIF"))
