"""Frames of a file of the field: one plan serves them all, and each is enlarged in the values that its file stores.

A frame of 8 bits goes as it is. Any other is given to the network as floating numbers, so that what it holds fills the
network's range, wherever in the range of its type that lies; what holds no data is NaN on the way.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mzsr_basicsr.degradation.resize import output_length
from mzsr_basicsr.pictures.holes import FEWEST
from mzsr_basicsr.pictures.prepare import prepared
from mzsr_basicsr.upscaling.plan import Plan
from mzsr_basicsr.upscaling.render import Progress
from mzsr_basicsr.upscaling.upscaler import Upscaler

NOT_FOR_DIAGNOSIS = "results made of medical images are not for diagnosis: details in them may be invented"
NOISIEST = 100 / 255  # σ that a network is told at most
_EXACT_IN_FLOAT32 = 2**24


@dataclass(frozen=True)
class Values:
    """What the stored values of a file may be.

    Attributes:
        dtype: they are stored as.
        low: the least that may be stored; of floats minus infinity.
        high: the greatest.
        nodata: the value that stands for no data; None for none.
        nodata_limit: the other end of a range of such values; None if it is one value.
    """

    dtype: np.dtype
    low: float
    high: float
    nodata: float | None = None
    nodata_limit: float | None = None

    def shown(self, frame: np.ndarray) -> np.ndarray:
        """Give what a network is shown of a frame: (H, W, C) uint8, or floating, NaN where it holds no data."""
        if frame.dtype.kind == "f":
            plain = frame if frame.dtype in (np.float32, np.float64) else frame.astype(np.float64)
        elif frame.dtype == np.uint8 and (self.low, self.high) == (0, 255) and self.nodata is None:
            return frame
        else:
            exact = max(-self.low, self.high) <= _EXACT_IN_FLOAT32
            plain = frame.astype(np.float32 if exact else np.float64)
        empty = self.holes(frame)
        return plain if empty is None else np.where(empty, np.array(np.nan, plain.dtype), plain)

    def holes(self, frame: np.ndarray) -> np.ndarray | None:
        """Tell where a frame holds the value of no data, or one of the range: (H, W, C) bool; None: there is none."""
        if self.nodata is None:
            return None
        end = self.nodata if self.nodata_limit is None else self.nodata_limit
        low, high = min(self.nodata, end), max(self.nodata, end)
        return np.asarray((frame >= low) & (frame <= high))

    def stored(self, result: np.ndarray) -> np.ndarray:
        """Give what is stored of a result that `shown` led to: whole numbers are rounded and clipped."""
        if self.dtype.kind == "f":
            filled = result if self.nodata is None else np.where(np.isnan(result), self.nodata, result)
            return filled.astype(self.dtype)
        if result.dtype == self.dtype:
            return result
        empty = np.isnan(result)
        whole = np.rint(np.where(empty, self.low, result.astype(np.float64))).clip(self.low, self.high)
        if self.nodata is None:
            return whole.astype(self.dtype)
        beside = self.nodata_limit if self.nodata_limit is not None else self.nodata
        whole[self.holes(whole)] = self._next_to(self.nodata, beside)
        whole[empty] = self.nodata
        return whole.astype(self.dtype)

    def _next_to(self, one: float, other: float) -> float:
        """Give the nearest value that does hold data, on the side where most values are."""
        low, high = min(one, other), max(one, other)
        return high + 1 if self.high - high >= low - self.low else low - 1


@dataclass(frozen=True, eq=False)
class Planned:
    """A plan that frames share, the width of the range it was made in, and what the memory did with it."""

    plan: Plan
    width: float
    _memory: list[dict[str, Any] | None] = field(default_factory=list)

    def remember(self, upscaler: Upscaler) -> dict[str, Any] | None:
        """Write to the memory, once for all files that share the plan, when the first of them is written."""
        if not self._memory:
            self._memory.append(upscaler.remember(self.plan))
        return self._memory[0]

    def for_range(self, width: float, asked: Any) -> Plan:
        """Give the plan for a frame of another range: its noise is the same in stored values, not in its range."""
        degradation = self.plan.chosen.degradation
        if asked != "auto" or width == self.width:
            return self.plan
        noise = min(float(degradation.noise) * self.width / width, NOISIEST)
        return replace(self.plan, chosen=replace(self.plan.chosen, degradation=degradation.with_noise(noise)))


def make_plan(frame: np.ndarray, values: Values, upscaler: Upscaler, name: str) -> Planned:
    """Find kernel and noise of a frame, (H, W, C) stored values, and adapt to it.

    Raises:
        ImageError, KernelError: see `Upscaler.plan`.
    """
    shown = values.shown(frame)
    plan = upscaler.plan(shown, name=name)
    return Planned(plan, _width(shown, name))


def enlarge(
    frame: np.ndarray,
    planned: Planned,
    values: Values,
    upscaler: Upscaler,
    name: str,
    progress: Progress | None = None,
) -> np.ndarray:
    """Enlarge a frame.

    Args:
        frame: (H, W, C) stored values.
        planned: of this frame, or of one like it.
        values: what may be stored.
        upscaler: the network and its choices.
        name: for messages.
        progress: see `Upscaler.apply`.

    Returns:
        (ceil(scale * H), ceil(scale * W), C) stored values. What holds nothing is repeated.

    Raises:
        ImageError: see `Upscaler.apply`.
    """
    if not has_content(frame, values):
        return repeated(frame, upscaler.settings.scale)
    shown = values.shown(frame)
    plan = planned.for_range(_width(shown, name), upscaler.settings.noise)
    return values.stored(upscaler.apply(shown, plan, name=name, progress=progress))


def has_content(frame: np.ndarray, values: Values) -> bool:
    """Tell whether there is anything to enlarge in a frame: data in each band, and not one value alone."""
    data = np.isfinite(values.shown(frame))
    flat = frame.reshape(-1, frame.shape[2])
    bands = [flat[seen, band] for band, seen in enumerate(data.reshape(flat.shape).T)]
    return all(band.size >= FEWEST for band in bands) and any(band.min() < band.max() for band in bands)


def repeated(frame: np.ndarray, scale: float) -> np.ndarray:
    """Enlarge (H, W, C) by repeating pixels."""
    rows, columns = (
        np.minimum(((np.arange(output_length(length, scale)) + 0.5) / scale).astype(int), length - 1)
        for length in frame.shape[:2]
    )
    return frame[rows[:, None], columns]


def from_the_middle(count: int) -> Iterator[int]:
    """Give the numbers from 0 to below a count, the middle first, then its neighbours to both sides."""
    middle = count // 2
    yield from sorted(range(count), key=lambda place: (abs(place - middle), place))


def _width(shown: np.ndarray, name: str) -> float:
    bands = prepared(shown, False, name).bands
    return bands.high - bands.low
