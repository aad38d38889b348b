"""Which parameters an inner loop moves: scopes, by name; the others are held, and are meta-trained all the same."""

import fnmatch
from collections.abc import Callable, Sequence

from torch import nn

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta.modulation import GAIN, layers_of

Scope = Callable[[list[str], nn.Module], list[str]]  # (names of parameters and gains, the network) -> those that move
HEAD = 2  # convolutions from the output back: what "MetaSRNet" and ANIL call the head


def everything(names: list[str], network: nn.Module) -> list[str]:
    """Move all parameters, the paper's; gains stay out, for they are not the network's."""
    return [name for name in names if not name.endswith(GAIN)]


def head(names: list[str], network: nn.Module) -> list[str]:
    """Move the last `HEAD` layers with weights, and the biases with them (ANIL: Raghu et al. 2020).

    They are the last that the network registers; a list of name patterns says it otherwise.
    """
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in everything(names, network)))
    kept = {f"{layer}." for layer in layers[-HEAD:]}
    return [name for name in everything(names, network) if f"{name.rpartition('.')[0]}." in kept]


def modulation(names: list[str], network: nn.Module) -> list[str]:
    """Move a gain and a bias for each channel of each convolution, some hundredth of the parameters."""
    layers = layers_of(network)
    return [name for name in names if name.rpartition(".")[0] in layers and name.endswith((GAIN, ".bias"))]


SCOPES: dict[str, Scope] = {"all": everything, "head": head, "modulation": modulation}


def by_patterns(patterns: Sequence[str]) -> Scope:
    """Move the parameters whose names match one of some patterns, as `tail.*`.

    Raises:
        ConfigError: when used, where a pattern matches none.
    """

    def chosen(names: list[str], network: nn.Module) -> list[str]:
        own = everything(names, network)
        for pattern in patterns:
            if not fnmatch.filter(own, pattern):
                raise ConfigError(f"train.meta.scope: {pattern!r} matches no parameter; known: {', '.join(own)}")
        return [name for name in own if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]

    return chosen


def scope_of(asked: str | Sequence[str]) -> Scope:
    """Give a scope by its name, or by patterns."""
    return SCOPES[asked] if isinstance(asked, str) else by_patterns(asked)
