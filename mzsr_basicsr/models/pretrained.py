"""Build a network from nothing but its weights file."""

from typing import Any, NamedTuple

from basicsr.archs import build_network
from torch import Tensor, nn

from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.models.checkpoint import load_weights, read_file
from mzsr_basicsr.models.checks import check_network
from mzsr_basicsr.weights import locate


class Pretrained(NamedTuple):
    """A network in eval mode, its magnification, and its learned inner rates (updates, parameter tensors), if any."""

    network: nn.Module
    scale: float
    rates: Tensor | None


def load_pretrained(path: str) -> Pretrained:
    """Load a network that an MZSRModel saved.

    Args:
        path: weights file, or "shipped:NAME".

    Raises:
        WeightsError: the file is missing, damaged, or does not say which network it is for.
    """
    about: dict[str, Any] = read_file(locate(path), "weights file").get("about", {})
    if not isinstance(about.get("network_g"), dict) or "scale" not in about:
        raise WeightsError(f"{path}: does not say which network it is for; use it with an option file")
    check_network(about["network_g"])
    network: nn.Module = build_network(dict(about["network_g"]))
    rates = load_weights(network, path, None, about["scale"]).get("rates")
    return Pretrained(network.eval(), about["scale"], rates if rates is not None and len(rates) else None)
