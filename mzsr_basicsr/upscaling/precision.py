"""The precision of convolutions: bfloat16 where the hardware computes in it and the weights are known to bear it."""

import platform

import torch
from torch import Tensor, nn

from mzsr_basicsr.degradation.graphics import commonest
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.upscaling.settings import PRECISIONS

MOST = 0.02  # dB, what bfloat16 may cost
DRAWN = 0.15  # share of an image that its commonest levels fill; 3 of 19 test photographs come to more
# dB that it costs at most, of the sets and kernels of `benchmarks/precision.py`; its table stands in each card.
LOST = {"mzsr_x2": 0.012, "mzsr_domains_x2": 0.012, "mzsr_x3": 0.001, "mzsr_x4": 0.0}


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


def precision_for(images: Tensor, asked: str, usual: str) -> str:
    """Give the precision for one image: what is drawn is computed in float32, unless somebody chose another.

    Edges between even colours need large corrections, and even colours show the least error: text, charts and drawings
    lost up to 0.25 dB by bfloat16, a radiograph 0.14, where photographs lost 0.01.

    Args:
        images: (n, C, h, w) in [0, 1], the image or parts that stand for it.
        asked: one of `PRECISIONS`.
        usual: what `choose_precision` chose.
    """
    return "float32" if asked == "auto" and commonest(images) >= DRAWN else usual


def ready_on(network: nn.Module, device: torch.device) -> nn.Module:
    """Move a network to a device, to be tested there, in the layout that convolutions are fastest in."""
    network = network.to(device)
    if device.type in ("cpu", "cuda"):
        network = network.to(memory_format=torch.channels_last)
    return network.eval()


def compute_in(network: nn.Module, precision: str) -> None:
    """Have a network computed in a precision from now on; see `meta.task.in_short`."""
    vars(network)["in_bfloat16"] = precision == "bfloat16"
