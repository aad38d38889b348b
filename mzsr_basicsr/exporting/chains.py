"""Networks of ours with their kernel baked in: each as a module that takes the LR image alone, of any size.

`CHAINS` names how the module is made; a network that asks for nothing but the image needs no entry.
"""

from collections.abc import Callable
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.archs.conditioning import append_code
from mzsr_basicsr.archs.mzsr_arch import MZSRNet
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.archs.mzsr_unrolled_arch import REACH, MZSRNetUnrolled
from mzsr_basicsr.archs.mzsr_wiener_arch import MZSRNetWiener
from mzsr_basicsr.degradation.linear import filter_serves
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_filter
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.exporting.convolutions import Degrade, Spread, bicubic_filter


def chain_of(network: nn.Module, degradation: Degradation) -> nn.Module:
    """Bake a degradation into a network.

    Args:
        network: in eval mode, its parameters those to export; the module shares them.
        degradation: of the images; kernel (k, k) float32, an integer scale.

    Returns:
        Maps (B, 3, h, w) in [0, 1] to (B, 3, scale * h, scale * w), not clipped, as the network does with
        `network_inputs`.

    Raises:
        ConfigError: a network or a kernel that no file of fixed operations can hold.
    """
    made = CHAINS.get(type(network))
    if made is not None:
        return made(network, degradation).eval()
    asks = [name for name in ("kernel", "scale", "noise") if getattr(network, f"wants_{name}", False)]
    if asks or hasattr(network, "fixed_inputs"):
        raise ConfigError(
            f"export: {type(network).__name__} asks for {', '.join(asks) or 'inputs of its own'}, and how to bake that "
            f"in is known of {', '.join(net.__name__ for net in CHAINS)} alone; add it to mzsr_basicsr.exporting.chains"
        )
    if network._forward_pre_hooks:
        raise ConfigError(
            f"export: {type(network).__name__} takes multiples of its window alone, and the padding of other sizes "
            "cannot be written to a file; export another network"
        )
    return network


class _Unconditioned(nn.Module):
    """`MZSRNet` and `MZSRNetLR`: a body on the bicubic-enlarged image, or on the LR image with a shuffle behind it."""

    def __init__(self, network: MZSRNet | MZSRNetLR, degradation: Degradation) -> None:
        super().__init__()
        self.scale, self.in_hr = int(degradation.scale), isinstance(network, MZSRNet)
        self.enlarge = Spread(bicubic_filter(self.scale).to(degradation.kernel), self.scale, mirror=True)
        self.body = network.body
        self.code: Tensor | None
        self.register_buffer("code", None if network.code is None else network.code(degradation.told).detach())

    def forward(self, lq: Tensor) -> Tensor:
        """Super-resolve, see `chain_of`."""
        folded = self.enlarge(lq)
        if self.in_hr:
            base = F.pixel_shuffle(folded, self.scale)
            return base + cast(Tensor, self.body(self._coded(base)))
        return F.pixel_shuffle(folded + self.body(self._coded(lq)), self.scale)

    def _coded(self, image: Tensor) -> Tensor:
        return image if self.code is None else append_code(image, self.code)


class _Wiener(nn.Module):
    """`MZSRNetWiener`, whose filter's phases are what it folds."""

    def __init__(self, network: MZSRNetWiener, degradation: Degradation) -> None:
        super().__init__()
        self.scale = network.scale
        self.linear = _linear(degradation)
        self.head, self.blocks, self.tail = network.head, network.blocks, network.tail

    def forward(self, lq: Tensor) -> Tensor:
        """Super-resolve, see `chain_of`."""
        base = self.linear(lq)
        return F.pixel_shuffle(base + self.tail(self.blocks(self.head(base))), self.scale)


class _Unrolled(nn.Module):
    """`MZSRNetUnrolled`, all of it folded but what is degraded again."""

    def __init__(self, network: MZSRNetUnrolled, degradation: Degradation) -> None:
        super().__init__()
        self.scale, told = network.scale, Degradation(degradation.told, network.scale, noise=degradation.noise)
        self.linear = _linear(degradation)
        self.degrade = Degrade(told)
        self.correct = Spread(wiener_filter(told, REACH * self.scale), self.scale, mirror=False)
        self.head, self.stages, self.tail = network.head, network.stages, network.tail

    def forward(self, lq: Tensor) -> Tensor:
        """Super-resolve, see `chain_of`; the steps are those of `MZSRNetUnrolled`."""
        linear = self.linear(lq)
        features = self.head(linear)
        for number, stage in enumerate(self.stages, start=1):
            features = stage(features)
            estimate = linear + self.tail(features)
            missed = self.correct(lq - self.degrade(F.pixel_shuffle(estimate, self.scale)))
            linear = linear + missed
            if number < len(self.stages):
                features = features + F.conv2d(missed, self.head.weight, padding=1)
        return F.pixel_shuffle(estimate + missed, self.scale)


def _linear(degradation: Degradation) -> Spread:
    """Give Wiener's filter as convolutions.

    Raises:
        ConfigError: a kernel that the filter does not serve, whose linear estimate is solved for each image anew.
    """
    if not filter_serves(degradation):
        raise ConfigError(
            "kernel: Wiener's filter does not serve this kernel, as it loses frequencies or is lopsided, so each image "
            "is solved for by iterations that no file can hold; use `mzsr upscale`, or export another kernel"
        )
    told = Degradation(degradation.told, degradation.scale, noise=degradation.noise)
    return Spread(wiener_filter(told), int(degradation.scale), mirror=True)


CHAINS: dict[type[nn.Module], Callable[..., nn.Module]] = {
    MZSRNet: _Unconditioned,
    MZSRNetLR: _Unconditioned,
    MZSRNetWiener: _Wiener,
    MZSRNetUnrolled: _Unrolled,
}
