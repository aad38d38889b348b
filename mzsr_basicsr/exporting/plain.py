"""`adaptation.plain` for a file: nothing is asked of the pixels on the way, and every step is an operator of ONNX."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.adaptation.plain import blur_reach
from mzsr_basicsr.degradation.record import Degradation


class KeepPlain(nn.Module):
    """Put the LR image's flat colours and neutral greys into the SR image, as `keep_plain` does.

    Args:
        degradation: of the images; kernel (k, k).
    """

    def __init__(self, degradation: Degradation) -> None:
        super().__init__()
        self.scale, self.noisy = float(degradation.scale), float(degradation.noise) != 0
        self.around = blur_reach(degradation) + 1
        weights = degradation.told.detach().double()
        offsets = torch.arange(weights.shape[-1], device=weights.device) - weights.shape[-1] // 2
        self.centre = [round(float((weights.sum(other) * offsets).sum()), 3) for other in (-1, -2)]

    def forward(self, sr: Tensor, lq: Tensor) -> Tensor:
        """Give (B, 3, H, W) of the SR image and the LR image, (B, 3, h, w), both in [0, 1]."""
        nearest = self._places(sr, lq, lambda places: (places + 0.5).floor())
        equal = _highest(lq, self.around) + _highest(-lq, self.around) == 0
        sr = torch.where(_enlarged(equal, nearest), _enlarged(lq, nearest), sr)
        if not self.noisy:  # noise is clipped at black and white
            corners = [self._places(sr, lq, rounding) for rounding in (torch.floor, torch.ceil)]
            for extreme, value in ((lq <= 0, 0.0), (lq >= 1, 1.0)):
                sr = sr.masked_fill(_enlarged_where_all(_areas(extreme), corners), value)
        colour = (lq.amax(1, keepdim=True) > lq.amin(1, keepdim=True)).to(lq)
        neutral = _highest(colour, self.around) == 0
        return torch.where(_enlarged(neutral, nearest), sr.mean(1, keepdim=True), sr)

    def _places(self, sr: Tensor, lq: Tensor, rounding: Callable[[Tensor], Tensor]) -> list[Tensor]:
        """Give the row of the LR image for each row of the SR image, and the same for columns."""
        places = []
        for axis, centre in zip((-2, -1), self.centre, strict=True):
            exact = (torch.arange(sr.shape[axis], device=lq.device) - centre) / self.scale
            places.append(rounding(exact).long().clamp(0, lq.shape[axis] - 1))
        return places


def _highest(planes: Tensor, radius: int) -> Tensor:
    """Take the maximum over a square around each pixel; outside of the image lies nothing."""
    rows = F.max_pool2d(planes, (2 * radius + 1, 1), 1, (radius, 0))
    return F.max_pool2d(rows, (1, 2 * radius + 1), 1, (0, radius))


def _areas(mask: Tensor) -> Tensor:
    """Leave out of a mask what is less than 2 px wide or high."""
    inside = -F.max_pool2d(-mask.float(), 2, 1)
    return F.max_pool2d(F.pad(inside, (1, 1, 1, 1)), 2, 1) > 0


def _enlarged(planes: Tensor, places: list[Tensor]) -> Tensor:
    return planes.index_select(-1, places[1]).index_select(-2, places[0])


def _enlarged_where_all(mask: Tensor, corners: list[list[Tensor]]) -> Tensor:
    """Tell for each HR pixel whether all of the LR pixels around it, four at most, are in a mask."""
    (above, before), (below, after) = corners
    columns = mask.index_select(-1, before) & mask.index_select(-1, after)
    return columns.index_select(-2, above) & columns.index_select(-2, below)
