"""The precision of convolutions: bfloat16 where the hardware computes in it and the weights are known to bear it."""

import platform

import torch
from torch import nn

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.upscaling.settings import PRECISIONS

MOST = 0.02  # dB, what bfloat16 may cost
# dB that it costs at most, of the sets and kernels of `benchmarks/precision.py`; its table stands in each card.
LOST = {"mzsr_x2": 0.0, "mzsr_domains_x2": 0.0, "mzsr_x3": 0.0, "mzsr_x4": 0.0}


def choose_precision(name: str, device: torch.device, weights: str) -> str:
    """Choose between "float32" and "bfloat16".

    Args:
        name: one of `PRECISIONS`. "auto" takes bfloat16 where the hardware has it and the weights, by their table of
            measurements, lose no more than `MOST` by it; weights that nobody measured are computed in float32.
        device: that is worked on.
        weights: a file, or "shipped:NAME".

    Raises:
        ConfigError: another name.
    """
    if name not in PRECISIONS:
        raise ConfigError(f"precision: {name!r}; allowed: {', '.join(PRECISIONS)}")
    if name != "auto":
        return name
    known = LOST.get(weights.removeprefix("shipped:"), MOST + 1) if weights.startswith("shipped:") else MOST + 1
    return "bfloat16" if known <= MOST and has_bfloat16(device) else "float32"


def has_bfloat16(device: torch.device) -> bool:
    """Tell whether a device computes in bfloat16 itself; where it is emulated it costs more than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if platform.machine().lower() in ("x86_64", "amd64"):
        checks = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile"))
        return any(check() for check in checks if check is not None)
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def computing_in(network: nn.Module, device: torch.device, precision: str) -> nn.Module:
    """Move a network to a device, ready to compute there in a precision; see `meta.task.in_short`."""
    network = network.to(device)
    if device.type in ("cpu", "cuda"):
        network = network.to(memory_format=torch.channels_last)
    vars(network)["in_bfloat16"] = precision == "bfloat16"
    return network.eval()
