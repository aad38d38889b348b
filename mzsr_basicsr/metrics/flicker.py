"""How much a clip flickers: what changes from frame to frame, at the size of its source."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ImageError


def temporal_difference(frames: Sequence[Tensor]) -> float:
    """Give the mean absolute difference of a frame to the one before.

    Args:
        frames: two or more (..., H, W), [0, 1] intensity.

    Raises:
        ImageError: there is but one.
    """
    if len(frames) < 2:
        raise ImageError(f"flicker: {len(frames)} frame; give two or more")
    return float(torch.stack([(after - before).abs().mean() for before, after in pairwise(frames)]).mean())


def flicker(source: Sequence[Tensor], result: Sequence[Tensor], degradation: Degradation) -> float:
    """Give the temporal difference of a result, reduced to its source's size, over that of the source.

    1 for a result that explains its source exactly: all that changes from frame to frame is the source's own.

    Args:
        source: two or more LR frames (..., h, w), [0, 1] intensity.
        result: their SR frames, (..., scale * h, scale * w).
        degradation: that the result was made for; its noise is left out.

    Raises:
        ImageError: the numbers or sizes of the frames do not go together, or the source does not change.
    """
    clean = degradation.with_noise(0.0)
    reduced = [clean.apply(frame) for frame in result]
    if [frame.shape for frame in reduced] != [frame.shape for frame in source]:
        raise ImageError(
            f"flicker: {len(result)} frames do not reduce to the {len(source)} of the source; give its own"
        )
    own = temporal_difference(source)
    if own == 0:
        raise ImageError("flicker: no frame of the source differs from the one before; give a clip that changes")
    return temporal_difference(reduced) / own
