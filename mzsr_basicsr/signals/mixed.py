"""The son and the own scale together: every update learns from both."""

from torch import Tensor

from mzsr_basicsr.meta.task import Lessons, Loss, Params
from mzsr_basicsr.signals.own_scale import own_scale
from mzsr_basicsr.signals.scene import Scene, SignalSettings
from mzsr_basicsr.signals.son import son


def mixed(scene: Scene, settings: SignalSettings) -> Lessons:
    """Weight the two losses by `settings.shares`."""
    pairs = zip(settings.shares, (son, own_scale), strict=True)
    parts = [(share, make(scene, settings)) for share, make in pairs if share > 0]

    def lesson(update: int, params: Params) -> Loss:
        losses = [(share, lessons(update, params)) for share, lessons in parts]

        def loss(here: Params) -> Tensor:
            weighted = [share * part(here) for share, part in losses]
            return sum(weighted[1:], weighted[0])

        return loss

    return lesson
