"""What weights are worth: PSNR on fixed validation tasks, photographs degraded by kernels of the shipped law."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.data.drawn.graphic import draw_graphic
from mzsr_basicsr.data.photos import Photos, random_patch, to_picture
from mzsr_basicsr.data.task_kernels import TaskKernels
from mzsr_basicsr.data.task_stream import task_generator
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.options.datasets import LawOptions
from mzsr_basicsr.weights.pretrained import Pretrained

SIDE = 192  # HR px, of the square that a task takes from a photograph; of smaller photographs, the largest there is
LEAST = 32  # HR px
NOISY, NOISE = 0.15, 0.098  # share of noisy tasks; the largest σ, in [0, 1] intensity
HIGHEST = 100.0  # dB, for a square that is given back without any error: infinity has no mean
_SHAPES = {"shake": 0.12, "disk": 0.04, "box": 0.03, "motion": 0.04, "pair": 0.02, "delta": 0.03}


class ValidationTask(NamedTuple):
    """A square of a photograph, (H, W, 3) uint8 RGB; its LR image, (1, 3, h, w) in [0, 1]; how that was made."""

    hr: np.ndarray
    lq: Tensor
    degradation: Degradation


def shipped_law(scale: float) -> LawOptions:
    """Give the law of the kernels that the shipped weights were trained on, `options/pretrain/pretrain_mzsr_*.yml`."""
    return LawOptions(
        size=25,
        lambda1=(0.05, 4 * scale + 2),
        lambda2=(0.05, None),
        log_uniform=True,
        shapes=dict(_SHAPES),
        bicubic=0.3 if float(scale).is_integer() else 0.0,
    )


def draw_tasks(photos: Photos, scale: float, count: int, seed: int) -> list[ValidationTask]:
    """Draw tasks, the same for the same photographs, scale and seed; the first are the same for every count.

    Args:
        photos: each gives a task before any gives a second.
        scale: of the tasks.
        count: how many.
        seed: of all chance.

    Raises:
        ImageError: a photograph that cannot be read, or is smaller than `LEAST`.
    """
    kernels = TaskKernels(shipped_law(scale), scale, "direct")
    order = torch.randperm(len(photos), generator=torch.Generator().manual_seed(seed)).tolist()
    return [_draw(photos, order[number % len(order)], kernels, task_generator(seed, number)) for number in range(count)]


def draw_graphics_tasks(scale: float, count: int, seed: int) -> list[ValidationTask]:
    """Draw tasks of drawn graphics by the same law; the same for the same fonts, scale and seed."""
    kernels = TaskKernels(shipped_law(scale), scale, "direct")
    tasks = []
    for number in range(count):
        generator = task_generator(seed, number)
        degradation = _degradation(kernels, generator)
        tasks.append(_task(draw_graphic(SIDE, generator), degradation, generator))
    return tasks


def _draw(photos: Photos, index: int, kernels: TaskKernels, generator: torch.Generator) -> ValidationTask:
    degradation = _degradation(kernels, generator)
    side = min(SIDE, *photos.image(index).shape[:2])
    if side < LEAST:
        raise ImageError(f"{photos.path(index)}: {side} px wide or high, {LEAST} are needed; remove it")
    return _task(random_patch(photos, index, side, augment=False, generator=generator), degradation, generator)


def _degradation(kernels: TaskKernels, generator: torch.Generator) -> Degradation:
    kernel, _ = kernels.draw(generator)
    noisy, sigma = torch.rand(2, dtype=torch.float64, generator=generator).tolist()
    return Degradation(kernel, kernels.scale, "direct", NOISE * sigma if noisy < NOISY else 0.0)


def _task(patch: Tensor, degradation: Degradation, generator: torch.Generator) -> ValidationTask:
    hr = to_picture(patch[None])  # photographs of 16 bits are rounded, too
    image = torch.from_numpy(hr).permute(2, 0, 1)[None].double() / 255
    lq = round_to_8_bits(degradation.apply(image, generator)).float()
    return ValidationTask(hr, lq, degradation.to(lq))


def task_psnr(network: Pretrained, task: ValidationTask, updates: Sequence[int]) -> float:
    """Adapt to a task in the weights' own manner, and give the mean PSNR after so many updates each.

    Args:
        network: what is judged.
        task: of its scale.
        updates: one or more numbers; 0 is before adaptation.

    Returns:
        dB, of the paper's metric.

    Raises:
        TrainingError: adaptation diverges.
    """
    careful = network.manner.signal.wavers
    how = (network.schedule, network.manner)
    settings = Settings(tuple(updates), *how, quantize_son=True, careful=careful, learner=network.learner)
    images = zero_shot(network.network, task.lq, task.degradation, settings).images
    (height, width), shave = task.hr.shape[:2], math.ceil(network.scale)
    pictures = [to_picture(images[number])[:height, :width] for number in updates]
    return sum(min(psnr_y(picture, task.hr, shave), HIGHEST) for picture in pictures) / len(pictures)
