"""What a network learns from at test time: the signals, one short module each, and how one is chosen by name.

A user's module adds one by `SIGNALS["name"] = function`; see `scene.Signal`.
"""

from mzsr_basicsr.meta.task import Lessons
from mzsr_basicsr.signals.mixed import mixed
from mzsr_basicsr.signals.own_scale import own_scale
from mzsr_basicsr.signals.scene import Scene, Signal, SignalSettings
from mzsr_basicsr.signals.son import son

SIGNALS: dict[str, Signal] = {"son": son, "scale": own_scale, "mixed": mixed}

__all__ = ["SIGNALS", "Scene", "Signal", "SignalSettings", "lessons_of"]


def lessons_of(scene: Scene, settings: SignalSettings) -> Lessons:
    """Give the lessons of the signal that is chosen by name."""
    return SIGNALS[settings.name](scene, settings)
