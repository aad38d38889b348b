"""Adapting to one image as the zero-shot test does, and recording every update."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.adaptation.descent import begin, begun_in_words, scene_of
from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import adapt, super_resolve
from mzsr_basicsr.data.photos import to_picture
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.inspection.own_copy import OwnCopy, first_copy
from mzsr_basicsr.inspection.results import Inspection, Move, Update, Window
from mzsr_basicsr.meta.modulation import folded
from mzsr_basicsr.meta.task import Params, network_inputs, predict
from mzsr_basicsr.metrics.quality import psnr_y, ssim_y
from mzsr_basicsr.signals import Scene, SignalSettings
from mzsr_basicsr.signals.son import make_son, told_of_son

KEPT = 21  # pictures, at most
SIDE = 640  # px of a kept picture, at most


def inspect_image(
    network: nn.Module,
    lq: Tensor,
    degradation: Degradation,
    settings: Settings,
    gt: np.ndarray | None = None,
    progress: Callable[[Update], None] = lambda update: None,
) -> Inspection:
    """Adapt to an image as `zero_shot` does, and record every update.

    Args:
        network: left as it was found.
        lq: (1, 3, h, w), RGB in [0, 1].
        degradation: of the image; its scale is an integer.
        settings: the largest of `updates` is made, all up to it are recorded; `early_stop` must be 0.
        gt: (H, W, 3) uint8 RGB; the SR image is cut to it at the bottom and at the right.
        progress: called after each update is recorded.

    Returns:
        See `Inspection`.

    Raises:
        ConfigError: the loss is not finite any more.
        ImageError: the ground truth is too small for the metric.
    """
    scene = scene_of(network, lq, degradation, settings, degradation)
    start = folded(begin(scene, settings))
    kept = chosen_updates(max(settings.updates))
    pictures: dict[int, np.ndarray] = {}
    updates: list[Update] = []
    training = network.training
    network.eval()
    try:
        work = _Work(scene, make_son(scene), first_copy(scene, settings.manner.signal, start), settings, gt)
        window = _window(work.size, work.scale)
        for number, (params, loss) in enumerate(adapt(network, lq, degradation, settings, degradation, F.l1_loss)):
            _check_finite(number, loss, settings.manner.signal)
            sr = work.super_resolve(params) if gt is not None or number in kept else None
            if sr is not None and number in kept:
                pictures[number] = window.of(sr).copy()
            updates.append(work.measure(number, params, loss, sr, start))
            progress(updates[-1])
    finally:
        network.train(training)
    return _whole(work, start, window, updates, pictures)


@dataclass(frozen=True, eq=False)
class _Work:
    """What stays the same for all updates."""

    scene: Scene
    son: Tensor
    copy: OwnCopy | None
    settings: Settings
    gt: np.ndarray | None

    @property
    def scale(self) -> int:
        """HR over LR."""
        return int(self.scene.degradation.scale)

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of the SR image: that of the ground truth."""
        height, width = self.scene.lq.shape[-2:]
        return (height * self.scale, width * self.scale) if self.gt is None else (self.gt.shape[0], self.gt.shape[1])

    def super_resolve(self, params: Params) -> np.ndarray:
        """Make the SR image: (H, W, 3) uint8."""
        sr = super_resolve(self.scene.network, params, self.scene.lq, self.scene.degradation, self.settings)
        return to_picture(sr[..., : self.size[0], : self.size[1]])

    def measure(self, number: int, params: Params, loss: float, sr: np.ndarray | None, start: Params) -> Update:
        """Measure the network after some updates; `sr` is needed where there is a ground truth."""
        known = None if sr is None or self.gt is None else (sr, self.gt, self.scale)
        rates = self._rates(number, start)
        return Update(
            number=number,
            loss=loss,
            son_psnr=self._psnr_of(params, self.son, self.scene.lq, self.settings.son_noise),
            psnr=None if known is None else psnr_y(*known),
            ssim=None if known is None else ssim_y(*known),
            moved={name: _move(params[name], value, rates.get(name)) for name, value in start.items()},
            copy_psnr=None if self.copy is None else self._psnr_of(params, self.copy.pairs.lq, self.copy.pairs.gt),
        )

    def _rates(self, number: int, start: Params) -> dict[str, float]:
        """Give the rate of each parameter tensor in the step before; of none where each element has its own."""
        moving = list(start) if self.settings.learner is None else list(self.settings.learner.moving)
        rates = self.settings.schedule.at(number - 1, len(moving)) if number else []
        return dict(zip(moving, rates, strict=True)) if len(rates) == len(moving) else {}

    def _psnr_of(self, params: Params, lq: Tensor, target: Tensor, more_noise: float = 0.0) -> float:
        """Compare what the network makes of an LR image with what it should be; nothing is shaved off."""
        network, told = self.scene.network, told_of_son(self.scene.told, more_noise)
        height, width = target.shape[-2:]
        with torch.no_grad():
            inputs = network_inputs(network, lq, told)
            output = predict(network, params, lq, (height, width), inputs, told.scale)
        return psnr_y(to_picture(output), to_picture(target), shave=0)


def _whole(
    work: _Work, start: Params, window: Window, updates: list[Update], pictures: dict[int, np.ndarray]
) -> Inspection:
    return Inspection(
        updates=tuple(updates),
        shapes={name: tuple(value.shape) for name, value in start.items()},
        norms={name: _norm(value) for name, value in start.items()},
        scale=work.scale,
        size=work.size,
        window=window,
        sr=pictures,
        lr=window.of(to_picture(work.scene.lq), work.scale),
        son=window.of(to_picture(work.son), work.scale**2),
        gt=None if work.gt is None else window.of(work.gt),
        manner=work.settings.manner,
        copy=None if work.copy is None else work.copy.pictures(),
        began=begun_in_words(work.scene, work.settings, start),
    )


def chosen_updates(last: int, count: int = KEPT) -> list[int]:
    """Choose at most `count` of the updates 0 to `last`, spread evenly, with both ends."""
    if last < count:
        return list(range(last + 1))
    return [round(index * last / (count - 1)) for index in range(count)]


def _move(value: Tensor, start: Tensor, rate: float | None) -> Move:
    distance, norm = _norm(value.double() - start.double()), _norm(start)
    return Move(distance, distance / norm if norm else None, rate)


def _norm(value: Tensor) -> float:
    return float(torch.linalg.vector_norm(value.detach().double()))


def _window(size: tuple[int, int], scale: int) -> Window:
    """Take the central part, at most `SIDE` px; its corner lies on the son's grid."""
    shown = [min(SIDE, extent) for extent in size]
    corner = [(extent - part) // 2 // scale**2 * scale**2 for extent, part in zip(size, shown, strict=True)]
    return Window(corner[0], corner[1], shown[0], shown[1])


def _check_finite(number: int, loss: float, signal: SignalSettings) -> None:
    if not math.isfinite(loss):
        what = "son's loss" if signal.name == "son" else "loss"
        raise ConfigError(f"rates: the {what} is {loss} after update {number}; give smaller --rates or fewer updates")
