"""The range of floating pixels: that of all but outliers, which would leave the rest a narrow band of grey."""

import numpy as np

from mzsr_basicsr.pictures.picture import row_blocks

ENDS = (0.01, 0.99)  # shares of the values between which all others are judged
# Beyond the ends, in widths between them, a value is an outlier. A photograph that fills a quarter of the range is
# enlarged with 4 % more error than one that fills it all, one that fills an eighth with 12 %, a 200th with 400 %.
REACH = 3.0
_FEWEST = 16  # distinct values; an image of fewer is a drawing, and a gap between them says nothing
SAMPLE = 2**18  # values that are judged by


def usual_range(values: np.ndarray) -> tuple[float, float]:
    """Find the lowest and the highest value but for outliers; of all values where there are none.

    Outliers are judged twice: among all values, so that few pixels cannot set the range, and among the distinct ones,
    so that a patch of one value, however large, cannot either.

    Args:
        values: (H, W), one band, floating and finite.

    Returns:
        Two of the values, the first at most as large as the second.
    """
    low, high = float(values.min()), float(values.max())
    step = max(1, round((values.size / SAMPLE) ** 0.5))
    least, most = fence(np.sort(values[::step, ::step], axis=None).astype(np.float64))
    if least <= low and high <= most:
        return low, high
    lows, highs = [], []
    for rows in row_blocks(values):
        usual = values[rows][(values[rows] >= least) & (values[rows] <= most)]
        lows += [float(usual.min())] if usual.size else []
        highs += [float(usual.max())] if usual.size else []
    return min(lows), max(highs)


def fence(values: np.ndarray) -> tuple[float, float]:
    """Give the bounds beyond which values are outliers, by sorted values: (n,) float64."""
    least, most = -np.inf, np.inf
    while True:
        count = values.size
        for judged in (values, np.unique(values)):
            for low, high in (_beyond_the_ends(judged), _beyond_a_gap(values)):
                least, most = max(least, low), min(most, high)
            values = values[(values >= least) & (values <= most)]
        if values.size == count:
            return least, most


def _beyond_the_ends(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, ENDS)
    reach = REACH * (high - low)
    return (low - reach, high + reach) if reach > 0 else (-np.inf, np.inf)


def _beyond_a_gap(values: np.ndarray) -> tuple[float, float]:
    """Cut at the widest gap if it is wide beside what the values on the one side span: those of more pixels."""
    distinct, starts = np.unique(values, return_index=True)
    if distinct.size <= _FEWEST:
        return -np.inf, np.inf
    gaps = np.diff(distinct)
    place = int(np.argmax(gaps)) + 1
    below = bool(starts[place] > values.size / 2)
    if min(place, distinct.size - place) < _FEWEST:  # a patch of few values is no picture, however large it is
        below = place > distinct.size - place
    span = distinct[place - 1] - distinct[0] if below else distinct[-1] - distinct[place]
    if gaps[place - 1] <= REACH * span:
        return -np.inf, np.inf
    middle = distinct[place - 1] / 2 + distinct[place] / 2  # values that are not looked at may lie within the gap
    return (-np.inf, middle) if below else (middle, np.inf)
