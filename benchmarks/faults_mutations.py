"""Ways to damage a file: bits, lengths, ends, parts of others; inside of what is packed or has checksums, too."""

import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

Change = tuple[str, int, bytes]  # what is done, where, with what
_EXTREMES = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    2**63,
    2**64 - 1,
)
_WORDS = (
    b"null", b"[]", b"{}", b"-1", b"0", b"1e999", b".nan", b"''", b"yes", b"[1, [2, [3]]]", b"{a: {b: c}}", b"\xff",
    b"99999999999999999999", b"2001-01-01", b"!!python/name:os.system", b"!!binary aGk=", b"&a [*a]", b"../../x", b"~",
)  # fmt: skip


def drawn(chance: random.Random, data: bytes, others: list[bytes], text: bool) -> list[Change]:
    """Draw one to three changes of a file.

    Args:
        chance: of all that is drawn.
        data: content of the file.
        others: contents of other files, parts of which may be put into it.
        text: it is YAML, whose values are exchanged.
    """
    kinds = ["flip", "number", "cut", "splice", "remove", "repeat"] + ["word"] * 6 * text
    return [_draw(chance.choice(kinds), chance, data, others) for _ in range(chance.choice((1, 1, 2, 3)))]


def _draw(kind: str, chance: random.Random, data: bytes, others: list[bytes]) -> Change:
    # Most of what is worth changing stands at the front; some formats have their directory at the end.
    size = max(1, len(data))
    reach = chance.choice((min(size, 64), min(size, 512), size))
    place = chance.randrange(reach) if chance.random() < 0.8 else size - 1 - chance.randrange(reach)
    if kind == "flip":
        return kind, place, bytes([1 << chance.randrange(8)])
    if kind == "number":
        width, order = chance.choice("BHIQ"), chance.choice("<>")
        value = chance.choice((*_EXTREMES, chance.getrandbits(16)))
        return kind, place, struct.pack(order + width, value & (2 ** (8 * struct.calcsize(order + width)) - 1))
    if kind == "splice":
        other = chance.choice(others)
        start = chance.randrange(max(1, len(other)))
        return kind, place, other[start : start + chance.choice((1, 4, 16, 256, 4096))]
    if kind == "word":
        return kind, chance.randrange(size), chance.choice(_WORDS)
    length = chance.choice((1, 4, 64, 1024))
    return kind, place, data[place : place + length] if kind == "repeat" else bytes(length)


def changed(data: bytes, changes: list[Change]) -> bytes:
    """Apply changes, one after the other."""
    for kind, place, content in changes:
        place = min(place, len(data))
        end = place + len(content)
        if kind == "flip":
            data = data[:place] + bytes(one ^ content[0] for one in data[place:end]) + data[end:]
        elif kind in ("number", "splice"):
            data = data[:place] + content + data[end:]
        elif kind == "cut":
            data = data[:place]
        elif kind == "remove":
            data = data[:place] + data[end:]
        elif kind == "repeat":
            data = data[:place] + content + data[place:]
        elif kind == "word":
            data = _with_word(data, place, content)
    return data


def _with_word(data: bytes, place: int, word: bytes) -> bytes:
    """Put a word in the place of the value at, or after, a place of a YAML text."""
    colon = data.find(b": ", place)
    if colon < 0:
        return data + word
    ends = [end for end in (data.find(mark, colon) for mark in (b"\n", b",", b"}")) if end > 0]
    return data[: colon + 2] + word + data[min(ends, default=len(data)) :]


def inside(name: str, data: bytes, change: Callable[[bytes], bytes], chance: random.Random) -> bytes:
    """Change what a file has packed, or mend its checksums afterwards, so that more than those are met."""
    if name.endswith(".png"):
        return _summed(change(data))
    if name.endswith(".gz"):
        return gzip.compress(change(gzip.decompress(data)))
    if name.endswith((".pth", ".state")) and zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = {one: packed.read(one) for one in packed.namelist()}
        chosen = next((one for one in members if one.endswith("data.pkl")), "")
        chosen = chosen if chance.random() < 0.8 else chance.choice(list(members))
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as packed:
            for one, content in members.items():
                packed.writestr(one, change(content) if one == chosen else content)
        return made.getvalue()
    return change(data)


def _summed(data: bytes) -> bytes:
    """Set the checksums of a PNG file's chunks."""
    place, made = 8, data[:8]
    while place + 12 <= len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        chunk = data[place + 4 : place + 8 + length]
        if len(chunk) < length + 4:
            break
        made += data[place : place + 4] + chunk + struct.pack(">I", zlib.crc32(chunk))
        place += length + 12
    return made + data[place:]
