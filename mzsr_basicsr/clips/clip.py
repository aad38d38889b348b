"""What a clip is to this package: its frames, what is known before they are decoded, and how its errors read."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol, TypeVar

import av
import numpy as np
from PIL.Image import DecompressionBombError

from mzsr_basicsr.errors import ImageError

# The last two are Pillow's, of GIF files.
FAILURES = (
    av.FFmpegError,
    OSError,
    EOFError,
    ValueError,
    SyntaxError,
    struct.error,
    LookupError,
    DecompressionBombError,
)

Frame = np.ndarray
"""(H, W, 3) RGB, uint8, or uint16 over its whole range for clips of more than 8 bits."""

Adapted = Callable[[Frame], Frame]
"""Upscales one frame of the shot it was made for; every result of a clip has the same size."""


class Upscaling(Protocol):
    """Called with frames of a shot; its result upscales every frame of that shot."""

    def __call__(self, shot: Sequence[TimedFrame], /) -> Adapted:
        """Adapt to a shot by some of its frames, spread over its beginning, in order."""


@dataclass(frozen=True)
class Colour:
    """Colour tags, as the numbers of ITU-T H.273.

    Attributes:
        range: 1 for limited (16 to 235), 2 for full.
        primaries: 2 if the clip does not say.
        transfer: 2 if the clip does not say.
        matrix: of YCbCr; decoding and encoding use the same one. Never unknown.
    """

    range: int
    primaries: int
    transfer: int
    matrix: int


@dataclass(frozen=True)
class Clip:
    """What is known of a clip before its frames are decoded.

    Attributes:
        source: its file.
        width: px.
        height: px.
        time_base: seconds of one tick.
        rate: frames per second, the average if it varies.
        frames: how many there are, an estimate; 0 if the file does not tell.
        colour: its colour tags.
        aspect: width over height of one pixel.
        display: the nine numbers of the display matrix that players turn and flip the clip by; None for none.
        rotation: degrees counter-clockwise of that matrix, without its flips.
        loop: how often a GIF starts again, 0 for ever; None to play once.
        is_gif: whether the source is a GIF.
        sounds: how many audio streams there are.
        bits: of a colour.
        alpha: whether its pixels are more or less transparent.
        light: its HDR metadata, see `hdr.light_of`.
        others: what the file holds beside the main picture and its sound, in words.
        lost: what of it is not read, in words.
    """

    source: Path
    width: int
    height: int
    time_base: Fraction
    rate: Fraction
    frames: int
    colour: Colour
    aspect: Fraction = Fraction(1)
    display: tuple[int, ...] | None = None
    rotation: int = 0
    loop: int | None = None
    is_gif: bool = False
    sounds: int = 0
    bits: int = 8
    alpha: bool = False
    light: str = ""
    others: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class TimedFrame:
    """One frame and when it is shown.

    Attributes:
        pixels: see `Frame`.
        start: ticks of the clip's time base.
        length: ticks until the next frame, at least 1.
        clear: (h, w) bool, where a GIF is transparent, of the size before upscaling; None if it is nowhere.
        intra: whether it was stored by itself, without reference to other frames.
        packed: bits a pixel it was stored in, infinite if without loss; 0 if that is not known.
    """

    pixels: Frame
    start: int
    length: int
    clear: np.ndarray | None = None
    intra: bool = True
    packed: float = 0.0


_Item = TypeVar("_Item")


def with_next(items: Iterable[_Item]) -> Iterator[tuple[_Item, _Item | None]]:
    """Give each item with the one after it, None after the last; one item is held back."""
    held: list[_Item] = []
    for item in items:
        if held:
            yield held.pop(), item
        held.append(item)
    for item in held:
        yield item, None


KEPT = "; finished frames are kept beside it, give the same command again to go on"


@contextmanager
def reporting(path: Path, action: str, advice: str = "") -> Iterator[None]:
    """Turn what av, Pillow and the file system raise into one line: "PATH: cannot ACTION (reason)ADVICE".

    Raises:
        ImageError: In place of `FAILURES`.
    """
    try:
        yield
    except ImageError:
        raise
    except FAILURES as error:
        text = getattr(error, "strerror", None) or str(error)
        reason = " ".join(text.split()) or type(error).__name__
        raise ImageError(f"{path}: cannot {action} ({reason}){advice}") from error
