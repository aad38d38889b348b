"""Texts of PNG files: plain, packed and international, and profiles that ImageMagick and ExifTool write as texts."""

from __future__ import annotations

import re

from mzsr_basicsr.pictures.metadata import LARGEST, Text, decoded, inflated

KINDS = (b"tEXt", b"zTXt", b"iTXt")
XMP_KEYWORD = "XML:com.adobe.xmp"
PROFILE = "Raw profile type "  # hexadecimal digits behind a name and a number
_LONGEST = 2**20  # bytes of all texts that are carried over to another format


def keyword_of(body: bytes) -> str:
    """Give the keyword of a text chunk."""
    return body[:80].partition(b"\0")[0].decode("latin-1")


def content_of(kind: bytes, body: bytes, limit: int = LARGEST) -> bytes | None:
    """Unpack the text of a chunk; None where it is damaged or unpacks to more than `limit` bytes."""
    rest = body.partition(b"\0")[2]
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt":
        return inflated(rest[1:], limit)
    flag, content = rest[:1], rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return inflated(content, limit) if flag == b"\1" else content


def texts_of(chunks: tuple[tuple[bytes, bytes], ...]) -> tuple[tuple[Text, ...], int]:
    """Read the texts among the chunks of a PNG file: them, and how many are damaged or too long for other formats."""
    texts, lost, room = list[Text](), 0, _LONGEST
    for kind, body in chunks:
        if kind in KINDS:
            content = content_of(kind, body, room) if room else None
            if content is None or len(content) > room:
                lost += 1
            else:
                room -= len(content)
                words = decoded(content) if kind == b"iTXt" else content.decode("latin-1")
                texts.append(Text(keyword_of(body), words))
    return tuple(texts), lost


def chunk_of(text: Text) -> tuple[bytes, bytes]:
    """Make a text chunk: a plain one where Latin-1 holds it, else an international one."""
    keyword = text.keyword.encode("latin-1", "replace")[:79].replace(b"\0", b" ") or b"Comment"
    try:
        return b"tEXt", keyword + b"\0" + text.content.replace("\0", " ").encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt", keyword + b"\0\0\0\0\0" + text.content.encode("utf-8", "replace")


def xmp_chunk(packet: bytes) -> tuple[bytes, bytes]:
    """Make the chunk of an XMP packet."""
    return b"iTXt", XMP_KEYWORD.encode() + b"\0\0\0\0\0" + packet


def profile_of(content: bytes | None) -> bytes | None:
    """Read a profile that is written as a text; None where it is damaged."""
    found = re.match(rb"\s{0,9}[\w ]{1,40}\s{1,9}(\d{1,9})\s", content or b"")
    if content is None or found is None:
        return None
    try:
        profile = bytes.fromhex(content[found.end() :].decode("ascii"))
    except ValueError:
        return None
    return profile if len(profile) == int(found[1]) else None


def profile_chunk(name: str, profile: bytes) -> tuple[bytes, bytes]:
    """Write a profile as a text, as ExifTool and ImageMagick do."""
    digits = profile.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return b"tEXt", f"{PROFILE}{name}\0\n{name}\n{len(profile):8d}\n{lines}\n".encode()
