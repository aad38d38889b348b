"""Where an image is lively: the parts that tell most about its blur, and that there is most to learn from."""

import torch.nn.functional as F
from torch import Tensor


def slope(images: Tensor) -> Tensor:
    """Sum the absolute differences of neighbouring pixels, over all channels: (n, C, h, w) -> (n, 1, h, w)."""
    down = F.pad(images.diff(dim=-2), (0, 0, 0, 1)).abs()
    across = F.pad(images.diff(dim=-1), (0, 1, 0, 0)).abs()
    return (down + across).mean(1, keepdim=True)


def lively_cells(energy: Tensor, count: int) -> list[tuple[int, int]]:
    """Choose the `count` cells of the largest energy: (rows, columns) -> (row, column), the liveliest first."""
    order = energy.flatten().argsort(descending=True, stable=True)[:count].tolist()
    return [(place // energy.shape[1], place % energy.shape[1]) for place in order]
