"""What the internal estimator's players are shown: crops at the image's edges, made as blurred as their sons.

Why they are blurred: were the scene alike at all scales and its HR photo of variance p (px^2) about each point, a
kernel of variance v makes an LR image of (p + v) / s^2 in its own pixels, but a son of (p + v) / s^4 + v / s^2. Only a
blur of (v - (s^2 - 1) p) / s^4 makes the two equal. Without it the game is won by a kernel of variance
(p + v) (s^2 - 1) / s^2, at scale 2 a quarter too narrow.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.blind.constraints import covariance

_WIDEST_BLUR = 0.45  # px^2 along an axis, so that the middle weight stays positive


class CropSource:
    """Draws square crops of one (1, 1, h, w) image, more often where its gradients are strong, as published."""

    def __init__(self, image: Tensor, chances_of: Tensor, side: int) -> None:
        """Take the crops of `side` px from `image`, their chances from the edges of `chances_of`, of the same shape."""
        chances = F.avg_pool2d(edge_energy(chances_of), side, stride=1)[0, 0]
        self._image, self._side, self._columns = image, side, chances.shape[1]
        # A cumulative sum rather than torch.multinomial, which takes no more than 2^24 positions.
        self._cumulative = (chances.flatten().double() + 1e-12).cumsum(0)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw (count, 1, side, side) crops, with replacement."""
        where = torch.rand(count, generator=generator, dtype=torch.float64) * self._cumulative[-1]
        chosen = torch.searchsorted(self._cumulative, where).clamp_max(self._cumulative.numel() - 1)
        corners = (divmod(index, self._columns) for index in chosen.tolist())
        side = self._side
        return torch.cat([self._image[..., top : top + side, left : left + side] for top, left in corners])


def edge_energy(image: Tensor) -> Tensor:
    """Give the squared gradient of (1, 1, h, w) by forward differences, zero past the last row and column."""
    down = F.pad(image.diff(dim=-2) ** 2, (0, 0, 0, 1))
    return down + F.pad(image.diff(dim=-1) ** 2, (0, 1))


def fair_blur(kernel: Tensor, scale: int, photo_variance: float) -> Tensor:
    """Give the blur that makes an image as blurred, in its pixels, as its son by the right kernel (see above).

    Args:
        kernel: (k, k), the kernel.
        scale: HR over LR.
        photo_variance: Variance of a sharp HR photo about each point, px^2.

    Returns:
        (3, 3) kernel whose covariance is (covariance(kernel) - (scale^2 - 1) photo_variance) / scale^4 in LR px^2,
        each principal variance limited to [0, 0.45].
    """
    excess = covariance(kernel) - (scale**2 - 1) * photo_variance * torch.eye(2, dtype=kernel.dtype)
    variances, axes = torch.linalg.eigh(excess / scale**4)
    wanted = axes @ torch.diag(variances.clamp(0.0, _WIDEST_BLUR)) @ axes.T
    down, mixed, right = wanted[0, 0] / 2, wanted[0, 1] / 4, wanted[1, 1] / 2
    middle = 1 - 2 * down - 2 * right
    return torch.stack((mixed, down, -mixed, right, middle, right, -mixed, down, mixed)).reshape(3, 3)
