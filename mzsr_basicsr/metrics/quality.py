"""The paper's metric: PSNR and SSIM on the 8-bit Y channel, borders shaved.

It differs from BasicSR's `test_y_channel`, which keeps Y in floating point and reads about 0.013 dB / 0.0011 higher.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mzsr_basicsr.errors import ImageError

_RGB_TO_Y = np.array([65481, 128553, 24966])  # thousandths
_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def psnr_y(image: np.ndarray, reference: np.ndarray, shave: int) -> float:
    """Measure PSNR on 8-bit luma.

    Args:
        image: (H, W, 3) uint8 RGB, or (H, W) uint8, taken as Y already.
        reference: The same shape and type.
        shave: Pixels dropped on each side, at least 0; the paper drops the scale.

    Returns:
        dB, peak 255; `math.inf` for equal images.

    Raises:
        ImageError: If type, shape or size is not allowed.

    Example:
        >>> grey = np.full((16, 16), 100, np.uint8)
        >>> round(psnr_y(grey + 1, grey, shave=2), 2), psnr_y(grey, grey, shave=2)  # one level of 255; none
        (48.13, inf)
    """
    first, second = _shaved_luma(image, reference, shave, smallest=1)
    error = float(np.mean((first - second) ** 2))
    return math.inf if error == 0 else 10.0 * math.log10(255.0**2 / error)


def ssim_y(image: np.ndarray, reference: np.ndarray, shave: int) -> float:
    """Measure SSIM (Wang et al. 2004) on 8-bit luma: 11x11 Gaussian window, sigma 1.5 px, valid region only.

    Args:
        image: (H, W, 3) uint8 RGB, or (H, W) uint8, taken as Y already.
        reference: The same shape and type.
        shave: Pixels dropped on each side, at least 0; the paper drops the scale.

    Returns:
        Mean SSIM, at most 1 (equal images).

    Raises:
        ImageError: If type, shape or size is not allowed; 11x11 px must be left.

    Example:
        >>> black, white = np.zeros((16, 16), np.uint8), np.full((16, 16), 255, np.uint8)
        >>> round(ssim_y(black, black, shave=2), 6), round(ssim_y(black, white, shave=2), 3)
        (1.0, 0.0)
    """
    x, y = _shaved_luma(image, reference, shave, smallest=_WINDOW)
    mean_x, mean_y = _window_mean(x), _window_mean(y)
    var_x = _window_mean(x * x) - mean_x**2
    var_y = _window_mean(y * y) - mean_y**2
    covariance = _window_mean(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    return float(np.mean(luminance * (2 * covariance + _C2) / (var_x + var_y + _C2)))


def luma(image: np.ndarray) -> np.ndarray:
    """Turn (H, W, 3) uint8 RGB into 8-bit Y in [16, 235] as (H, W) float64; (H, W) uint8 passes as Y already.

    The arithmetic is in integers, so that a Y halfway between two levels goes up on every machine.

    Example:
        >>> luma(np.array([[[0, 0, 0], [255, 255, 255], [0, 255, 0]]], np.uint8)).tolist()  # black, white, green
        [[16.0, 235.0, 145.0]]
    """
    if image.ndim == 2:
        return image.astype(np.float64)
    return ((image.astype(np.int64) @ _RGB_TO_Y + 127_500) // 255_000 + 16).astype(np.float64)


def _shaved_luma(image: np.ndarray, reference: np.ndarray, shave: int, smallest: int) -> tuple[np.ndarray, np.ndarray]:
    for name, array in (("image", image), ("reference", reference)):
        if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)):
            raise ImageError(
                f"metric: {name} is {array.dtype} {array.shape}; it must be uint8, (H, W, 3) RGB or (H, W)"
            )
    if image.shape != reference.shape:
        raise ImageError(f"metric: image {image.shape} and reference {reference.shape} differ in shape")
    height, width = image.shape[:2]
    if shave < 0 or min(height, width) - 2 * shave < smallest:
        raise ImageError(f"metric: shaving {shave} px off {height}x{width} must leave {smallest} px or more")
    inside = (slice(shave, height - shave), slice(shave, width - shave))
    return luma(image)[inside], luma(reference)[inside]


def _window_mean(values: np.ndarray) -> np.ndarray:
    """Average (H, W) under the Gaussian window wherever it fits: (H - 10, W - 10)."""
    offsets = np.arange(_WINDOW) - _WINDOW // 2
    window = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    window /= window.sum()
    return sliding_window_view(sliding_window_view(values, _WINDOW, axis=0) @ window, _WINDOW, axis=1) @ window
