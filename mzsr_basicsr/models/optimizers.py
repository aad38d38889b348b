"""Optimizers by name: those of torch.optim, and Orthogonal; BasicSR 1.4.2 knows Adam only."""

from collections.abc import Mapping
from typing import Any

import torch

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta import MetaStep
from mzsr_basicsr.models.orthogonal import Orthogonal
from mzsr_basicsr.options.learner import MetaOptions


def parameter_groups(step: MetaStep, meta: MetaOptions) -> list[dict[str, Any]]:
    """Group what is trained: the network, the learned rates, and the meta-learner's own parameters."""
    groups: list[dict[str, Any]] = [{"params": [p for p in step.network.parameters() if p.requires_grad]}]
    rates = [step.log_rates] if step.learns_rates else []
    others = (("rates_lr", meta.rates_lr, rates), ("learner_lr", meta.learner_lr, step.learner.own()))
    groups += [{"params": own, "lr": lr, "matrices": False, "key": key} for key, lr, own in others if own]
    return groups


def build_optimizer(optim: Mapping[str, Any], groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """Build an optimizer by its name.

    Args:
        optim: `train.optim_g`: its type and arguments.
        groups: of parameters; the first one takes the arguments' learning rate.

    Raises:
        ConfigError: an unknown optimizer, or an argument it does not take.
    """
    name = optim.get("type")
    known = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "SGD", "RMSprop", "Orthogonal")
    if name not in known:
        raise ConfigError(f"train.optim_g.type: {name!r}; allowed: {', '.join(known)}")
    lr = optim.get("lr")
    if not isinstance(lr, (int, float)) or not 0 < lr < float("inf"):
        raise ConfigError(f"train.optim_g.lr: {lr!r} must be a positive number, as 1.0e-4")
    extra = {key: value for key, value in optim.items() if key not in ("type", "lr")}
    kind = Orthogonal if name == "Orthogonal" else getattr(torch.optim, name)
    try:
        optimizer: torch.optim.Optimizer = kind(groups, lr=float(lr), **extra)
    except (TypeError, ValueError) as error:
        known_to = "lr, momentum, vector_share" if kind is Orthogonal else f"the arguments of torch.optim.{name}"
        raise ConfigError(f"train.optim_g: {name}: {error}; known: {known_to}") from error
    return optimizer
