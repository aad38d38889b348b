"""Modulation: a gain and a bias for each channel of each convolution, beside the network's own parameters.

Parameters with gains hold, beside a layer's `NAME.weight` and `NAME.bias`, a `NAME.gain` (channels,), 1 where the layer
is as it was. `folded` makes them parameters of the network: the weights of each channel times its gain. A strategy is a
vector of all gains less 1 and all moves of the biases, layer after layer; 0 leaves the network as it is.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta.task import Loss

GAIN = ".gain"
_KINDS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)  # the first axis of their weights is that of their channels


def layers_of(network: nn.Module) -> dict[str, int]:
    """List the layers that can be modulated, by name, with their channels: those with trainable weights and bias.

    Raises:
        ConfigError: there is none.
    """
    names = {name for name, value in network.named_parameters() if value.requires_grad}
    found = {
        name: module.weight.shape[0]
        for name, module in network.named_modules()
        if isinstance(module, _KINDS) and {f"{name}.weight", f"{name}.bias"} <= names
    }
    if not found:
        raise ConfigError(
            f"network_g: {type(network).__name__} has no trainable convolution with a bias, so nothing to modulate; "
            "choose another train.meta.scope or train.meta.start"
        )
    return found


def width_of(layers: Mapping[str, int]) -> int:
    """Give the length of a strategy."""
    return 2 * sum(layers.values())


def with_gains(params: Mapping[str, Tensor], layers: Mapping[str, int]) -> dict[str, Tensor]:
    """Add gains of 1."""
    return {**params, **{f"{name}{GAIN}": torch.ones_like(params[f"{name}.bias"]) for name in layers}}


def modulated(params: Mapping[str, Tensor], layers: Mapping[str, int], strategy: Tensor) -> dict[str, Tensor]:
    """Apply a strategy (width,): gains are added, biases moved; differentiable in both."""
    gains, moves = (dict(zip(layers, part.split(list(layers.values())), strict=True)) for part in strategy.chunk(2))
    changed = {f"{name}.bias": params[f"{name}.bias"] + moves[name] for name in layers}
    return {**params, **changed, **{f"{name}{GAIN}": 1 + gains[name] for name in layers}}


def folded(params: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Make parameters with gains those of the network; others are given back as they are."""
    plain = {name: value for name, value in params.items() if not name.endswith(GAIN)}
    for name, gain in params.items():
        if name.endswith(GAIN):
            weight = f"{name.removesuffix(GAIN)}.weight"
            plain[weight] = plain[weight] * gain.reshape(-1, *[1] * (plain[weight].ndim - 1))
    return plain


def with_folding(loss: Loss) -> Loss:
    """Let a loss of plain parameters take parameters with gains."""
    return lambda params: loss(folded(params))
