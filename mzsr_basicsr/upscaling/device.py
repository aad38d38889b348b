"""The device that is worked on."""

import torch

from mzsr_basicsr.errors import ConfigError


def choose_device(name: str) -> torch.device:
    """Find the device: "auto" takes a GPU if there is one.

    Raises:
        ConfigError: it is not there.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next((n for n in ("cuda", "mps") if there[n]), "cpu")
    if not there.get(name, False):
        found = ", ".join(n for n, here in there.items() if here)
        raise ConfigError(f"device: {name} is not there; found: {found}; give one of these, or auto")
    return torch.device(name)
