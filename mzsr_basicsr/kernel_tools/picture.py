"""Drawings of kernels for people to read: the weights as squares, the ellipse of one deviation, and labelled rows."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from mzsr_basicsr.degradation.kernels import validate_kernel
from mzsr_basicsr.degradation.spread import as_gaussian, centre, covariance

_FONT = 14  # px
_LINE = 18  # px from one line of text to the next
_CHARACTER = 7  # px, usual width of one
_WHITE = 255
_FRACTION = 4  # bits after the point of OpenCV's coordinates
_SMALLEST_PARTED = 6  # px of a square that has lines around it
_SMALLEST_MARKED = 3  # px of a square; below it the ellipse would hide the kernel
_CORNERS = 90  # of the polygon that stands for an ellipse


def draw_kernel(kernel: Tensor, side: int = 240, title: str = "", peak: float | None = None) -> np.ndarray:
    """Draw a kernel: each weight a square from black (0) over red to light yellow (the largest).

    The ellipse lies one deviation around the centre of mass, whose place a dot marks; a frame marks the
    centre pixel. Where a square has less than 3 px, they are left out.

    Args:
        kernel: (k, k), k odd, [row, column].
        side: of the square drawing, px; at least one px a weight is taken.
        title: lines above it, wrapped; none without.
        peak: weight that is light yellow, so that kernels can be compared by eye; default the kernel's largest.

    Returns:
        (H, W, 3) uint8 RGB, `side` px wide, or wider for a kernel of more px or a long word in the title.

    Raises:
        KernelError: it is not a kernel.

    Example:
        >>> from mzsr_basicsr.degradation.kernels import delta_kernel
        >>> draw_kernel(delta_kernel(3), side=240, title="no blur").shape[1]
        240
        >>> draw_kernel(delta_kernel(3), side=3).sum(axis=-1).argmax().item()  # a pixel each: the middle is light
        4
    """
    weights = validate_kernel(kernel.detach().cpu(), "kernel to draw")
    levels = np.clip(weights.numpy() / (peak or float(weights.max())), 0, 1)
    colours = cv2.applyColorMap(np.rint(levels * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    drawn, cell = _enlarge(colours, side)
    _grid(drawn, cell)
    if cell >= _SMALLEST_MARKED:
        _overlay(drawn, weights, cell)
    return _titled(_centred(drawn, side, side), title)


def draw_difference(first: Tensor, second: Tensor, side: int = 240, title: str = "") -> np.ndarray:
    """Draw second - first: white is equal, red is more in the second, blue is less; the largest difference is pure.

    Args:
        first: (k, k).
        second: (k, k), of the same size.
        side: of the square drawing, px.
        title: as for `draw_kernel`.

    Returns:
        (H, W, 3) uint8 RGB.

    Example:
        >>> from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
        >>> drawn = draw_difference(gaussian_kernel(1.0, 1.0, 0.0, size=3), delta_kernel(3), side=9)
        >>> drawn.shape, drawn[4, 4].tolist()  # more in the second: red
        ((9, 9, 3), [255, 0, 0])
    """
    difference = (second - first).detach().cpu().double().numpy()
    share = difference / max(float(np.abs(difference).max()), 1e-12)
    pale = np.rint(_WHITE * (1 - np.abs(share)))
    colours = np.stack([np.where(share < 0, pale, _WHITE), pale, np.where(share > 0, pale, _WHITE)], axis=-1)
    drawn, cell = _enlarge(colours.astype(np.uint8), side)
    _grid(drawn, cell)
    cv2.rectangle(drawn, (0, 0), (drawn.shape[1] - 1, drawn.shape[0] - 1), (160, 160, 160))
    return _titled(_centred(drawn, side, side), title)


def labelled_row(pictures: Sequence[tuple[str, np.ndarray]], gap: int = 8) -> np.ndarray:
    """Put pictures side by side on white, each with its label below.

    Args:
        pictures: label (wrapped; printable ASCII and °), and (H, W, 3) uint8 RGB; sizes may differ.
        gap: px between and around them.

    Returns:
        (H, W, 3) uint8 RGB.

    Example:
        >>> black = np.zeros((50, 40, 3), np.uint8)
        >>> labelled_row([("true", black), ("told", black)], gap=8).shape[1]  # 8 + 40 + 8 + 40 + 8
        104
    """
    height = max(picture.shape[0] for _, picture in pictures)
    labels = [_text(label, picture.shape[1]) for label, picture in pictures]
    below = max(label.shape[0] for label in labels)
    tiles = []
    for (_, picture), label in zip(pictures, labels, strict=True):
        width = max(picture.shape[1], label.shape[1])
        parts = [_centred(part, part.shape[0], width) for part in (picture, label)]
        above, rest = height - picture.shape[0], below - label.shape[0]  # pictures stand on one line
        tiles.append(
            np.pad(np.concatenate(parts), ((gap + above, gap // 2 + rest), (gap, 0), (0, 0)), constant_values=_WHITE)
        )
    return np.pad(np.concatenate(tiles, axis=1), ((0, 0), (0, gap), (0, 0)), constant_values=_WHITE)


def _enlarge(colours: np.ndarray, side: int) -> tuple[np.ndarray, int]:
    """Make each of (k, k, 3) a square of some px: the drawing, and px a square."""
    cell = max(1, side // colours.shape[0])
    return np.ascontiguousarray(colours.repeat(cell, axis=0).repeat(cell, axis=1)), cell


def _grid(drawn: np.ndarray, cell: int) -> None:
    """Part the squares by lines, where they are large enough."""
    if cell < _SMALLEST_PARTED:
        return
    for lines in (drawn[cell::cell], drawn[:, cell::cell]):
        lines[:] = (lines.astype(np.uint16) * 3 + 64) // 4  # a quarter towards grey


def _overlay(drawn: np.ndarray, weights: Tensor, cell: int) -> None:
    """Frame the centre pixel, and draw the ellipse and the dot at the centre of mass."""
    middle = (drawn.shape[0] - 1) / 2
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (cell / 2)
    _line(drawn, square + middle, (64, 224, 208))
    spread = as_gaussian(covariance(weights))
    x, y = (middle + cell * float(offset) for offset in centre(weights))
    turn = np.arange(_CORNERS) * 2 * math.pi / _CORNERS
    cosine, sine = math.cos(spread.theta), math.sin(spread.theta)
    along = math.sqrt(max(spread.lambda1, 0.0)) * np.cos(turn)  # weights may be as low as -1e-6
    across = math.sqrt(spread.lambda2) * np.sin(turn)
    points = np.stack([cosine * along - sine * across, sine * along + cosine * across], axis=1) * cell + (x, y)
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):  # seen on dark and on light squares
        _line(drawn, points, colour, thickness)
        _line(drawn, np.array([(x, y)]), colour, thickness + 2)


def _line(drawn: np.ndarray, points: np.ndarray, colour: tuple[int, int, int], thickness: int = 1) -> None:
    fixed = np.rint(points * 2**_FRACTION).astype(np.int32)
    cv2.polylines(drawn, [fixed], True, colour, thickness, cv2.LINE_AA, _FRACTION)


def _centred(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Extend a picture on all sides by white, to at least this size, px."""
    margins = []
    for own, wanted in zip(picture.shape[:2], (height, width), strict=True):
        missing = max(0, wanted - own)
        margins.append((missing // 2, missing - missing // 2))
    return np.pad(picture, (*margins, (0, 0)), constant_values=_WHITE)


def _titled(drawn: np.ndarray, title: str) -> np.ndarray:
    if not title:
        return drawn
    text = _text(title, drawn.shape[1])
    width = max(text.shape[1], drawn.shape[1])
    return np.concatenate([_centred(text, text.shape[0], width), _centred(drawn, drawn.shape[0], width)])


def _text(text: str, width: int) -> np.ndarray:
    """Write lines of black on white, (H, W, 3) uint8; only one that cannot be wrapped is wider than `width` px."""
    font = ImageFont.load_default(_FONT)
    plain = "".join(c if c == "°" or (c.isascii() and c.isprintable()) else "?" for c in text)  # all that it has
    lines = textwrap.wrap(plain, max(8, width // _CHARACTER)) or [""]
    broad = math.ceil(max(font.getlength(line) for line in lines)) + 2
    canvas = Image.new("RGB", (broad, _LINE * len(lines) + 4), "white")
    pen = ImageDraw.Draw(canvas)
    for row, line in enumerate(lines):
        pen.text((1, 2 + _LINE * row), line, "black", font)
    return np.asarray(canvas)
