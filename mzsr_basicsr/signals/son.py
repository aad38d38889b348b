"""The son (paper, section 3.4): the image degraded once more teaches the network to make the image of it."""

import math

import torch
from torch import Tensor

from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.task import Lessons, Loss, Pairs, Params, task_loss
from mzsr_basicsr.signals.scene import Scene, SignalSettings, masked


def son(scene: Scene, settings: SignalSettings) -> Lessons:
    """Make the one lesson of all updates: son -> image."""
    told = told_of_son(scene.told, scene.son_noise)
    loss = task_loss(scene.network, Pairs(make_son(scene), scene.lq), told, masked(scene.pixel_loss, scene.learned))
    lesson = answering_once(loss)
    return lambda update, params: lesson


def answering_once(loss: Loss) -> Loss:
    """Have a loss remember its last value where no gradient is wanted: an exam asks the son's for each of its draws."""
    last: list[tuple[Params, Tensor]] = []

    def answer(params: Params) -> Tensor:
        if torch.is_grad_enabled():
            return loss(params)
        if not last or last[0][0] is not params:
            last[:] = [(params, loss(params))]
        return last[0][1]

    return answer


def make_son(scene: Scene) -> Tensor:
    """Degrade an image (n, C, h, w) once more, with as much noise as it has and maybe more."""
    with torch.autocast(scene.lq.device.type, enabled=False):  # a degradation keeps its precision in every training
        small = scene.degradation.son(scene.lq, scene.generator(), scene.son_noise)
    return round_to_8_bits(small) if scene.quantize else small


def told_of_son(told: Degradation, more_noise: float) -> Degradation:
    """What the network is told of the son: the image's degradation, and the noise that was added."""
    return told.with_noise(math.hypot(float(told.noise), more_noise))
