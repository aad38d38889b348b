"""Any optimizer of torch.optim by its name; BasicSR 1.4.2 knows Adam only."""

from collections.abc import Mapping
from typing import Any

import torch

from mzsr_basicsr.errors import ConfigError


def build_optimizer(optim: Mapping[str, Any], groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """Build an optimizer by its name in torch.optim; BasicSR 1.4.2 knows Adam only.

    Raises:
        ConfigError: an unknown optimizer, or an argument it does not take.
    """
    name = optim.get("type")
    known = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "SGD", "RMSprop")
    if name not in known:
        raise ConfigError(f"train.optim_g.type: {name!r}; allowed: {', '.join(known)}")
    lr = optim.get("lr")
    if not isinstance(lr, (int, float)) or not 0 < lr < float("inf"):
        raise ConfigError(f"train.optim_g.lr: {lr!r} must be a positive number, as 1.0e-4")
    extra = {key: value for key, value in optim.items() if key not in ("type", "lr")}
    try:
        optimizer: torch.optim.Optimizer = getattr(torch.optim, name)(groups, lr=float(lr), **extra)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"train.optim_g: {name}: {error}; known: the arguments of torch.optim.{name}") from error
    return optimizer
