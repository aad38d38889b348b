"""What a network cannot be shown is put back into its result: pixels without data, and values beyond the range.

Both keep their places: an output pixel has no data, or lies beyond the range, where the nearest pixel of the image
does, so that nothing of them spreads into neighbours.
"""

from dataclasses import dataclass

import numpy as np

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.pictures.bands import Bands
from mzsr_basicsr.pictures.holes import holds
from mzsr_basicsr.pictures.picture import row_blocks
from mzsr_basicsr.pictures.prepare import Prepared

_BLOCK = 2**20  # bytes of the result at once; some ten times as many are needed
_TIE = 1e-6  # px; what lies so near to the middle between two pixels belongs to the lower one


@dataclass(frozen=True, eq=False)
class Taps:
    """Where output pixels of one axis lie on the image: the nearest pixel, the one below, the next, and its weight."""

    nearest: np.ndarray
    below: np.ndarray
    above: np.ndarray
    share: np.ndarray


def put_back(result: np.ndarray, image: np.ndarray, ready: Prepared, scale: float, how: Degradation) -> np.ndarray:
    """Write pixels without data and values beyond the range into a result.

    Args:
        result: (ceil(scale * H), ceil(scale * W), C), is changed; all within the range.
        image: (H, W, C) of the same type.
        ready: the image as the network saw it.
        scale: output over input.
        how: the network's own scale, and its subsampling, which says where on the image its output lies.

    Returns:
        The result.
    """
    rows, columns = (taps((0, result.shape[axis]), image.shape[axis], scale, how) for axis in (0, 1))
    return put_back_by(result, image, ready, rows, columns)


def put_back_by(result: np.ndarray, image: np.ndarray, ready: Prepared, rows: Taps, columns: Taps) -> np.ndarray:
    """Do as `put_back` for a part of a result and a part of its image, by where the one lies on the other."""
    if ready.holes is None and ready.outliers is None and ready.nodata is None:
        return result
    colours = ready.bands.colours
    for block in row_blocks(result, _BLOCK):
        here = Taps(*(part[block] for part in (rows.nearest, rows.below, rows.above, rows.share)))
        part = result[block, :, :colours]
        if ready.outliers is not None:
            _write_outliers(part, image, ready.bands, ready.outliers, (here, columns))
        _avoid(part, ready)
        if ready.holes is not None:
            place = np.ix_(here.nearest, columns.nearest)
            np.copyto(part, image[place][..., :colours], where=ready.holes[place])
    return result


def _avoid(part: np.ndarray, ready: Prepared) -> None:
    """Move what happens to have the value of no data to the next value of its type, or it would be taken for none."""
    if ready.nodata is None or not np.isfinite(ready.nodata):
        return
    if part.dtype.kind != "f" and not (float(ready.nodata).is_integer() and holds(part.dtype, ready.nodata)):
        return
    with np.errstate(over="ignore"):
        value = np.array(ready.nodata).astype(part.dtype)
    if part.dtype.kind == "f":
        inward = np.nextafter(value, np.array((ready.bands.low + ready.bands.high) / 2).astype(part.dtype))
        part[part == value] = inward
    else:
        part[(part == value).all(2)] = value + 1 if value == np.iinfo(part.dtype).min else value - 1


def taps(part: tuple[int, int], length: int, scale: float, how: Degradation, first: int = 0) -> Taps:
    """Find where output pixels lie along one axis.

    Args:
        part: the first px of the output, and the one after the last.
        length: of the image, px.
        scale: output over input.
        how: see `put_back`.
        first: px of the image that places are counted from.
    """
    own = float(how.scale)
    on_own = (np.arange(*part) + 0.5) * own / scale - 0.5  # px of the network's own output
    place = on_own / own if how.subsampling == "direct" else (on_own + 0.5) / own - 0.5
    place = place.clip(0, length - 1)
    below = np.floor(place).astype(np.intp)
    nearest = np.ceil(place - 0.5 - _TIE).astype(np.intp)
    above = (below + 1).clip(max=length - 1)
    return Taps(nearest.clip(0) - first, below - first, above - first, place - below)


def _write_outliers(
    part: np.ndarray, image: np.ndarray, bands: Bands, outliers: np.ndarray, taps: tuple[Taps, Taps]
) -> None:
    """Write the values beyond the range into some rows of the result, (h, w, colours).

    They are interpolated linearly among outliers of their side alone, so that they neither ring nor bleed.
    """
    rows, columns = taps
    first, last = int(rows.below.min()), int(rows.above.max()) + 1
    values = image[first:last, :, : bands.colours].astype(np.float64)
    local = Taps(rows.nearest - first, rows.below - first, rows.above - first, rows.share)
    place = np.ix_(local.nearest, columns.nearest)
    for side, extreme in ((values > bands.high, np.max), (values < bands.low, np.min)):
        outside = side & outliers[first:last]
        if outside.any():
            origin = extreme(values[outside])  # so that a patch of one value keeps every bit of it
            summed = _linear(np.where(outside, values - origin, 0), local, columns)
            weight = _linear(outside.astype(np.float64), local, columns)
            inside = outside[place]
            levels = origin + summed[inside] / weight[inside]
            part[inside] = (levels if part.dtype.kind == "f" else np.rint(levels)).astype(part.dtype)


def _linear(values: np.ndarray, rows: Taps, columns: Taps) -> np.ndarray:
    """Interpolate (h, w, C) linearly."""
    down, across = rows.share[:, None, None], columns.share[:, None]
    tall = values[rows.below] * (1 - down) + values[rows.above] * down
    return tall[:, columns.below] * (1 - across) + tall[:, columns.above] * across
