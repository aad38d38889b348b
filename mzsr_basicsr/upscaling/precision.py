"""The precision of convolutions: bfloat16 where the hardware computes in it and the weights are known to bear it."""

import torch
from torch import Tensor, nn

from mzsr_basicsr.degradation.graphics import commonest
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.upscaling.allocator import keep_freed_memory
from mzsr_basicsr.upscaling.allowed import PRECISIONS
from mzsr_basicsr.upscaling.device import has_bfloat16, memory_format

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
    """Move a network to a device, to be tested there, in the layout that convolutions are fastest in.

    This process keeps freed memory from now on, see `keep_freed_memory`.
    """
    keep_freed_memory()
    return network.to(device).to(memory_format=memory_format(device)).eval()


def compute_in(network: nn.Module, precision: str) -> None:
    """Have a network computed in a precision from now on; see `meta.task.in_short`."""
    vars(network)["in_bfloat16"] = precision == "bfloat16"
