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
    """Give the lessons of the signal that is chosen by name.

    Example:
        >>> import torch
        >>> from mzsr_basicsr import Degradation
        >>> network, given = torch.nn.Upsample(scale_factor=2), Degradation("delta", scale=2)
        >>> stripes = torch.tensor([0.0, 1.0]).repeat(4).expand(1, 1, 8, 8)  # the son keeps the black ones alone
        >>> lessons = lessons_of(Scene(network, stripes, given, told=given), SignalSettings("son"))
        >>> lessons(0, {})({})  # of the first update: the loss as a function of the parameters
        tensor(0.5000)
    """
    return SIGNALS[settings.name](scene, settings)
