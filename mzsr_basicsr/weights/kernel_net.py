"""The shipped KernelNets."""

from functools import lru_cache

import torch

from mzsr_basicsr.blind.kernel_net import KernelNet
from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.weights import locate
from mzsr_basicsr.weights.files import UNREADABLE

SHIPPED = "shipped:kernel_net"
GAUSSIANS = "shipped:kernel_net_gaussian"  # tells nothing but the spread, of clean Gaussians more precisely


def spread_net(subsampling: str) -> KernelNet | None:
    """Give the KernelNet that is asked for a Gaussian's spread: `GAUSSIANS` beside direct subsampling, else none."""
    return load_kernel_net(GAUSSIANS) if subsampling == "direct" else None


@lru_cache(maxsize=2)
def load_kernel_net(path: str = SHIPPED) -> KernelNet:
    """Load a KernelNet that BasicSR's SRModel saved, in eval mode, on the CPU.

    Args:
        path: weights file, or "shipped:NAME".

    Raises:
        WeightsError: the file is missing, damaged or of another network.
    """
    network, file = KernelNet(), locate(path)
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
        network.load_state_dict(content["params_ema"])
    except UNREADABLE as error:
        raise WeightsError(f"{path}: no weights file of KernelNet ({type(error).__name__}); replace it") from None
    return network.eval()
