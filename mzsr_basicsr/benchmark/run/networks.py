"""Any network of BasicSR with its weights, checked against the scale it is to serve."""

import inspect
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.archs.build import build_network, check_network, network_class
from mzsr_basicsr.archs.windows import FAILURES, fit_sizes
from mzsr_basicsr.benchmark.run.options import MZSROptions, NetworkOptions
from mzsr_basicsr.errors import ConfigError, MZSRError, WeightsError
from mzsr_basicsr.meta import MetaLearner
from mzsr_basicsr.weights.files import load_weights
from mzsr_basicsr.weights.pretrained import fitting_rates, load_pretrained


class Loaded(NamedTuple):
    """A network in eval mode, its file's learned inner rates (updates, parameter tensors), if any, and their manner.

    At last start, scope and rule of its meta-learner, if it has any of its own.
    """

    network: nn.Module
    rates: Tensor | None
    manner: Manner
    learner: MetaLearner | None = None

    def to(self, device: torch.device) -> "Loaded":
        """Move all to a device, the network's tensors with their channels last."""
        network = self.network.to(device).to(memory_format=torch.channels_last)
        rates = None if self.rates is None else self.rates.to(device)
        return Loaded(network, rates, self.manner, None if self.learner is None else self.learner.to(device))


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

    A network that takes multiples of some number only (SwinIR) gets its input padded by mirroring.

    Raises:
        MZSRError: no such network, or weights that are missing, damaged, of another network or of another scale.
    """
    path = weights_file(options, scale, section)
    if options.network_g is None:
        if options.param_key is not None:
            raise ConfigError(
                f"{section}.param_key: goes with `network_g`, which is missing; add it, or leave both out"
            )
        network, own, rates, manner, learner = load_pretrained(path)
        if own != scale and not getattr(network, "wants_scale", False):
            raise WeightsError(
                f"{section}.weights: {path} is for scale {own:g}, but a kernel of scale {scale:g} is in `kernels`; "
                f"name weights by scale, as {{{own:g}: {path}, {scale:g}: FILE}}, or leave that kernel out"
            )
        return Loaded(network, rates, manner, learner)
    section_g = options.network_g
    check_network(section_g, f"{section}.network_g")
    _check_scale(section_g, scale, f"{section}.network_g")
    network = build(section_g, f"{section}.network_g")
    found = load_weights(network, path, options.param_key, scale)
    rates = fitting_rates(found.rates, network, path, found.learner)
    return Loaded(fit_sizes(network, f"{section}.network_g").eval(), rates, found.manner, found.learner)


def build(section_g: dict[str, Any], name: str) -> nn.Module:
    """Build a network that `check_network` has passed; `name` is its section.

    Raises:
        ConfigError: an argument is missing or does not suit it.
    """
    try:
        network: nn.Module = build_network(section_g)
    except MZSRError:
        raise
    except FAILURES as error:
        kind, line = section_g["type"], f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise ConfigError(f"{name}: {kind} cannot be built ({line}); give it the arguments it needs") from error
    return network


def _check_scale(section_g: dict[str, Any], scale: float, name: str) -> None:
    """Compare the scale of a network with that of a kernel."""
    any_scale = getattr(network_class(section_g["type"]), "wants_scale", False)
    for key in ("scale", "upscale"):
        own = section_g.get(key, scale) if any_scale else _argument(section_g, key, scale)
        if own != scale:
            raise ConfigError(
                f"{name}.{key}: {own} differs from scale {scale:g} of a kernel in `kernels`; make them equal, or leave "
                "that kernel out"
            )


def _argument(section_g: dict[str, Any], key: str, otherwise: float) -> Any:
    """Give an argument of a network: what its section says, else its own default, else another value."""
    parameter = inspect.signature(network_class(section_g["type"])).parameters.get(key)
    if parameter is None or parameter.default is inspect.Parameter.empty:
        return section_g.get(key, otherwise)
    return section_g.get(key, parameter.default)
