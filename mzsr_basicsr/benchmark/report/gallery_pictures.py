"""The pictures of one image, as the gallery shows them: the same part of HR and of every SR image, and errors."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from mzsr_basicsr.benchmark.results import Results, Source
from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.metrics.quality import luma

__all__ = ["BRIGHTEST", "ENLARGED", "SIDE", "Exhibit", "View", "bar_colours", "error_map", "read_exhibit"]

SIDE = 512  # px, most that is shown of an image each way
BRIGHTEST = 32  # levels of luma that the brightest colour of an error map stands for
ENLARGED = "LR, bicubic"
_WINDOW = 33  # px, about what a magnified crop shows


@dataclass(frozen=True)
class View:
    """One picture of an image.

    Attributes:
        name: column, or `ENLARGED`.
        pixels: (h, w, 3) uint8 RGB.
        errors: (h, w, 3) uint8 RGB, the error map.
        measured: whether it is a column's.
    """

    name: str
    pixels: np.ndarray
    errors: np.ndarray
    measured: bool


@dataclass(frozen=True)
class Exhibit:
    """What the gallery shows of one image under one kernel.

    Attributes:
        reference: middle part of the HR image, (h, w, 3) uint8 RGB.
        full: (H, W) of the whole HR image, px.
        views: of the same part, in the order of the columns.
        missing: columns whose picture is not there.
        focus: (x, y), px, about which the views' errors differ most.
    """

    reference: np.ndarray
    full: tuple[int, int]
    views: tuple[View, ...]
    missing: tuple[str, ...]
    focus: tuple[int, int]


def read_exhibit(results: Results, source: Source, folder: Path) -> Exhibit | None:
    """Read HR and SR images one after the other and keep the middle part of each.

    SR images may reach over the HR image at the right and at the bottom. One that is missing, unreadable or smaller is
    left out. Where no column is bicubic, the LR image is enlarged so.

    Args:
        results: says which columns there are.
        source: the image under its kernel.
        folder: where the results lie.

    Returns:
        The parts; None where the HR image cannot be read.
    """
    whole = _read(folder / source.hr)
    if whole is None:
        return None
    full = (whole.shape[0], whole.shape[1])
    rows, columns = (slice((n - min(n, SIDE)) // 2, (n + min(n, SIDE)) // 2) for n in full)
    hr = whole[rows, columns].copy()  # not a window that keeps the whole image in memory
    views = []
    for name, pixels, measured in _pictures(results, source, folder, full):
        if pixels is not None and pixels.shape[0] >= full[0] and pixels.shape[1] >= full[1]:
            part = pixels[rows, columns].copy()
            views.append(View(name, part, error_map(part, hr), measured))
    names = {view.name for view in views if view.measured}
    missing = tuple(column for column in results.columns if column not in names)
    return Exhibit(hr, full, tuple(views), missing, _focus(views, hr))


def error_map(picture: np.ndarray, reference: np.ndarray, brightest: float = BRIGHTEST) -> np.ndarray:
    """Colour |picture - reference| of 8-bit luma: black is 0, light yellow so many levels or more.

    Args:
        picture: (H, W, 3) uint8 RGB.
        reference: the same.
        brightest: levels of luma that are drawn in the lightest colour.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    share = np.minimum(np.abs(luma(picture) - luma(reference)) / brightest, 1)
    return _coloured(np.rint(share * 255).astype(np.uint8))


def bar_colours(count: int = 9) -> list[str]:
    """List the colours of error maps from 0 to `BRIGHTEST` levels at equal distances, as "#000004"."""
    levels = np.rint(np.linspace(0, 255, count)).astype(np.uint8)
    return ["#" + bytes(colour).hex() for colour in _coloured(levels[None])[0]]


def _focus(views: list[View], reference: np.ndarray) -> tuple[int, int]:
    """Find where a crop shows most: (x, y) of the window in which the views' mean errors are farthest apart."""
    if not views:
        return reference.shape[1] // 2, reference.shape[0] // 2
    truth = luma(reference)
    window = (_WINDOW, _WINDOW)
    errors = np.stack([cv2.blur(np.abs(luma(view.pixels) - truth), window) for view in views])
    row, column = np.unravel_index(np.argmax(errors.max(axis=0) - errors.min(axis=0)), truth.shape)
    return int(column), int(row)


def _coloured(levels: np.ndarray) -> np.ndarray:
    """Turn (H, W) uint8 into (H, W, 3) uint8 RGB."""
    return np.ascontiguousarray(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1])


def _pictures(
    results: Results, source: Source, folder: Path, full: tuple[int, int]
) -> Iterator[tuple[str, np.ndarray | None, bool]]:
    """Read whole pictures one by one: name, (H, W, 3) uint8 RGB or None, and whether it is a column's."""
    if not any(column.casefold() == "bicubic" for column in results.columns):
        yield ENLARGED, _enlarged(results, source, folder, full), False
    key = (source.dataset, source.kernel, source.image)
    files = {m.column: m.picture for m in results.measures if (m.dataset, m.kernel, m.image) == key}
    for column in results.columns:
        yield column, _read(folder / files[column]) if column in files else None, True


def _enlarged(results: Results, source: Source, folder: Path, size: tuple[int, int]) -> np.ndarray | None:
    """Enlarge the LR image to (H, W) px, as the paper's bicubic column."""
    pixels = _read(folder / source.lr)
    scales = [kernel.scale for kernel in results.kernels if kernel.name == source.kernel]
    if pixels is None or not scales:
        return None
    planes = torch.from_numpy(pixels).movedim(-1, 0).float()
    enlarged = upscale(planes, scales[0], size=size).clamp(0, 255).round()
    return np.ascontiguousarray(enlarged.byte().movedim(0, -1).numpy())


def _read(path: Path) -> np.ndarray | None:
    """Read a picture as (H, W, 3) uint8 RGB; None where there is none, or a damaged one."""
    try:
        with Image.open(path) as image:
            return np.array(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # all that Pillow raises for bad files
        return None
