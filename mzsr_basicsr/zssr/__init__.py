"""ZSSR (Shocher, Cohen, Irani: "Zero-Shot" Super-Resolution using Deep Internal Learning, CVPR 2018).

A network starts from random weights and learns one image alone, on our degradation, by thousands of updates: the
yardstick of MZSR's ten.
"""

import copy
from collections.abc import Iterator

import numpy as np
import torch
from scipy.ndimage import map_coordinates
from torch import Tensor, nn

from mzsr_basicsr.adaptation.clock import seconds_now
from mzsr_basicsr.adaptation.sound import check_picture
from mzsr_basicsr.adaptation.zero_shot import Result
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.zssr.fathers import make_fathers
from mzsr_basicsr.zssr.settings import ZSSRSettings
from mzsr_basicsr.zssr.training import super_resolve, train

__all__ = ["ZSSRSettings", "scaled_kernel", "zssr"]


def zssr(network: nn.Module, lq: Tensor, degradation: Degradation, settings: ZSSRSettings) -> Result:
    """Train a copy of the network on one image and super-resolve it after each requested number of updates.

    Where the learning rate has come to its end before, the weights of then give the later results too.

    Args:
        network: with random weights, as it is to start; maps (1, C, h, w) to (1, C, s h, s w). It is not changed.
        lq: (1, C, h, w), RGB in [0, 1].
        degradation: how the image was made; its noise is not used.
        settings: see `ZSSRSettings`; each of its `gradual` scales takes as many updates as the last, at most.

    Returns:
        See `zero_shot.Result`; `losses` holds one for each update at the last scale, `seconds` leave out what was
        spent on results that were wanted earlier.

    Raises:
        TrainingError: the loss is not finite any more, or the result is not, or is black.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
        >>> network, lq = MZSRNetLR(num_feat=4, num_conv=2), torch.rand(1, 3, 16, 24)
        >>> result = zssr(network, lq, Degradation("gaussian:1,1", scale=2), ZSSRSettings(updates=(1, 3)))
        >>> {updates: tuple(image.shape) for updates, image in result.images.items()}, len(result.losses)
        ({1: (1, 3, 32, 48), 3: (1, 3, 32, 48)}, 3)
    """
    learner = copy.deepcopy(network).train()
    generator = torch.Generator().manual_seed(settings.seed)
    start = seconds_now(lq.device)
    fathers = make_fathers(lq, settings.fathers)
    for step in settings.gradual:
        nearer = Degradation(scaled_kernel(degradation.kernel, step / degradation.scale), step, degradation.subsampling)
        for _ in train(learner, lq, nearer, fathers, settings, generator):
            pass
        fathers += make_fathers(super_resolve(learner, lq, nearer, settings), settings.fathers, of=step)
    training = train(learner, lq, degradation, fathers, settings, generator)
    return _collect(training, learner, lq, degradation, settings, start)


def _collect(
    training: Iterator[float],
    learner: nn.Module,
    lq: Tensor,
    degradation: Degradation,
    settings: ZSSRSettings,
    start: float,
) -> Result:
    """Run the last training, and take each result when its number of updates is made, or none is made any more."""
    result = Result({}, [], {})
    apart = 0.0  # seconds spent on earlier results
    for wanted in sorted(settings.updates):
        while len(result.losses) < wanted and (loss := next(training, None)) is not None:
            result.losses.append(loss)
        begun = seconds_now(lq.device)
        result.images[wanted] = super_resolve(learner, lq, degradation, settings)
        check_picture(result.images[wanted], lq)
        now = seconds_now(lq.device)
        result.seconds[wanted] = now - start - apart
        apart += now - begun
    return result


def scaled_kernel(kernel: Tensor, ratio: float) -> Tensor:
    """Bring a kernel (k, k) to a grid whose pixels are 1 / ratio as large, ratio below 1; odd, and of sum 1.

    It is sampled about its centre from the cubic spline through its weights.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> kernel = Degradation("gaussian:4,2", scale=2).kernel
        >>> print(Degradation(scaled_kernel(kernel, ratio=0.5), scale=1))  # a quarter of its variances
        7x7 px kernel, λ 1.00 and 0.50 px² at 0.00 rad; x1 direct
    """
    side = 2 * round((kernel.shape[-1] * ratio - 1) / 2) + 1
    places = (np.arange(side) - side // 2) / ratio + kernel.shape[-1] // 2
    weights = kernel.detach().cpu().double().numpy()
    smaller = map_coordinates(weights, np.meshgrid(places, places, indexing="ij"), order=3).clip(min=0)
    return torch.from_numpy(smaller / smaller.sum()).to(kernel)
