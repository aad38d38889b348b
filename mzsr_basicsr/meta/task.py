"""A task of meta-transfer learning: one blur kernel with its support and its query set (paper, section 3.3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from mzsr_basicsr.degradation.record import Degradation

Params = Mapping[str, Tensor]
Loss = Callable[[Params], Tensor]
PixelLoss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Pairs:
    """LR images and their HR images: lq (n, C, h, w) and gt (n, C, H, W), RGB in [0, 1]."""

    lq: Tensor
    gt: Tensor


@dataclass(frozen=True)
class Task:
    """One degradation, a support set to adapt on and a query set to judge the adapted network by.

    `degradation` is what the network is told; its kernel and noise are one for all pairs, or one for each.
    `name` says how to draw the task again; it stands in error messages.
    """

    support: Pairs
    query: Pairs
    degradation: Degradation
    name: str = ""


def network_inputs(network: nn.Module, lq: Tensor, degradation: Degradation) -> dict[str, object]:
    """Collect what the network asks for beside the image.

    Its attributes `wants_kernel`, `wants_scale` and `wants_noise` ask for these three parts of what it is told of the
    degradation; the kernel is the blur before direct subsampling. A method
    `fixed_inputs(lq, **inputs)` returns more of them, which do not depend on the parameters, so that they are
    computed once for all updates.
    """
    inputs: dict[str, object] = {}
    if getattr(network, "wants_kernel", False):
        inputs["kernel"] = degradation.told.to(lq)
    if getattr(network, "wants_scale", False):
        inputs["scale"] = degradation.scale
    if getattr(network, "wants_noise", False):
        inputs["noise"] = degradation.noise
    fixed = getattr(network, "fixed_inputs", None)
    if fixed is None:
        return inputs
    with torch.no_grad(), torch.autocast(lq.device.type, enabled=False):
        return {**inputs, **fixed(lq, **inputs)}


def predict(network: nn.Module, params: Params, lq: Tensor, size: tuple[int, int], inputs: dict[str, object]) -> Tensor:
    """Run the network with the given parameters and crop its output to the extent (H, W) of the target.

    ceil(H / s) * s can exceed H; in the top-left phase the surplus lies at the bottom and at the right.
    """
    output: Tensor = functional_call(network, dict(params), (lq,), inputs)
    return output[..., : size[0], : size[1]]


def task_loss(network: nn.Module, pairs: Pairs, degradation: Degradation, pixel_loss: PixelLoss) -> Loss:
    """Make the loss of one set of pairs as a function of the parameters alone.

    Args:
        network: any module that maps (n, C, h, w) to (n, C, H, W).
        pairs: the set.
        degradation: what networks that ask for it are told.
        pixel_loss: (prediction, target) -> scalar Tensor.
    """
    inputs = network_inputs(network, pairs.lq, degradation)
    height, width = pairs.gt.shape[-2:]

    def loss(params: Params) -> Tensor:
        return pixel_loss(predict(network, params, pairs.lq, (height, width), inputs), pairs.gt)

    return loss
