"""Where a clip cuts to another shot: the frames of one shot share one kernel and one adaptation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from mzsr_basicsr.clips.clip import Adapted, Frame, TimedFrame, Upscaling

MOVED = 0.12
RECOLOURED = 0.2
_SIZE = (64, 48)
_BLOCK = 4
_BINS = 32


def thumbnail(frame: Frame) -> np.ndarray:
    """Shrink a frame to (48, 64) float64 luma in [0, 255] by averaging."""
    if frame.dtype != np.uint8:
        frame = (frame >> 8).astype(np.uint8)
    grey = Image.fromarray(frame).convert("L").resize(_SIZE, Image.Resampling.BOX)
    return np.asarray(grey, dtype=np.float64)


def is_cut(before: np.ndarray, after: np.ndarray) -> bool:
    """Tell whether a new shot starts between two frames.

    It does if both hold: the mean absolute difference of 16x12 block means is at least `MOVED` of the range of
    values, and the luma histograms (32 bins) have at least `RECOLOURED` of their mass in other bins. Motion and pans
    keep the histogram; a fade over 9 frames or more changes a block by less than 1/8 from frame to frame. Between
    photographs cuts measure 0.19 and 0.33 or more; pans by a fifth of the width per frame at most 0.15 in the
    histogram. A cut that is missed keeps the last shot's kernel; one too many, as at a flash, costs an adaptation.

    Args:
        before: (48, 64) luma of the frame before, see `thumbnail`.
        after: (48, 64) luma of the next frame.
    """
    moved = np.abs(_blocks(before) - _blocks(after)).mean() / 255
    recoloured = np.abs(_histogram(before) - _histogram(after)).sum() / 2
    return bool(moved >= MOVED and recoloured >= RECOLOURED)


class ShotUpscaler:
    """Upscales the frames of a clip one after the other and adapts anew for each shot.

    It adapts only once a frame of the shot is upscaled, so frames that a run before has finished cost nothing, and
    always by the same frames of the shot, so a resumed run adapts as the first one did.

    Attributes:
        shots: how many shots the frames seen so far have.
    """

    def __init__(self, adapt: Upscaling, shot_from: Callable[[int], Sequence[TimedFrame]]) -> None:
        self.shots = 0
        self._adapt, self._shot_from = adapt, shot_from
        self._last: np.ndarray | None = None
        self._begins = self._seen = 0
        self._adapted: Adapted | None = None

    def see(self, frame: Frame) -> None:
        """Take note of the clip's next frame; every frame is to be seen, in order."""
        luma = thumbnail(frame)
        if self._last is None or is_cut(self._last, luma):
            self.shots += 1
            self._begins, self._adapted = self._seen, None
        self._last = luma
        self._seen += 1

    def upscale(self, frame: Frame) -> Frame:
        """Upscale the frame seen last with what its shot was adapted to."""
        if self._adapted is None:
            self._adapted = self._adapt(self._shot_from(self._begins))
        return self._adapted(frame)


def _blocks(luma: np.ndarray) -> np.ndarray:
    return luma.reshape(_SIZE[1] // _BLOCK, _BLOCK, _SIZE[0] // _BLOCK, _BLOCK).mean(axis=(1, 3))


def _histogram(luma: np.ndarray) -> np.ndarray:
    return np.histogram(luma, _BINS, (0, 256))[0] / luma.size
