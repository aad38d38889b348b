"""What must be known of a wide image before it is worked on: its range, and a part of it without holes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.bands import Bands
from mzsr_basicsr.pictures.holes import FEWEST, block_side, clear_blocks, find_holes
from mzsr_basicsr.pictures.prepare import prepared_part
from mzsr_basicsr.pictures.ranges import SAMPLE, fence
from mzsr_basicsr.upscaling.wide import Clear, Wide

_OPAQUE = (1.0, 255.0, 65535.0)  # of alpha in floats


def surveyed(image: Wide, measure: bool) -> Wide:
    """Read an image once or twice, and give it with its range.

    Args:
        image: its range unknown.
        measure: the range of 16 bits is that of their values but for outliers, as it is of floats; else it is all.

    Raises:
        ImageError: hardly any pixel has data.
    """
    colours = image.shape[2] - image.alpha
    top = float(np.iinfo(image.dtype).max) if image.dtype.kind != "f" else 1.0
    whole = Bands(colours, image.alpha, 0.0, top)
    measured = image.dtype.kind == "f" or (measure and image.dtype != np.uint8)
    if not measured and not (image.masked or image.nodata is not None):
        return replace(image, bands=whole)
    found = _look(image, colours)
    if min(found.counts) < FEWEST:
        band = int(np.argmin(found.counts))
        raise ImageError(
            f"{image.name}: {found.counts[band]} px of band {band + 1} hold data, all others NaN, infinite, masked or "
            f"no-data; at least {FEWEST} px must"
        )
    if not measured:
        return replace(image, bands=whole)
    low, high = _range(image, found)
    if image.dtype.kind == "f" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    opaque = None if not image.alpha else _opaque(image.dtype, found.alpha)
    return replace(image, bands=Bands(colours, image.alpha, low, high if high > low else low + 1, opaque))


def clear_part_of(image: Wide) -> Clear:
    """Find what to judge and to learn from: all, or the largest rectangle without holes and outliers."""
    height, width = image.shape[:2]
    rows, columns = slice(0, height), slice(0, width)
    if image.masked or image.nodata is not None or image.dtype != np.uint8:
        block = block_side(height, width)
        clear = np.ones((-(-height // block), -(-width // block)), bool)
        for top, left, (raw, missing) in image.pieces():
            ready = prepared_part(raw, image.known, image.nodata, missing)
            for mask in (ready.holes, ready.outliers):
                if mask is not None:
                    y, x = np.nonzero(mask.any(2))
                    clear[(y + top) // block, (x + left) // block] = False
        rows, columns = clear_blocks(clear, height, width)
    return Clear(image, (rows.start, rows.stop), (columns.start, columns.stop))


@dataclass(frozen=True)
class _Look:
    """Of each band of colour: values with data, the least and the largest, some of them; and the largest alpha."""

    counts: list[int]
    lows: list[float]
    highs: list[float]
    some: list[np.ndarray]
    alpha: float


def _look(image: Wide, colours: int) -> _Look:
    step = max(1, round((image.shape[0] * image.shape[1] / SAMPLE) ** 0.5))
    counts, lows, highs = [0] * colours, [np.inf] * colours, [-np.inf] * colours
    some: list[list[np.ndarray]] = [[] for _ in range(colours)]
    alpha = 0.0
    for top, left, raw, valid in _valid(image, colours):
        alpha = max(alpha, float(raw[:, :, -1].max())) if image.alpha else 0.0
        thin = slice(-top % step, None, step), slice(-left % step, None, step)
        for band in range(colours):
            own = valid[:, :, min(band, valid.shape[2] - 1)]
            values = raw[:, :, band][own]
            if values.size:
                counts[band] += values.size
                lows[band], highs[band] = min(lows[band], float(values.min())), max(highs[band], float(values.max()))
            some[band].append(raw[:, :, band][thin][own[thin]])
    return _Look(counts, lows, highs, [np.concatenate(values) for values in some], alpha)


def _valid(image: Wide, colours: int) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
    """Read pieces: top, left, (h, w, C) and where there is data, (h, w, 1 or colours)."""
    for top, left, (raw, missing) in image.pieces():
        holes = find_holes(raw, colours, image.nodata)
        valid = np.ones((*raw.shape[:2], 1), bool) if holes is None else ~holes
        yield top, left, raw, valid if missing is None else valid & ~missing[:, :, None]


def _range(image: Wide, found: _Look) -> tuple[float, float]:
    """Give the least and the largest value of all bands but for each band's outliers; see `ranges.usual_range`."""
    low, high = min(found.lows), max(found.highs)
    if image.dtype.kind == "f" and low >= 0 and high <= 1:
        return low, high
    fences = [fence(np.sort(some).astype(np.float64)) if some.size else (low, high) for some in found.some]
    ends = zip(found.lows, found.highs, strict=True)
    if all(least <= low and high <= most for (least, most), (low, high) in zip(fences, ends, strict=True)):
        return low, high
    lows, highs = [np.inf], [-np.inf]
    for _, _, raw, valid in _valid(image, len(fences)):
        for band, (least, most) in enumerate(fences):
            values = raw[:, :, band][valid[:, :, min(band, valid.shape[2] - 1)]]
            usual = values[(values >= least) & (values <= most)]
            lows += [float(usual.min())] if usual.size else []
            highs += [float(usual.max())] if usual.size else []
    return min(lows), max(highs)


def _opaque(kind: np.dtype, largest: float) -> float:
    """Give the alpha of opaque pixels."""
    if kind.kind != "f":
        return float(np.iinfo(kind).max)
    return next((value for value in _OPAQUE if largest <= value), largest)
