"""Fathers that are no smaller than the image's own scale: ZSSR's estimate of the HR image, shrunk a little.

ZSSR's other fathers are the image and smaller copies of it, so that what it learns from has lost details already; see
`signals.own_scale`. A network that starts from nothing first needs something worth estimating with.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import Pairs
from mzsr_basicsr.signals.copies import draw_copy, shrink_range
from mzsr_basicsr.zssr.settings import ZSSRSettings

SHARES = {"son": 0.0, "mixed": 0.5, "scale": 1.0}  # of the pairs, by signal
REFRESH = 100  # updates


class OwnScale:
    """Draw pairs from the network's own estimate, once it has learned from sons for a while.

    Args:
        estimate: makes the HR image by the network as it is: (1, C, H, W) in [0, 1], without a gradient.
        degradation: how a copy becomes an LR image.
        settings: signal, `estimate_from`, crop, and noise and rounding of LR images.
    """

    def __init__(self, estimate: Callable[[], Tensor], degradation: Degradation, settings: ZSSRSettings) -> None:
        self._estimate = estimate
        self._degradation = degradation.with_noise(settings.son_noise)
        self._settings = settings
        self._first = first_update(settings)
        self._picture: Tensor | None = None

    def pair(self, update: int, generator: torch.Generator) -> Pairs | None:
        """Draw the pair of an update, counted from 1; None where it is a father's turn."""
        share, since = SHARES[self._settings.signal], update - 1 - self._first
        if not share or since < 0:
            return None
        if self._picture is None or since % REFRESH == 0:
            self._picture = self._estimate()
        if share < 1 and float(torch.rand((), generator=generator)) >= share:
            return None
        crop = max(1, int(self._settings.crop / self._degradation.scale))
        shrink = shrink_range(self._degradation)
        copy = draw_copy(self._picture, self._degradation.scale, shrink, crop, generator).clamp(0, 1)
        small = self._degradation.apply(copy, generator)
        return Pairs(round_to_8_bits(small) if self._settings.quantize_son else small, copy)


def first_update(settings: ZSSRSettings) -> int:
    """Give how many updates are made before the first from an estimate."""
    return max(settings.updates) // 2 if settings.estimate_from is None else settings.estimate_from
