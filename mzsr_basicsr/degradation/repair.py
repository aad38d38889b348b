"""What other projects' kernels need before they are kernels here: no negative weight, an odd and square side, sum 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mzsr_basicsr.degradation.kernels import NEGATIVE_TOLERANCE, SUM_TOLERANCE
from mzsr_basicsr.errors import KernelError

CLIP, PAD, NORMALISE = "--clip", "--pad", "--normalise"
_MOST_CLIPPED = 0.1  # of the sum of all positive weights


def needed(weights: np.ndarray) -> list[str]:
    """Name the repairs that make an array a kernel; none where it is one, or where no repair could.

    Args:
        weights: any array of real numbers.
    """
    if weights.ndim != 2 or not weights.size or not np.isfinite(weights).all():
        return []
    below, above = -weights.clip(max=0).sum(), weights.clip(min=0).sum()
    if not 0 < above < np.inf or below > _MOST_CLIPPED * above:
        return []
    repairs = [CLIP] if weights.min() < -NEGATIVE_TOLERANCE else []
    repairs += [PAD] if len(set(weights.shape)) > 1 or weights.shape[0] % 2 == 0 else []
    total = above if repairs[:1] == [CLIP] else above - below
    return [*repairs, NORMALISE] if abs(total - 1) > SUM_TOLERANCE else repairs


def repaired(weights: np.ndarray, repairs: Sequence[str], where: str) -> tuple[np.ndarray, list[str]]:
    """Make a kernel of an array, as far as the repairs go.

    `CLIP` sets negative weights to 0. `PAD` adds a row of zeros below and a column to the right where their number is
    even, so that the centre is that of `scipy.ndimage.correlate`, then as many on all sides as make it square.
    `NORMALISE` divides by the sum, last.

    Args:
        weights: (h, w) real numbers.
        repairs: what is asked for of `CLIP`, `PAD` and `NORMALISE`; other texts do nothing.
        where: the file it came from, for the message.

    Returns:
        The weights, and a text for each repair that changed something.

    Raises:
        KernelError: clipping would change too much, or there is no sum to divide by.
    """
    done: list[str] = []
    if weights.ndim != 2 or not weights.size or not np.isfinite(weights).all():
        return weights, done  # no kernel, and no repair makes one of it
    if CLIP in repairs and weights.min() < 0:
        weights, text = _clipped(weights, where)
        done.append(text)
    if PAD in repairs and (padded := _padded(weights)).shape != weights.shape:
        done.append(f"padded from {weights.shape[1]}x{weights.shape[0]} to {padded.shape[1]}x{padded.shape[0]} px")
        weights = padded
    total = float(weights.sum())
    if NORMALISE in repairs and total != 1:
        if not 0 < total < np.inf:
            raise KernelError(f"{where}: kernel sums to {total:.6g}; to be divided by it, it must be above 0")
        done.append(f"divided by its sum {total:.6g}")
        weights = weights / total
    return weights, done


def _clipped(weights: np.ndarray, where: str) -> tuple[np.ndarray, str]:
    below, above = weights[weights < 0], weights[weights > 0].sum()
    share = -below.sum() / above if above > 0 else np.inf
    if share > _MOST_CLIPPED:
        raise KernelError(
            f"{where}: its negative weights are {100 * share:.0f} % of the positive ones, which is no rounding; "
            f"{CLIP} takes {100 * _MOST_CLIPPED:.0f} % at most"
        )
    text = f"{len(below)} weight(s) below 0 set to 0, {100 * share:.2g} % of the others, the least {below.min():.3g}"
    return weights.clip(min=0), text


def _padded(weights: np.ndarray) -> np.ndarray:
    odd = np.pad(weights, [(0, 1 - side % 2) for side in weights.shape])
    side = max(odd.shape)
    return np.pad(odd, [((side - own) // 2,) * 2 for own in odd.shape])
