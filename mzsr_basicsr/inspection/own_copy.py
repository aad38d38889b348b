"""The smaller copy that the first update learns from, where a signal draws copies: shown, and measured throughout."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from mzsr_basicsr.data.photos import to_picture
from mzsr_basicsr.meta.task import Pairs, Params
from mzsr_basicsr.signals import Scene, SignalSettings
from mzsr_basicsr.signals.copies import shrink_range
from mzsr_basicsr.signals.own_scale import draw_pairs, estimate


@dataclass(frozen=True, eq=False)
class OwnCopy:
    """The network's estimate before any update, (1, 3, s h, s w), and the pair made of one smaller copy of it."""

    estimate: Tensor
    pairs: Pairs

    def pictures(self) -> "CopyPictures":
        """Make 8-bit pictures of it."""
        return CopyPictures(*(to_picture(image) for image in (self.estimate, self.pairs.gt, self.pairs.lq)))


@dataclass(frozen=True, eq=False)
class CopyPictures:
    """The estimate, a smaller copy of it, and this copy degraded as the image was: (H, W, 3) uint8 RGB each."""

    estimate: np.ndarray
    copy: np.ndarray
    degraded: np.ndarray


def first_copy(scene: Scene, signal: SignalSettings, start: Params) -> OwnCopy | None:
    """Draw the copy of the first update, as `own_scale` does; None where no update learns from copies."""
    if not draws_copies(signal):
        return None
    picture = estimate(scene, start)
    shrink = signal.shrink or shrink_range(scene.degradation)
    pairs, _ = draw_pairs(scene, picture, shrink, signal.crop, scene.generator(1))
    return OwnCopy(picture, pairs)


def draws_copies(signal: SignalSettings) -> bool:
    """Tell whether updates learn from smaller copies of the network's own estimate."""
    return signal.name == "scale" or (signal.name == "mixed" and signal.shares[1] > 0)
