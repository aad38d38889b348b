"""Kernels that no Gaussian law draws: camera shake, lobes, shifts, lost frequencies."""

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor


def camera_shake(seed: int, side: int = 25) -> Tensor:
    """(side, side) float64: a thin path that a hand's random, smooth velocity draws, not centred on its mass."""
    draw = np.random.default_rng(seed)
    velocity = ndimage.gaussian_filter1d(draw.normal(size=(2000, 2)), 100, axis=0)
    path = velocity.cumsum(0)
    path -= path.mean(0)
    path *= (side / 2 - 3) / np.abs(path).max()
    seen, _, _ = np.histogram2d(*path.T, bins=side, range=[[-side / 2, side / 2]] * 2)
    blurred = ndimage.gaussian_filter(seen, 0.6, mode="constant")
    return torch.from_numpy(blurred / blurred.sum())


def shifted_delta(side: int, down: int, right: int) -> Tensor:
    """(side, side) float64: one weight, off the centre."""
    kernel = torch.zeros(side, side, dtype=torch.float64)
    kernel[side // 2 + down, side // 2 + right] = 1
    return kernel


def lobes(seed: int, side: int = 25, count: int = 5) -> Tensor:
    """(side, side) float64: some small spots far from each other."""
    draw = np.random.default_rng(seed)
    kernel = np.zeros((side, side))
    for row, column in draw.integers(3, side - 3, (count, 2)):
        kernel[row, column] += draw.uniform(0.5, 1)
    kernel = ndimage.gaussian_filter(kernel, 0.7, mode="constant")
    return torch.from_numpy(kernel / kernel.sum())


def flat(side: int) -> Tensor:
    """(side, side) float64: a box, whose spectrum has zeros."""
    return torch.full((side, side), 1 / side**2, dtype=torch.float64)


ODD = {
    "shake 0": camera_shake(0),
    "shake 1": camera_shake(1),
    "shake 2": camera_shake(2),
    "shake of 51 px": camera_shake(3, 51),
    "lobes": lobes(0),
    "shift": shifted_delta(25, 5, -4),
    "box of 9 px": flat(9),
    "none": flat(1),
}
