"""Small networks, and weights files of them."""

from pathlib import Path

import numpy as np
import skimage.data
import torch
from basicsr.archs import build_network
from torch import Tensor, nn

from mzsr_basicsr.weights.files import save_atomically


def save_network(path: Path, scale: int = 2, rate: float = 0.02, correction: float = 1.0) -> str:
    """Save a small MZSRNetWiener that corrects Wiener's estimate a little, with one learned rate for all updates."""
    network = {"type": "MZSRNetWiener", "num_feat": 8, "num_block": 1, "scale": scale}
    torch.manual_seed(0)
    built = build_network(dict(network))
    with torch.no_grad():
        built.tail.weight.mul_(correction)
    rates = torch.full((1, len(list(built.parameters()))), rate)
    about = {"scale": float(scale), "network_g": network}
    save_atomically({"params": built.state_dict(), "rates": rates, "about": about}, path)
    return str(path)


def photo(height: int = 40, width: int = 48) -> np.ndarray:
    """(height, width, 3) uint8, half as large as it was, so that it has detail."""
    return np.ascontiguousarray(skimage.data.astronaut()[100 : 100 + 2 * height : 2, 130 : 130 + 2 * width : 2])


class Lift(nn.Module):
    """The nearest pixel plus one number: what it learns can be followed by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, lq: Tensor) -> Tensor:
        return lq.repeat_interleave(2, -2).repeat_interleave(2, -1) + self.level
