"""What PNG files say about their picture: read from chunks, and written as such."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mzsr_basicsr.pictures import photoshop, png_texts
from mzsr_basicsr.pictures.metadata import LARGEST_PROFILE, Metadata, inflated, shares
from mzsr_basicsr.pictures.picture import clean_dpi
from mzsr_basicsr.pictures.png_reading import ANIMATED, Chunks

# Colour space, and light of the scene; whoever copies unknown chunks may not copy these, but what they say stays true.
_COLOUR = (b"cICP", b"sRGB", b"gAMA", b"cHRM", b"mDCV", b"cLLI")
_GROUND = b"bKGD"
# About the old file alone: when it was changed, its palette, how many bits of its samples count.
_STALE = {b"tIME", b"hIST", b"sBIT", *ANIMATED}
_ONCE = {b"iCCP", b"eXIf", b"pHYs", *_COLOUR, _GROUND}
_PALETTE = 3
_SRGB_GAMMA, _SRGB_POINTS = 45455, (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)  # in 100,000ths
_SRGB_CODES = (1, 13, 0, 1)  # of ITU-T H.273


@dataclass
class Said:
    """What the chunks of a PNG file say, as it is gathered."""

    metadata: Metadata = field(default_factory=Metadata)
    icc: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    kept: list[tuple[bytes, bytes]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def metadata_of(chunks: Chunks, head: bytes) -> Said:
    """Read what the chunks say; colour space, texts and what the standard calls safe to copy are kept as they are.

    Args:
        chunks: of a file.
        head: its first 32 bytes.
    """
    said = Said(faults=list(chunks.faults))
    for kind, body in _first_ones(chunks.said):
        if kind == b"iCCP":
            said.icc = inflated(body.partition(b"\0")[2][1:], LARGEST_PROFILE)
            said.faults += ["its ICC profile, which is left out"] if said.icc is None else []
        elif kind == b"eXIf":
            said.exif = body
        elif kind == b"pHYs":
            _resolution(said, body)
        elif kind in png_texts.KINDS and _is_profile(body):
            _profile(said, kind, body)
        elif kind in (*_COLOUR, *png_texts.KINDS) or kind[3:].islower():
            said.kept.append((kind, body))
        elif kind == _GROUND:
            ground = _ground(body, head, chunks.pixels)
            said.kept += [(kind, ground)] if ground else []
        elif kind not in _STALE:
            said.left_out.append(f"its chunk {kind.decode('ascii')}")
    said.left_out += [f"{chunks.behind} bytes behind its end"] if chunks.behind else []
    told = replace(said.metadata, chunks=tuple(said.kept), faults=tuple(said.faults))
    said.metadata = told.without(*said.left_out)
    return said


def _first_ones(chunks: list[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Pass over all but the first of what may be there once; to unpack many would take long."""
    seen = set()
    for kind, body in chunks:
        profile = kind in png_texts.KINDS and _is_profile(body)
        name = png_texts.keyword_of(body) if profile else kind.decode("ascii")
        if name not in seen or not (profile or kind in _ONCE):
            yield kind, body
        seen.add(name)


def _resolution(said: Said, body: bytes) -> None:
    if len(body) != 9:
        return
    across, down, unit = struct.unpack(">IIB", body)
    if unit == 1:
        said.dpi = clean_dpi((across * 0.0254, down * 0.0254))
    elif across and down and across != down:
        said.metadata = replace(said.metadata, aspect=(across, down))


def _is_profile(body: bytes) -> bool:
    keyword = png_texts.keyword_of(body)
    return keyword == png_texts.XMP_KEYWORD or keyword.startswith(png_texts.PROFILE)


def _profile(said: Said, kind: bytes, body: bytes) -> None:
    """Take XMP, EXIF or IPTC data that are written as a text; what a chunk of its own says goes before."""
    name = png_texts.keyword_of(body)
    content = png_texts.content_of(kind, body)
    content = content if name == png_texts.XMP_KEYWORD else png_texts.profile_of(content)
    told = said.metadata
    exif = content is not None and content.removeprefix(b"Exif\0\0")[:2] in (b"II", b"MM")
    if content is None:
        said.left_out.append(f"its text {name}, damaged or too large")
    elif name == png_texts.XMP_KEYWORD or name.endswith("xmp"):
        said.metadata = replace(told, xmp=content)
    elif exif and name.endswith(("exif", "APP1")):
        said.exif = said.exif or content.removeprefix(b"Exif\0\0")
    elif name.endswith(("iptc", "8bim")):
        resources = content.removeprefix(photoshop.MARK)
        iptc, others, _ = photoshop.taken_apart(resources) if resources[:4] == b"8BIM" else (resources, None, True)
        said.metadata = replace(told, iptc=iptc or told.iptc, photoshop=others or told.photoshop)
    else:
        said.left_out.append(f"its text {name}")


def _ground(body: bytes, head: bytes, pixels: bytes) -> bytes | None:
    """Give the background colour as the result has its pixels: without palette, and of whole bytes."""
    bits, kind = head[24], head[25]
    if kind == _PALETTE:
        start = pixels.find(b"PLTE") + 4 + 3 * (body[0] if body else 0)
        colour = pixels[start : start + 3]
        return b"".join(b"\0%c" % value for value in colour) if len(colour) == 3 else None
    if len(body) != (6 if kind & 2 else 2):
        return None
    return body if bits >= 8 else struct.pack(">H", body[1] * 255 // (2**bits - 1) & 255)


def colour_space(told: Metadata) -> list[str]:
    """Name the chunks that make colours look otherwise than sRGB does."""
    found = {kind: body for kind, body in told.chunks if kind in _COLOUR}
    plain = {
        b"sRGB": True,
        b"gAMA": abs(int.from_bytes(found.get(b"gAMA", b""), "big") - _SRGB_GAMMA) < 500,
        b"cHRM": _near(found.get(b"cHRM", b"")),
        b"cICP": tuple(found.get(b"cICP", b"")) == _SRGB_CODES,
    }
    return [kind.decode() for kind in found if not plain.get(kind, False)]


def _near(body: bytes) -> bool:
    points = struct.unpack(">8I", body) if len(body) == 32 else ()
    return len(points) == 8 and all(abs(a - b) < 100 for a, b in zip(points, _SRGB_POINTS, strict=True))


def chunks_of(told: Metadata, colours: int) -> Iterator[tuple[bytes, bytes]]:
    """Give the chunks to write, colour space first.

    Args:
        told: about the picture.
        colours: bands of it without alpha.
    """
    yield from ((kind, body) for kind, body in told.chunks if kind in _COLOUR)
    if told.aspect:
        yield b"pHYs", struct.pack(">IIB", *shares(told.aspect, 2**31 - 1), 0)
    for kind, body in told.chunks:
        if kind not in _COLOUR and (kind != _GROUND or len(body) == 2 * colours):
            yield kind, body
    if told.xmp:
        yield png_texts.xmp_chunk(told.xmp)
    if told.iptc:
        yield png_texts.profile_chunk("iptc", photoshop.put_together(told.iptc, None))
    yield from (png_texts.chunk_of(text) for text in told.texts)
