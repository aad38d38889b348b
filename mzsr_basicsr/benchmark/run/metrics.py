"""The metrics of a benchmark: the paper's PSNR and SSIM, and any of pyiqa's where that is installed."""

import importlib.util
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from mzsr_basicsr.data.photos import to_tensor
from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.metrics.quality import psnr_y, ssim_y
from mzsr_basicsr.options.strict import nearest

EQUAL = 100.0  # dB, that stand for infinity: a picture without any error
OWN = ("psnr", "ssim")


def measure(
    image: np.ndarray, reference: np.ndarray, names: Sequence[str], scale: float, device: torch.device
) -> dict[str, float]:
    """Measure an SR image.

    Args:
        image: (H, W, 3) uint8 RGB.
        reference: the HR image, alike.
        names: "psnr", "ssim" (the paper's, see `quality`; `scale` px shaved), or names of pyiqa.
        scale: magnification.
        device: for pyiqa's networks.

    Returns:
        The value by name; a PSNR of equal pictures is 100 dB.

    Raises:
        ImageError: the images do not fit, or are so small that a metric is not finite.
    """
    shave = math.ceil(scale)
    own = {
        "psnr": lambda: min(EQUAL, psnr_y(image, reference, shave)),
        "ssim": lambda: ssim_y(image, reference, shave),
    }
    values = {n: own[n]() if n in own else _pyiqa(n, image, reference, shave, device) for n in names}
    for name, value in values.items():
        if not math.isfinite(value):  # a record could not hold it
            raise ImageError(f"metric: {name} of the SR image is {value}; leave {name} out, or this image")
    return values


def lower_is_better(name: str) -> bool:
    """Tell whether a metric falls as pictures get better."""
    return name not in OWN and bool(load_pyiqa(name, torch.device("cpu")).lower_better)


def _pyiqa(name: str, image: np.ndarray, reference: np.ndarray, shave: int, device: torch.device) -> float:
    metric = load_pyiqa(name, device)
    inner = (slice(shave, -shave), slice(shave, -shave))
    pictures = [to_tensor(np.ascontiguousarray(picture[inner]))[None].to(device) for picture in (image, reference)]
    with torch.no_grad():
        return float(metric(*pictures[: 2 if metric.metric_mode == "FR" else 1]))


@lru_cache(maxsize=8)
def load_pyiqa(name: str, device: torch.device) -> Any:
    """Load one of pyiqa's metrics.

    Raises:
        ConfigError: pyiqa is not installed, has no such metric, or its weights are not at hand.
    """
    if importlib.util.find_spec("pyiqa") is None:
        raise ConfigError(
            f"metrics: {name} is pyiqa's, which is not installed; pip install 'mzsr_basicsr[metrics]', or use "
            f"{', '.join(OWN)} alone"
        )
    import pyiqa

    if name not in pyiqa.list_models():
        raise ConfigError(f"metrics: unknown metric {name!r}; {nearest(name, [*OWN, *pyiqa.list_models()])}")
    try:
        return pyiqa.create_metric(name, device=device)
    except (OSError, RuntimeError, ValueError) as error:
        line = " ".join(str(error).split())
        raise ConfigError(
            f"metrics: the weights of {name} cannot be had ({line}); see pyiqa on where to put them, or leave it out"
        ) from error
