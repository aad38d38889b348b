"""What KernelNet says of an image: its answers for the liveliest patches, weighted by their precision."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mzsr_basicsr.blind.kernel_net import COVARIANCE, FAMILIES, FAMILY, FREE, GRID, PRECISION, SHAPE
from mzsr_basicsr.blind.patches import lively_patches, luma_of
from mzsr_basicsr.errors import ImageError


@dataclass(frozen=True)
class Reading:
    """KernelNet's answers, all patches together.

    Attributes:
        logarithm: (3,) float64, of the covariance of the whole blur, LR px².
        precision: logarithm of its precision.
        families: share of the votes of each of `kernel_net.FAMILIES`.
        radius: of a disk, LR px.
        length: of a motion, LR px.
        theta: of a motion, radians.
        free: (25, 25) float64, the free kernel, in half LR px.
    """

    logarithm: Tensor
    precision: float
    families: dict[str, float]
    radius: float
    length: float
    theta: float
    free: Tensor


def read(network: nn.Module, image: Tensor) -> Reading:
    """Ask KernelNet about an image.

    Args:
        network: KernelNet, in eval mode.
        image: (n, C, h, w) in [0, 1], RGB or any other bands: one image, or n parts of one.

    Raises:
        ImageError: pixels that are not finite.
    """
    if not bool(torch.isfinite(image).all()):
        raise ImageError("image: holds pixels that are NaN or infinite, so no kernel can be estimated; repair it")
    with torch.no_grad():
        answers = network(lively_patches(luma_of(image))).double().cpu()
    weights = answers[:, PRECISION].clamp(-4, 9).exp()
    weights = weights / weights.sum()
    mean = (weights[:, None] * answers).sum(0)
    radius, length, cosine, sine = mean[SHAPE].tolist()
    return Reading(
        logarithm=mean[COVARIANCE],
        precision=float(mean[PRECISION]),
        families=dict(zip(FAMILIES, mean[FAMILY].softmax(0).tolist(), strict=True)),
        radius=math.exp(radius),
        length=math.exp(length),
        theta=math.atan2(sine, cosine) / 2 % math.pi,
        free=(weights[:, None] * answers[:, FREE].softmax(1)).sum(0).reshape(GRID, GRID),
    )
