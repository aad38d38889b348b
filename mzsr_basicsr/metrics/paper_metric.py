"""The paper's PSNR and SSIM, called the way BasicSR calls a metric; registered by name elsewhere."""

from __future__ import annotations

import numpy as np

from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.metrics.quality import psnr_y, ssim_y


def calculate_psnr_paper(
    img: np.ndarray, img2: np.ndarray, crop_border: int, input_order: str = "HWC", **kwargs: object
) -> float:
    """Measure the paper's PSNR, in dB; see `quality.psnr_y`.

    Args:
        img: uint8 BGR (H, W, 3), or grey (H, W) or (H, W, 1); (C, H, W) when input_order is 'CHW'.
        img2: The reference, alike.
        crop_border: Pixels shaved on each side.
        input_order: 'HWC' or 'CHW'.
        **kwargs: Only `better`, which BasicSR hands on, and `test_y_channel: true`, which is always so here.

    Example:
        >>> grey = np.full((16, 16), 100, np.uint8)
        >>> round(calculate_psnr_paper(grey, grey + 1, crop_border=2), 2)  # one level of 255
        48.13
    """
    _check_options(kwargs)
    return psnr_y(_to_rgb(img, input_order), _to_rgb(img2, input_order), crop_border)


def calculate_ssim_paper(
    img: np.ndarray, img2: np.ndarray, crop_border: int, input_order: str = "HWC", **kwargs: object
) -> float:
    """Measure the paper's SSIM; arguments as for `calculate_psnr_paper`, see `quality.ssim_y`.

    Example:
        >>> ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
        >>> [round(calculate_ssim_paper(ramp, other, crop_border=2), 1) for other in (ramp, ramp.T)]
        [1.0, 0.2]
    """
    _check_options(kwargs)
    return ssim_y(_to_rgb(img, input_order), _to_rgb(img2, input_order), crop_border)


def _to_rgb(image: np.ndarray, input_order: str) -> np.ndarray:
    """Turn BasicSR's BGR array into (H, W, 3) RGB, or a one-channel one into (H, W)."""
    if input_order not in ("HWC", "CHW"):
        raise ConfigError(f"metrics.input_order: unknown '{input_order}'; allowed: HWC, CHW")
    if image.ndim == 2:
        return image
    if image.ndim != 3:
        raise ImageError(f"metric: image has the shape {image.shape}; it must be (H, W) or {input_order}")
    last = image if input_order == "HWC" else image.transpose(1, 2, 0)
    return last[..., 0] if last.shape[2] == 1 else last[..., ::-1]


def _check_options(options: dict[str, object]) -> None:
    for name, value in options.items():
        if name not in ("better", "test_y_channel"):
            raise ConfigError(f"metrics.{name}: unknown option; allowed: crop_border, input_order, better")
        if name == "test_y_channel" and value is not True:
            raise ConfigError(f"metrics.test_y_channel: {value} must be true: the paper's metric is always on Y")
