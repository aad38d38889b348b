"""A task of meta-transfer learning: one blur kernel with its support and its query set (paper, section 3.3)."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError

Params = Mapping[str, Tensor]
Loss = Callable[[Params], Tensor]
Lessons = Callable[[int, Params], Loss]  # (step from 0, the parameters it starts from) -> what the step is to lower
PixelLoss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Pairs:
    """LR images and their HR images: lq (n, C, h, w) and gt (n, C, H, W), RGB in [0, 1].

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> gt = torch.rand(4, 3, 32, 48)
        >>> Pairs(Degradation("gaussian:2,2", scale=2).apply(gt), gt).lq.shape
        torch.Size([4, 3, 16, 24])
    """

    lq: Tensor
    gt: Tensor


@dataclass(frozen=True)
class Task:
    """One degradation, a support set to adapt on and a query set to judge the adapted network by.

    `degradation` is what the network is told; its kernel and noise are one for all pairs, or one for each. `made` is
    how an internal task's image is degraded once more, None where that is the same. `name` says how to draw the task
    again, and stands in error messages; `seed` is of all chance within it.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> given, gt = Degradation("gaussian:2,2", scale=2), torch.rand(6, 3, 32, 32)
        >>> lq = given.apply(gt)
        >>> task = Task(Pairs(lq[:2], gt[:2]), Pairs(lq[2:], gt[2:]), given, name="a round blur")
        >>> len(task.support.lq), len(task.query.lq), task.degradation.scale
        (2, 4, 2)
    """

    support: Pairs
    query: Pairs
    degradation: Degradation
    name: str = ""
    made: Degradation | None = None
    seed: int = 0


def network_inputs(
    network: nn.Module, lq: Tensor, degradation: Degradation, shared: Mapping[str, Tensor] | None = None
) -> dict[str, object]:
    """Collect what the network asks for beside the image.

    Its attributes `wants_kernel`, `wants_scale` and `wants_noise` ask for these three parts of what it is told of the
    degradation; the kernel is the blur before direct subsampling. A method
    `fixed_inputs(lq, **inputs)` returns more of them, which do not depend on the parameters, so that they are
    computed once for all updates. `shared` are inputs that the network's method `shared_inputs(lq, **inputs)` gave
    for the image that `lq` is a part of.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> from mzsr_basicsr.archs.mzsr_wiener_arch import MZSRNetWiener
        >>> lq, given = torch.rand(1, 3, 16, 24), Degradation("gaussian:1,1", scale=2, noise=0.01)
        >>> sorted(network_inputs(MZSRNetWiener(num_feat=4), lq, given))
        ['base', 'kernel', 'noise']
        >>> network_inputs(nn.Upsample(scale_factor=2), lq, given)  # it asks for nothing
        {}
    """
    inputs: dict[str, object] = {**(shared or {})}
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


def predict(
    network: nn.Module, params: Params, lq: Tensor, size: tuple[int, int], inputs: dict[str, object], scale: float
) -> Tensor:
    """Run the network with the given parameters and crop its output to the extent (H, W) of the target.

    ceil(H / s) * s can exceed H; in the top-left phase the surplus lies at the bottom and at the right.

    Raises:
        ConfigError: the network is of another scale.
    """
    with in_short(lq.device, getattr(network, "in_bfloat16", False)):
        output = functional_call(network, everywhere(network, params), (lq,), inputs, tie_weights=False)
    return cropped(network, output, lq, size, scale)


def in_short(device: torch.device, wanted: bool) -> AbstractContextManager[object]:
    """Compute what follows in bfloat16 where that is safe, if it is wanted; else change nothing.

    A network with a true attribute `in_bfloat16` has its convolutions computed so by `predict`, and their gradients;
    parameters, what its images are compared with, and what it adds its corrections to stay float32. Casts are not
    cached, as parameters differ from step to step.
    """
    return torch.autocast(device.type, torch.bfloat16, cache_enabled=False) if wanted else nullcontext()


def everywhere(network: nn.Module, params: Params) -> dict[str, Tensor]:
    """Give a parameter that several modules share to each of them, and to a module that has several names once.

    Args:
        network: whose parameters they are.
        params: by their first names, as `named_parameters` has them.

    Returns:
        One name for each pair of a module and its attribute; `functional_call` must not tie them once more.
    """
    first = {id(value): name for name, value in network.named_parameters()}
    found = dict(params)
    for prefix, module in network.named_modules():
        for own, value in module.named_parameters(prefix, recurse=False, remove_duplicate=False):
            if first[id(value)] in params:
                found[own] = params[first[id(value)]]
    return found


def cropped(network: nn.Module, output: object, lq: Tensor, size: Sequence[int], scale: float) -> Tensor:
    """Crop a network's output to the extent (H, W) of the target, after comparing it with the LR image's.

    A real scale may round an extent either way.

    Args:
        network: gave the output.
        output: should be (n, C, s h, s w).
        lq: its input, (n, C, h, w).
        size: H and W, each below s h or s w by less than s.
        scale: magnification s.

    Raises:
        ConfigError: the output is of another scale, or no such image at all.
    """
    if not isinstance(output, Tensor) or output.ndim != 4 or output.shape[:2] != lq.shape[:2]:
        shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ConfigError(
            f"network_g: {type(network).__name__} makes {shape} of an image batch {tuple(lq.shape)}; it must give as "
            "many images of as many channels; check its arguments"
        )
    extents = list(zip(output.shape[-2:], lq.shape[-2:], size, strict=True))
    if not all(_fits(*extent, scale) for extent in extents):
        (height, low_height, tall), (width, low_width, wide) = extents
        raise ConfigError(
            f"network_g: {type(network).__name__} makes {width}x{height} px of {low_width}x{low_height} px, where "
            f"scale {scale:g} needs {scale * low_width:g}x{scale * low_height:g} (the target has {wide}x{tall}); make "
            f"its own scale (`upscale` or `scale`) {scale:g}, or the run's that of the network"
        )
    return output[..., : size[0], : size[1]]


def _fits(output: int, low: int, target: int, scale: float) -> bool:
    """Tell whether an extent, px, is that of the LR image times the scale, and above the target's by less than that."""
    full, slack = scale * low, 1 - 1e-6
    return abs(output - full) < slack and -slack < full - target < scale - 1e-6


def task_loss(network: nn.Module, pairs: Pairs, degradation: Degradation, pixel_loss: PixelLoss) -> Loss:
    """Make the loss of one set of pairs as a function of the parameters alone.

    Args:
        network: any module that maps (n, C, h, w) to (n, C, H, W).
        pairs: the set.
        degradation: what networks that ask for it are told.
        pixel_loss: (prediction, target) -> scalar Tensor.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> pairs = Pairs(torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4))
        >>> network = nn.Conv2d(1, 1, 1, bias=False)
        >>> loss = task_loss(network, pairs, Degradation("delta", scale=1), nn.functional.mse_loss)
        >>> loss({"weight": torch.full((1, 1, 1, 1), 3.0)})
        tensor(9.)
    """
    inputs = network_inputs(network, pairs.lq, degradation)
    height, width = pairs.gt.shape[-2:]

    def loss(params: Params) -> Tensor:
        return pixel_loss(predict(network, params, pairs.lq, (height, width), inputs, degradation.scale), pairs.gt)

    return loss
