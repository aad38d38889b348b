"""XMP packets: numbers that change with a picture's size are set in place, and the rest stays byte for byte.

Patterns of bounded length look for attributes and elements under their customary prefixes; no XML parser is run on a
stranger's file, so that nothing expands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fractions import Fraction

_WIDTHS = ("tiff:ImageWidth", "exif:PixelXDimension")
_HEIGHTS = ("tiff:ImageLength", "exif:PixelYDimension")
_ORIENTATION = "tiff:Orientation"
_PER_UNIT = (
    *("tiff:XResolution", "tiff:YResolution"),
    *("exif:FocalPlaneXResolution", "exif:FocalPlaneYResolution"),
)  # px
_PIXELS = tuple(
    f"GPano:{name}"
    for name in (
        *("CroppedAreaImageWidthPixels", "CroppedAreaImageHeightPixels", "CroppedAreaLeftPixels"),
        *("CroppedAreaTopPixels", "FullPanoWidthPixels", "FullPanoHeightPixels"),
    )
)
_REGIONS = ("mwg-rs:Regions", "Iptc4xmpExt:ImageRegion", "MP:RegionInfo", "exif:SubjectArea", "exif:SubjectLocation")
_IN_PIXELS = ("exif:SubjectArea", "exif:SubjectLocation")
# What tells of further pictures and films in a file: gain maps, motion photos, what did not fit a JPEG segment.
_OTHERS = (
    *("Container:Directory", "GContainer:Directory", "hdrgm:GainMapMin", "hdrgm:GainMapMax", "hdrgm:Gamma"),
    *("hdrgm:OffsetSDR", "hdrgm:OffsetHDR"),
)
_OTHER_NAMES = (
    *(rb"hdrgm:\w{1,40}", rb"GCamera:MotionPhoto\w{0,40}", rb"GCamera:MicroVideo\w{0,40}"),
    *(rb"Camera:MotionPhoto\w{0,40}", rb"xmpNote:HasExtendedXMP", rb"MicroVideo:\w{1,40}"),
)
_VALUE = rb"[^\"'<>&]{0,64}"
_GAIN_MAP = b"hdrgm:"


def readable(xmp: bytes) -> bytes | None:
    """Give a packet in UTF-8, as JPEG and PNG want it, without what follows it; None where it is no text."""
    try:
        text = xmp.decode("utf-16" if xmp[:2] in (b"\xfe\xff", b"\xff\xfe") else "utf-8", "strict")
    except UnicodeDecodeError:
        end = xmp.find(b"?>", max(0, xmp.rfind(b"<?xpacket end"))) + 2  # GIF has bytes behind it
        text = xmp[:end].decode("utf-8", "ignore") if end > 2 and b"<?xpacket end" in xmp else ""
    text = text.rstrip("\0")
    return text.encode() if text and "\0" not in text else None


def has_gain_map(xmp: bytes | None) -> bool:
    """Tell whether a packet tells of a gain map."""
    return xmp is not None and _GAIN_MAP in xmp


def sized(xmp: bytes, width: int, height: int) -> bytes:
    """Set the sizes, px, where they are said."""
    for names, value in ((_WIDTHS, width), (_HEIGHTS, height)):
        xmp = _changed(xmp, names, lambda _, value=value: str(value))  # type: ignore[misc]
    return xmp


def scaled(xmp: bytes, scale: float) -> bytes:
    """Change what is counted in pixels (positions, panoramas, faces) or per pixel (resolutions) by a scale."""
    xmp = _changed(xmp, _PER_UNIT, lambda text: _fraction(text, scale))
    xmp = _changed(xmp, _PIXELS, lambda text: _whole(text, scale))
    for name in _IN_PIXELS:
        xmp = _within(xmp, name, lambda part: _changed(part, ("rdf:li",), lambda text: _whole(text, scale)))
    dimensions = ("stDim:w", "stDim:h")
    return _within(
        xmp, "mwg-rs:AppliedToDimensions", lambda part: _changed(part, dimensions, lambda t: _whole(t, scale))
    )


def turned(xmp: bytes) -> tuple[bytes, bool]:
    """Say that the picture lies upright, leave out where things lie in it, and tell whether there were any."""
    xmp = _changed(xmp, (_ORIENTATION,), lambda _: "1")
    bare = _without(xmp, _REGIONS)
    return bare, len(bare) < len(xmp)


def of_one_picture(xmp: bytes) -> bytes:
    """Leave out what tells of further pictures and films in the file."""
    xmp = _without(xmp, _OTHERS)
    for name in _OTHER_NAMES:
        xmp = re.sub(rb"\s{1,9}" + name + rb"\s?=\s?(?:\"" + _VALUE + rb"\"|'" + _VALUE + rb"')", b"", xmp)
        xmp = re.sub(rb"<(" + name + rb")>" + _VALUE + rb"</\1>", b"", xmp)
    return xmp


def packed(xmp: bytes, limit: int) -> bytes | None:
    """Give a packet of at most `limit` bytes, without the white space that it ends with; None where it has more."""
    if len(xmp) > limit:
        end = max(0, xmp.rfind(b"<?xpacket end"))
        xmp = xmp[:end].rstrip() + xmp[end:].strip()
    return xmp if len(xmp) <= limit else None


def _changed(xmp: bytes, names: Iterable[str], change: Callable[[str], str | None]) -> bytes:
    """Change the values of attributes and elements; what the function has no answer to stays."""

    def put(found: re.Match[bytes]) -> bytes:
        value = change(found[2].decode("utf-8", "replace").strip())
        return found[0] if value is None else found[1] + value.encode() + found[3]

    for name in names:
        word = re.escape(name).encode()
        xmp = re.sub(rb"(" + word + rb"\s{0,9}=\s{0,9}[\"'])(" + _VALUE + rb")([\"'])", put, xmp)
        xmp = re.sub(rb"(<" + word + rb"(?:\s[^<>]{0,99})?(?<!/)>)(" + _VALUE + rb")(</" + word + rb">)", put, xmp)
    return xmp


def _within(xmp: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Change the first element of a name."""
    place = _element(xmp, name.encode(), 0)
    return xmp if place is None else xmp[: place[0]] + change(xmp[place[0] : place[1]]) + xmp[place[1] :]


def _without(xmp: bytes, names: Iterable[str]) -> bytes:
    for name in names:
        kept, start = [], 0
        while (place := _element(xmp, name.encode(), start)) is not None:
            kept.append(xmp[start : place[0]])
            start = place[1]
        xmp = b"".join((*kept, xmp[start:]))
    return xmp


def _element(xmp: bytes, name: bytes, start: int) -> tuple[int, int] | None:
    """Find the first element of a name: where it starts and ends."""
    found = re.compile(rb"<" + re.escape(name) + rb"(?=[\s/>])").search(xmp, start)
    if found is None:
        return None
    head = xmp.find(b">", found.end())
    if head > 0 and xmp[head - 1 : head] == b"/":
        return found.start(), head + 1
    closing = xmp.find(b"</" + name + b">", found.end())
    return None if closing < 0 else (found.start(), closing + len(name) + 3)


def _whole(text: str, scale: float) -> str | None:
    return str(round(int(text) * scale)) if re.fullmatch(r"\d{1,9}", text) else None


def _fraction(text: str, scale: float) -> str | None:
    if not re.fullmatch(r"\d{1,9}/0{0,8}[1-9]\d{0,8}|\d{1,9}", text):
        return None
    value = Fraction(text) * Fraction(scale).limit_denominator(10_000)
    return f"{value.numerator}/{value.denominator}"
