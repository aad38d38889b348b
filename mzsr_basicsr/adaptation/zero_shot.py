"""Meta-test (paper, section 3.4): adapt a network to one image by what a signal makes of it, then super-resolve it.

The network is never changed: adaptation makes new parameters, so the model is left as it was found.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.adaptation.careful import SMALLEST, careful_steps
from mzsr_basicsr.adaptation.clock import seconds_now
from mzsr_basicsr.adaptation.descent import begin, follow, scene_of
from mzsr_basicsr.adaptation.ensemble import super_resolve_ensemble
from mzsr_basicsr.adaptation.plain import keep_plain
from mzsr_basicsr.adaptation.settings import Schedule, Settings
from mzsr_basicsr.adaptation.sound import check_adaptation, check_picture
from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.task import Params, PixelLoss, network_inputs, predict
from mzsr_basicsr.signals import lessons_of

__all__ = ["Result", "Schedule", "Settings", "adapt", "back_project", "super_resolve", "zero_shot"]


@dataclass(frozen=True)
class Result:
    """SR images by number of updates, each (1, C, H, W) in [0, 1]; the signal's loss before each update and after the
    last; seconds to each SR image, without what earlier SR images of the same run took.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> twice = torch.nn.Upsample(scale_factor=2)  # any module that enlarges
        >>> lq = torch.rand(1, 3, 16, 24)
        >>> result = zero_shot(twice, lq, Degradation("delta", scale=2), Settings(updates=(0,)))
        >>> torch.equal(result.images[0][..., ::2, ::2], lq), len(result.losses), list(result.seconds)
        (True, 1, [0])
    """

    images: dict[int, Tensor]
    losses: list[float]
    seconds: dict[int, float]


def zero_shot(
    network: nn.Module,
    lq: Tensor,
    degradation: Degradation,
    settings: Settings,
    told: Degradation | None = None,
    pixel_loss: PixelLoss = F.l1_loss,
) -> Result:
    """Adapt to one image and super-resolve it after each requested number of updates.

    Args:
        network: maps (1, C, h, w) to (1, C, s h, s w); left as it was found, in parameters, gradients and mode.
        lq: (1, C, h, w), RGB in [0, 1].
        degradation: how the image is thought to have been made; it makes the LR images that are learned from.
        settings: see `Settings`.
        told: what the network is told, if that is another.
        pixel_loss: of the signal, such as between f(son) and the image; the paper's is L1.

    Returns:
        See `Result`.

    Raises:
        TrainingError: adaptation has diverged, or a result is not finite or black; it names rates or weights.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
        >>> network, lq = MZSRNetLR(num_feat=4, num_conv=2), torch.linspace(0, 1, 32).expand(1, 3, 24, 32)
        >>> result = zero_shot(network, lq, Degradation("gaussian:2,2", scale=2), Settings(updates=(0, 5)))
        >>> {updates: tuple(image.shape) for updates, image in result.images.items()}
        {0: (1, 3, 48, 64), 5: (1, 3, 48, 64)}
        >>> len(result.losses), result.losses[5] < result.losses[0]
        (6, True)
    """
    images: dict[int, Tensor] = {}
    seconds: dict[int, float] = {}
    losses: list[float] = []
    start = seconds_now(lq.device)
    apart = 0.0  # seconds spent on earlier SR images
    told = told or degradation
    training = network.training
    network.eval()
    try:
        for update, (params, loss) in enumerate(adapt(network, lq, degradation, settings, told, pixel_loss)):
            losses.append(loss)
            if update in settings.updates:
                if not settings.careful:  # or it was rolled back
                    check_adaptation(update, loss, losses[0], lq)
                begun = seconds_now(lq.device)
                images[update] = super_resolve(network, params, lq, degradation, settings, told)
                now = seconds_now(lq.device)
                seconds[update] = now - start - apart
                apart += now - begun
    finally:
        network.train(training)
    return Result(images, losses, seconds)


def adapt(
    network: nn.Module,
    lq: Tensor,
    degradation: Degradation,
    settings: Settings,
    told: Degradation,
    pixel_loss: PixelLoss,
) -> Iterator[tuple[Params, float]]:
    """Yield the parameters after 0, 1, 2, … updates, with the signal's loss at each.

    `degradation` makes what is learned from, the network hears `told`. With early stopping, and where the adaptation is
    careful, the parameters are the best so far; once stopped, later updates cost nothing.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> network, lq, same = nn.Conv2d(1, 1, 1), torch.full((1, 1, 8, 8), 0.5), Degradation("delta", scale=1)
        >>> _ = network.weight.data.fill_(1), network.bias.data.fill_(0.1)  # makes everything too light by 0.1
        >>> steps = adapt(network, lq, same, Settings(updates=(1,)), same, F.l1_loss)  # at a rate of 0.02
        >>> [(round(float(params["bias"]), 3), round(loss, 3)) for params, loss in steps]
        [(0.1, 0.1), (0.08, 0.075)]
    """
    scene = scene_of(network, lq, degradation, settings, told, pixel_loss)
    if not settings.careful or min(lq.shape[-2:]) < SMALLEST:
        yield from follow(lessons_of(scene, settings.manner.signal), begin(scene, settings), settings)
        return
    for step in careful_steps(scene, settings):
        yield step.best, step.loss


def super_resolve(
    network: nn.Module,
    params: Params,
    lq: Tensor,
    degradation: Degradation,
    settings: Settings,
    told: Degradation | None = None,
) -> Tensor:
    """Run the adapted network, with self-ensemble and back-projection if asked for; clipped to [0, 1].

    What is flat or neutral in the LR image stays so; see `keep_plain`.

    Raises:
        TrainingError: the result is not finite, or black.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> lq, network = torch.rand(1, 3, 8, 12), nn.Upsample(scale_factor=2)
        >>> sr = super_resolve(network, {}, lq, Degradation("delta", scale=2), Settings())
        >>> sr.shape, torch.equal(sr[..., ::2, ::2], lq)
        (torch.Size([1, 3, 16, 24]), True)
    """
    heard, scale = told or degradation, degradation.scale

    def run(image: Tensor) -> Tensor:
        inputs = network_inputs(network, image, heard, settings.shared)
        height, width = image.shape[-2:]
        full = (-int(-height * scale // 1), -int(-width * scale // 1))
        return predict(network, params, image, full, inputs, scale)

    with torch.no_grad():
        if settings.self_ensemble:
            sr = super_resolve_ensemble(run, lq, degradation)
        else:
            sr = run(lq)
        sr = back_project(sr, lq, degradation, settings.back_projection).clamp(0, 1)
        check_picture(sr, lq)
        return keep_plain(sr, lq, heard)


def back_project(sr: Tensor, lq: Tensor, degradation: Degradation, rounds: int) -> Tensor:
    """Add to the SR image what its own degradation misses of the LR image, upscaled, in some rounds.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> black, grey = torch.zeros(1, 1, 8, 12), torch.full((1, 1, 4, 6), 0.5)
        >>> back_project(black, grey, Degradation("gaussian:1,1", scale=2), rounds=1).mean()  # all that black misses
        tensor(0.5000)
    """
    clean = degradation.with_noise(0.0)
    for _ in range(rounds):
        missing = lq - clean.apply(sr)[..., : lq.shape[-2], : lq.shape[-1]]
        sr = sr + upscale(missing, degradation.scale)[..., : sr.shape[-2], : sr.shape[-1]]
    return sr
