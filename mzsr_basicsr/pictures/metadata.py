"""What a file says about its picture beside pixels, ICC profile and EXIF data, and what of that was lost or damaged."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

LARGEST = 2**24  # bytes of one thing said about a picture, once it is unpacked
LARGEST_PROFILE = 2**25  # bytes of an ICC profile; those of printers have some 2**21
COMMENT = "Comment"  # the keyword of a text that has none


class Text(NamedTuple):
    """A text about the picture: its keyword, as in PNG, and what it says."""

    keyword: str
    content: str


@dataclass(frozen=True)
class Metadata:
    """What a file says about its picture.

    Attributes:
        xmp: an XMP packet: XML in UTF-8.
        iptc: IPTC-IIM records.
        photoshop: image resources ("8BIM") of Photoshop without the IPTC ones.
        texts: texts, such as the comment of a JPEG file; the text chunks of a PNG file are among `chunks`.
        chunks: (kind, content) of chunks that a PNG file keeps: colour space, texts, and those that may be copied.
        aspect: width and height of a pixel's share, dots across and down in no unit; None where pixels are square.
        left_out: what was not kept, in words that go on "left out: ".
        faults: what was damaged and yet read, in words that go on "damaged, but read: ".
    """

    xmp: bytes | None = None
    iptc: bytes | None = None
    photoshop: bytes | None = None
    texts: tuple[Text, ...] = ()
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    aspect: tuple[float, float] | None = None
    left_out: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def without(self, *left_out: str) -> Metadata:
        """Note what is left out, each thing once."""
        return replace(self, left_out=tuple(dict.fromkeys((*self.left_out, *left_out))))


def shares(aspect: tuple[float, float], most: int) -> tuple[int, int]:
    """Give the shape of pixels in whole numbers from 1 to `most`, as near as these come."""
    across, down = (Fraction(value) for value in aspect)
    ratio = min(max(across / down, Fraction(1, most)), Fraction(most))
    near = ratio.limit_denominator(most) if ratio <= 1 else 1 / (1 / ratio).limit_denominator(most)
    return near.numerator, near.denominator


def lines_about(name: str, faults: tuple[str, ...], left_out: tuple[str, ...]) -> list[str]:
    """Say in a line each what was damaged and what was not kept; none where there is nothing to say."""
    lines = [f"{name}: damaged, but read: {', '.join(faults)}"] if faults else []
    return lines + ([f"{name}: left out: {', '.join(left_out)}"] if left_out else [])


def inflated(packed: bytes | memoryview, limit: int = LARGEST) -> bytes | None:
    """Unpack deflated bytes; None where they are damaged, cut off, or of more than `limit` bytes."""
    packer = zlib.decompressobj()
    try:
        content = packer.decompress(packed, limit)
        content += packer.decompress(packer.unconsumed_tail, 1) if not packer.eof else b""
    except zlib.error:
        return None
    return content if packer.eof and len(content) <= limit else None


def decoded(content: bytes) -> str:
    """Read a text of unknown encoding: UTF-8 where it is that, else Latin-1."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
