"""Any network of BasicSR with its weights, checked against the scale it is to serve."""

from typing import NamedTuple

import torch.nn.functional as F
from basicsr.archs import build_network
from torch import Tensor, nn

from mzsr_basicsr.benchmark.options import MZSROptions, NetworkOptions
from mzsr_basicsr.errors import ConfigError, WeightsError
from mzsr_basicsr.models.checkpoint import load_weights
from mzsr_basicsr.models.checks import check_network
from mzsr_basicsr.models.pretrained import load_pretrained


class Loaded(NamedTuple):
    """A network in eval mode, and the learned inner rates (updates, parameter tensors) of its file, if any."""

    network: nn.Module
    rates: Tensor | None


def weights_file(options: NetworkOptions | MZSROptions, scale: float, section: str) -> str:
    """Name the weights for a scale.

    Raises:
        ConfigError: the option file names none for it.
    """
    if isinstance(options.weights, str):
        return options.weights
    if scale not in options.weights:
        known = ", ".join(f"{s:g}" for s in options.weights) or "none"
        raise ConfigError(
            f"{section}.weights: none for scale {scale:g} (there are: {known}); add them as `{scale:g}: FILE`, or "
            "leave kernels of that scale out"
        )
    return options.weights[scale]


def load_network(options: NetworkOptions | MZSROptions, scale: float, section: str) -> Loaded:
    """Build a network and load its weights.

    A network with a `window_size` (SwinIR) gets its input padded to a multiple of it by mirroring.

    Raises:
        MZSRError: no such network, or weights that are missing, damaged, of another network or of another scale.
    """
    path = weights_file(options, scale, section)
    if options.network_g is None:
        network, own, rates = load_pretrained(path)
        if own != scale and not getattr(network, "wants_scale", False):
            raise WeightsError(
                f"{section}.weights: {path} is for scale {own:g}, but a kernel of scale {scale:g} is in `kernels`; "
                f"name weights by scale, as {{{own:g}: {path}, {scale:g}: FILE}}, or leave that kernel out"
            )
        return Loaded(network, rates)
    section_g = dict(options.network_g)
    check_network(section_g, f"{section}.network_g")
    for key in ("scale", "upscale"):
        if section_g.get(key, scale) != scale:
            raise ConfigError(
                f"{section}.network_g.{key}: {section_g[key]} differs from scale {scale:g} of a kernel in `kernels`; "
                "make them equal, or leave that kernel out"
            )
    network = build_network(section_g)
    rates = load_weights(network, path, options.param_key, scale).get("rates")
    side = int(section_g.get("window_size", 1))
    network = network.eval() if side == 1 else PaddedToWindow(network, side).eval()
    return Loaded(network, rates if rates is not None and len(rates) else None)


class PaddedToWindow(nn.Module):
    """A network whose input must be a multiple of its window: padded at the bottom and the right by mirroring.

    Args:
        network: maps (B, C, h, w) to (B, C, s h, s w).
        side: of the window, px.
    """

    def __init__(self, network: nn.Module, side: int) -> None:
        super().__init__()
        self.network = network
        self.side = side

    def forward(self, lq: Tensor) -> Tensor:
        """Super-resolve (B, C, h, w) of any size of at least half a window: (B, C, s h, s w)."""
        height, width = lq.shape[-2:]
        padded = F.pad(lq, (0, -width % self.side, 0, -height % self.side), mode="reflect")
        output: Tensor = self.network(padded)
        scale = output.shape[-1] // padded.shape[-1]
        return output[..., : scale * height, : scale * width]
