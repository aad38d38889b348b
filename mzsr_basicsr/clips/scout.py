"""Frames that stand for a shot, found by a reader that runs ahead of the one whose frames are upscaled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mzsr_basicsr.clips.clip import TimedFrame
from mzsr_basicsr.clips.shots import is_cut, thumbnail

AHEAD = 256  # frames of a shot that are looked at, 10 s at 25 a second
_MOST = 8  # frames that are chosen
_PIXELS = 2**24  # of all frames that are chosen, about


class Scout:
    """Chooses frames that stand for a shot, spread evenly over its beginning.

    Codecs store few frames by themselves, and patch the others together of moved blocks, which are blurred once more
    where they were moved by a part of a pixel. A shot with frames of the first kind is known by these alone.

    Args:
        frames: of the clip, from its first one on.
    """

    def __init__(self, frames: Iterator[TimedFrame]) -> None:
        self._frames = frames
        self._at = 0  # place of the next frame
        self._held: TimedFrame | None = None

    def shot_from(self, place: int) -> list[TimedFrame]:
        """Give frames of the shot that begins at a place, 2 to 8 of them if it has as many, in order.

        Args:
            place: index of the shot's first frame; not before that of an earlier call.
        """
        while self._at < place and self._next() is not None:
            pass
        whole, intra = _Spread(), _Spread()
        last: np.ndarray | None = None
        for _ in range(AHEAD):
            frame = self._next()
            if frame is None:
                break
            luma = thumbnail(frame.pixels)
            if last is not None and is_cut(last, luma):
                self._held, self._at = frame, self._at - 1
                break
            last = luma
            if frame.intra:
                intra.add(frame)
            elif not intra.frames:
                whole.add(frame)
        return intra.frames or whole.frames

    def _next(self) -> TimedFrame | None:
        frame, self._held = self._held or next(self._frames, None), None
        self._at += frame is not None
        return frame


class _Spread:
    """Keeps every nth frame, with n doubled whenever there are too many."""

    def __init__(self) -> None:
        self.frames: list[TimedFrame] = []
        self._seen, self._step = 0, 1

    def add(self, frame: TimedFrame) -> None:
        """Take or leave one more frame."""
        if self._seen % self._step == 0:
            self.frames.append(frame)
            height, width = frame.pixels.shape[:2]
            if len(self.frames) > min(max(_PIXELS // (height * width), 2), _MOST):
                self.frames, self._step = self.frames[::2], 2 * self._step
        self._seen += 1
