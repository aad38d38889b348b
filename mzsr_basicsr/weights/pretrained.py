"""Build a network from nothing but its weights file."""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mzsr_basicsr.adaptation.settings import Manner, Schedule, usual_schedule
from mzsr_basicsr.archs.build import build_network, check_network
from mzsr_basicsr.archs.windows import fit_sizes
from mzsr_basicsr.errors import ConfigError, WeightsError
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.signals import SIGNALS, SignalSettings
from mzsr_basicsr.weights import locate
from mzsr_basicsr.weights.files import load_weights, read_file


class Pretrained(NamedTuple):
    """A network in eval mode, its magnification, its learned inner rates (updates, parameter tensors), if any, the
    manner of its updates, and the start, scope and rule that it was meta-trained with, None for θ itself, all of it.
    """

    network: nn.Module
    scale: float
    rates: Tensor | None
    manner: Manner
    learner: MetaLearner | None = None

    @property
    def schedule(self) -> Schedule:
        """The learned rates, or those that suit the rule."""
        return usual_schedule(self.manner.rule) if self.rates is None else Schedule(learned=self.rates)


def load_pretrained(path: str) -> Pretrained:
    """Load a network that an MZSRModel saved.

    Args:
        path: weights file, or "shipped:NAME".

    Raises:
        WeightsError: the file is missing, damaged, or does not say which network it is for.
    """
    about: Any = read_file(locate(path), "weights file").get("about")
    if not isinstance(about, dict) or not isinstance(about.get("network_g"), dict) or not _is_scale(about.get("scale")):
        raise WeightsError(f"{path}: does not say which network it is for; use it with an option file")
    check_network(about["network_g"])
    network: nn.Module = build_network(about["network_g"])
    loaded = load_weights(network, path, None, about["scale"])
    _check(network, about["scale"], path)
    fitting = fitting_rates(loaded.rates, network, path, loaded.learner)
    whole = fit_sizes(network, f"{path}: network_g").eval()
    return Pretrained(whole, about["scale"], fitting, loaded.manner, loaded.learner)


def with_signal(loaded: Pretrained, asked: str) -> Pretrained:
    """Choose what a network learns from at a test: the manner of its updates, and the rates that suit it.

    Learned rates fit the manner that they were learned in alone. Another signal takes the usual rates of a rule: the
    son, whose loss the paper descends, plain gradient descent; others steps that do not depend on the loss's size.

    Args:
        loaded: the network.
        asked: a key of `SIGNALS`, or "auto" for what the weights were meta-trained for.

    Raises:
        ConfigError: no such signal.
    """
    if asked in ("auto", loaded.manner.signal.name):
        return loaded
    if asked not in SIGNALS:
        raise ConfigError(f"signal: {asked!r} is not registered; allowed: auto, {', '.join(SIGNALS)}")
    rule = "gradient" if asked == "son" else "orthogonal"
    return loaded._replace(rates=None, manner=Manner(SignalSettings(asked), rule))


def _is_scale(scale: object) -> bool:
    return isinstance(scale, (int, float)) and math.isfinite(scale) and scale >= 1


def fitting_rates(rates: Any, network: nn.Module, path: str, learner: MetaLearner | None = None) -> Tensor | None:
    """Check the learned rates of a weights file, one for each tensor that moves, or for each of their elements.

    Returns:
        They, or None where the file holds none.

    Raises:
        WeightsError: they are of another network.
    """
    if rates is None:
        return None
    learner = MetaLearner(network) if learner is None else learner
    fitting = isinstance(rates, Tensor) and rates.ndim == 2
    if not fitting or (len(rates) and rates.shape[1] not in (len(learner.moving), learner.elements(network))):
        raise WeightsError(f"{path}: its learned rates do not fit its network; replace the file")
    return rates if len(rates) else None


def _check(network: nn.Module, scale: float, path: str) -> None:
    """Refuse what would only fail later, or give a black image."""
    if not getattr(network, "wants_scale", False) and getattr(network, "scale", scale) != scale:
        raise WeightsError(f"{path}: says it is for scale {scale:g}, but its network is not; replace the file")
    if not all(bool(torch.isfinite(p).all()) for p in network.parameters()):
        raise WeightsError(f"{path}: holds weights that are NaN or infinite; replace the file")
