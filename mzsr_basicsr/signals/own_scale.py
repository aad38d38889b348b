"""The own scale: the network's estimate of the HR image, shrunk a little, is a sharp picture like the image itself.

One update (scale-equivariance: Scanvic, Davies, Abry, Tachella, arXiv 2312.11232, there for training without ground
truth): x = f(y), s drawn below 1, x_s = x shrunk by s, y_s = D x_s, and the loss compares f(y_s) with x_s. Other than
the son's, its details have the size of the image's own.
"""

import torch
from torch import Tensor

from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.meta.task import Lessons, Loss, Pairs, Params, network_inputs, predict, task_loss
from mzsr_basicsr.signals.copies import draw_copy, shrink_range
from mzsr_basicsr.signals.scene import Scene, SignalSettings, masked
from mzsr_basicsr.signals.view import focused

MASK = 1e-3  # a copy's pixel is learned from where no more of it is made of others; interpolation overshoots 1
ATTEMPTS = 50


def own_scale(scene: Scene, settings: SignalSettings) -> Lessons:
    """Draw a copy for each update; the estimate is that of the first update, or of each `refresh`-th."""
    scene = focused(scene)
    shrink = settings.shrink or shrink_range(scene.degradation)
    estimates: dict[int, Tensor] = {}

    def lesson(update: int, params: Params) -> Loss:
        turn = update // settings.refresh if settings.refresh else 0
        if turn not in estimates:
            estimates.clear()  # the one before is not wanted any more
            estimates[turn] = estimate(scene, params)
        pairs, mask = draw_pairs(scene, estimates[turn], shrink, settings.crop, scene.generator(update + 1))
        return task_loss(scene.network, pairs, scene.told, masked(scene.pixel_loss, mask))

    return lesson


def draw_pairs(
    scene: Scene, picture: Tensor, shrink: tuple[float, float], crop: int, generator: torch.Generator
) -> tuple[Pairs, Tensor | None]:
    """Draw a copy of the estimate and degrade it; beside the pairs, where the copy is learned from (None: everywhere).

    A copy that shows nothing of what may be learned from is drawn again.
    """
    channels = scene.lq.shape[1]
    with torch.no_grad(), torch.autocast(picture.device.type, enabled=False):
        for _ in range(ATTEMPTS):
            drawn = draw_copy(picture, scene.degradation.scale, shrink, crop, generator)
            mask = (drawn[:, channels:] - 1).abs() < MASK if scene.learned is not None else None
            if mask is None or bool(mask.any()):
                break
        copy = drawn[:, :channels].clamp(0, 1)
        small = scene.degradation.apply(copy, generator)
        small = round_to_8_bits(small) if scene.quantize else small
    return Pairs(small, copy), mask


def estimate(scene: Scene, params: Params) -> Tensor:
    """Make the HR image, (n, C, s h, s w) in [0, 1], without a gradient; beside it what may be learned from, (n, 1).

    The mask is one more channel, so that a copy shrinks and turns it as the picture; it is missing where all is
    learned from.
    """
    height, width = scene.lq.shape[-2:]
    scale = scene.degradation.scale
    size = (-int(-height * scale // 1), -int(-width * scale // 1))
    with torch.no_grad():
        inputs = network_inputs(scene.network, scene.lq, scene.told)
        picture = predict(scene.network, params, scene.lq, size, inputs, scale).clamp(0, 1).to(scene.lq.dtype)
        if scene.learned is None:
            return picture
        rows, columns = ((torch.arange(n, device=picture.device) / scale).long() for n in picture.shape[-2:])
        mask = scene.learned.to(picture)[..., rows.clamp(max=height - 1), :][..., columns.clamp(max=width - 1)]
        return torch.cat([picture, mask], dim=1)
