"""Reading and writing animated GIFs frame by frame; blocks that Pillow encodes are spliced as GIF89a lays them out."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import GifImagePlugin, Image

from mzsr_basicsr.clips.clip import KEPT, Clip, Colour, Frame, TimedFrame, reporting
from mzsr_basicsr.clips.copy import Copied

_TICK = Fraction(1, 1000)
_HEADER = 13  # bytes: signature, size, flags of the colour table
_MOST = 2**26  # px of a frame, which takes twelve times as many bytes
_CLEAR = 255  # the palette entry of transparent pixels
_UNSAID_MS = 100  # how long players show a frame with a delay of 0


def probe_gif(source: Path) -> Clip:
    """Read what a GIF says of itself.

    Raises:
        ImageError: If it is damaged or no GIF.
    """
    with reporting(source, "read this GIF"), Image.open(source, formats=("GIF",)) as image:
        width, height = image.size
        if width * height > _MOST:
            raise ValueError(f"{width}x{height} px are more than {_MOST}")
        delay = image.info.get("duration") or _UNSAID_MS
        return Clip(
            source=source,
            width=width,
            height=height,
            time_base=_TICK,
            rate=Fraction(1000, int(delay)),
            frames=getattr(image, "n_frames", 1),
            colour=Colour(1, 1, 1, 1),
            loop=image.info.get("loop"),
            is_gif=True,
        )


def read_gif(clip: Clip) -> Iterator[TimedFrame]:
    """Decode the frames of a GIF one at a time, as shown: each one whole, transparent pixels white.

    Raises:
        ImageError: If it is damaged.
    """
    start = 0
    with reporting(clip.source, "decode this GIF"), Image.open(clip.source, formats=("GIF",)) as image:
        for index in range(clip.frames):
            image.seek(index)
            if image.size != (clip.width, clip.height):  # Pillow lets a frame enlarge the picture
                raise ValueError(f"a frame of {image.width}x{image.height} px in {clip.width}x{clip.height} px")
            length = int(image.info.get("duration") or _UNSAID_MS)
            pixels = np.array(image.convert("RGBA"))
            clear = pixels[..., 3] < 128
            pixels[clear] = 255
            colours, holes = np.ascontiguousarray(pixels[..., :3]), clear if clear.any() else None
            yield TimedFrame(colours, start, length, holes, packed=math.inf)
            start += length


class GifPart:
    """One part of a clip on its way into a GIF of its own; leaving it as a context manager ends the file."""

    def __init__(self, path: Path, clip: Clip, target: Path) -> None:
        self._clip, self._target = clip, target
        self._empty = True
        with self._reporting():
            self._stream: BinaryIO = path.open("wb")

    def add(self, picture: TimedFrame) -> None:
        """Write one upscaled frame with its own palette of up to 256 colours, turned as the source asks.

        Raises:
            ImageError: If it cannot be written.
        """
        clip = self._clip
        with self._reporting():
            size, picture_block = _encode(np.rot90(picture.pixels, clip.rotation // 90), picture.clear)
            if self._empty:
                self._stream.write(b"GIF89a" + struct.pack("<2H", *size) + bytes(3))
                self._empty = False
            # Differences of rounded times, so that roundings do not add up over the clip.
            ends = (picture.start, picture.start + picture.length)
            begin, end = (round(tick * clip.time_base * 100) for tick in ends)
            self._stream.write(_control(end - begin, picture.clear is not None) + picture_block)

    def __enter__(self) -> GifPart:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._reporting(), self._stream:
            if kind is None:
                self._stream.write(b";")

    def _reporting(self) -> AbstractContextManager[None]:
        return reporting(self._target, "write the GIF", KEPT)


class GifSink:
    """Writes .gif: a palette for each frame, delays in 1/100 s, no sound.

    Loop count and transparency of a GIF are kept; a video plays for ever. Players slow a GIF down that has more than
    50 frames per second.
    """

    def __init__(self, clip: Clip, target: Path) -> None:
        self._clip, self._target = clip, target

    def part(self, path: Path, first: Frame) -> GifPart:
        """Begin a part that takes frames of the size of `first`."""
        return GifPart(path, self._clip, self._target)

    def join(self, parts: Sequence[Path], path: Path, frames: int, end: int) -> Copied:
        """Join the parts without encoding again.

        Args:
            parts: files that `part` has written, in order.
            path: the file to write.
            frames: not needed for a GIF.
            end: not needed for a GIF.

        Raises:
            ImageError: If the file cannot be written.
        """
        sound = "left out: a GIF has no sound" if self._clip.sounds else "none"
        with reporting(self._target, "write the GIF", KEPT), path.open("wb") as stream:
            stream.write(parts[0].read_bytes()[:_HEADER] + _loop(self._clip.loop if self._clip.is_gif else 0))
            for part in parts:
                stream.write(part.read_bytes()[_HEADER:-1])
            stream.write(b";")
        return Copied(sound, left_out=self._clip.others)


def _encode(pixels: Frame, clear: np.ndarray | None) -> tuple[tuple[int, int], bytes]:
    """Turn a frame into its size in px and an image block of GIF with its own colour table."""
    pixels = pixels if pixels.dtype == np.uint8 else np.rint(pixels / 257).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    flat = image.quantize(256 if clear is None else _CLEAR, Image.Quantize.MEDIANCUT)
    if clear is not None:
        # A palette that is not full would be cut off before the transparent entry.
        flat.putpalette((flat.getpalette() or [])[: 3 * _CLEAR] + [255] * 3)
        flat.paste(_CLEAR, mask=Image.fromarray(clear).resize(flat.size, Image.Resampling.NEAREST))
    return image.size, b"".join(GifImagePlugin.getdata(flat, include_color_table=True))


def _control(delay: int, transparent: bool) -> bytes:
    """Build the block before an image: its delay in 1/100 s, and that it is cleared after being shown."""
    return b"!\xf9\x04" + struct.pack("<BHBx", 2 << 2 | transparent, delay, _CLEAR)


def _loop(times: int | None) -> bytes:
    return b"" if times is None else b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<Hx", times)
