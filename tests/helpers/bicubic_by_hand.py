"""MATLAB's bicubic and the degradation of the benchmark, once more, by NumPy and SciPy."""

import math

import numpy as np
from scipy import ndimage


def resample(length, scale, antialias=True):
    """The matrix (ceil(scale * length), length) of MATLAB's imresize along one axis, antialiased below scale 1."""
    count, stretch = math.ceil(length * scale - 1e-9), max(1, 1 / scale) if antialias else 1
    matrix = np.zeros((count, length))
    for row in range(count):
        centre = (row + 0.5) / scale - 0.5
        for tap in range(math.floor(centre - 2 * stretch), math.ceil(centre + 2 * stretch) + 1):
            mirrored = tap % (2 * length)
            matrix[row, min(mirrored, 2 * length - 1 - mirrored)] += keys(abs(centre - tap) / stretch)
    return matrix / matrix.sum(1, keepdims=True)


def keys(x):
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def resized(image, scale, antialias=True):
    """(H, W, C) float64."""
    rows, columns = (resample(extent, scale, antialias) for extent in image.shape[:2])
    return np.einsum("yh,xw,hwc->yxc", rows, columns, image)


def gaussian(variance, size=21):
    x = np.arange(size) - size // 2
    weights = np.exp(-(x[:, None] ** 2 + x**2) / (2 * variance))
    return weights / weights.sum()


def degraded(picture, kernel, scale, subsampling):
    """Make the LR picture (h, w, 3) uint8 of an HR picture (H, W, 3) uint8."""
    blurred = ndimage.correlate(picture / 255.0, kernel[:, :, None], mode="reflect")
    lr = blurred[::scale, ::scale] if subsampling == "direct" else resized(blurred, 1 / scale)
    return np.uint8(np.rint(lr.clip(0, 1) * 255))
