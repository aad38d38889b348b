"""What an LR image says for certain, its SR image keeps: flat areas their colour, neutral ones their neutrality.

A network rings beside edges, and answers to flat colours and to the padding of its convolutions. An area that is flat,
to the last bit, as far as the blur reaches was flat before it; and where LR pixels are all black or all white, the HR
pixels that they are means of can only have been so too, as nothing is darker or lighter.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.degradation.record import Degradation

OUTSIDE = 0.01  # share of a kernel's weight that may lie beyond its reach


def keep_plain(sr: Tensor, lq: Tensor, degradation: Degradation) -> Tensor:
    """Put the LR image's flat colours and neutral greys into the SR image; nothing else is changed.

    Args:
        sr: (B, C, H, W) in [0, 1], about scale times h.
        lq: (B, C, h, w) in [0, 1].
        degradation: of the image; kernel (k, k).

    Returns:
        (B, C, H, W); the same tensor where there is nothing flat or neutral.
    """
    around = blur_reach(degradation) + 1
    nearest, before, after = (_places(sr, lq, degradation, kind) for kind in (_rounded, torch.floor, torch.ceil))
    equal = _flat(lq, around)
    if bool(equal.any()):
        sr = torch.where(_enlarged(equal, nearest), _enlarged(lq, nearest), sr)
    if float(degradation.noise) == 0:  # noise is clipped there
        for extreme, value in ((lq <= 0, 0.0), (lq >= 1, 1.0)):
            areas = _areas(extreme)
            if bool(areas.any()):
                sr = sr.masked_fill(_enlarged_where_all(areas, before, after), value)
    if lq.shape[1] == 1:
        return sr
    neutral = _all_around((lq == lq[:, :1]).all(1, keepdim=True), around)
    if not bool(neutral.any()):
        return sr
    return torch.where(_enlarged(neutral, nearest), sr.mean(1, keepdim=True), sr)


def blur_reach(degradation: Degradation) -> int:
    """Give how far from the centre the kernel's weight lies, but for `OUTSIDE` of it: LR px, rounded up."""
    weights = degradation.told.detach().abs()
    offsets = (torch.arange(weights.shape[-1], device=weights.device) - weights.shape[-1] // 2).abs()
    ring = torch.maximum(offsets[:, None], offsets[None, :]).flatten()
    rings = weights.new_zeros(weights.shape[-1] // 2 + 1).index_add(0, ring, weights.flatten())
    outside = rings.flip(0).cumsum(0).flip(0) / rings.sum()  # entry r: the share from ring r on
    return math.ceil(int((outside > OUTSIDE).sum() - 1) / degradation.scale)


def _flat(planes: Tensor, radius: int) -> Tensor:
    """Tell where all pixels of a square around a pixel, as far as it lies in the image, are equal."""
    if radius == 0:
        return torch.ones_like(planes, dtype=torch.bool)
    beside = planes[..., :, 1:] == planes[..., :, :-1]
    below = planes[..., 1:, :] == planes[..., :-1, :]
    rows = _all_along(F.pad(beside, (0, 1), value=True), -1, radius, radius - 1)
    columns = _all_along(F.pad(below, (0, 0, 0, 1), value=True), -2, radius, radius - 1)
    return _all_along(rows, -2, radius, radius) & columns


def _all_around(mask: Tensor, radius: int) -> Tensor:
    """Tell where a mask is true in all of a square around a pixel; outside of the image lies nothing."""
    return _all_along(_all_along(mask, -1, radius, radius), -2, radius, radius)


def _all_along(mask: Tensor, axis: int, before: int, after: int) -> Tensor:
    """Tell where a mask is true from so many pixels before to so many after along an axis; what is seen doubles."""
    pads = (before, after) if axis == -1 else (0, 0, before, after)
    found, seen, wanted = F.pad(mask, pads, value=True), 1, before + after + 1
    while seen < wanted:
        step = min(seen, wanted - seen)
        length = found.shape[axis] - step
        found, seen = found.narrow(axis, 0, length) & found.narrow(axis, step, length), seen + step
    return found


def _areas(mask: Tensor) -> Tensor:
    """Leave out of a mask what is less than 2 px wide or high, such as faulty pixels."""
    inside = mask[..., 1:, :] & mask[..., :-1, :]
    inside = F.pad(inside[..., 1:] & inside[..., :-1], (1, 1, 1, 1))  # of the 2x2 px around each corner
    spread = inside[..., 1:, :] | inside[..., :-1, :]
    return spread[..., 1:] | spread[..., :-1]


def _places(
    sr: Tensor, lq: Tensor, degradation: Degradation, rounding: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Give the row of the LR image for each row of the SR image, and the same for columns; kernels lie off-centre."""
    weights = degradation.told.detach().double()
    offsets = torch.arange(weights.shape[-1], device=weights.device) - weights.shape[-1] // 2
    places = []
    for axis, other in ((-2, -1), (-1, -2)):
        centre = round(float((weights.sum(other) * offsets).sum()), 3)  # HR px from that of the LR pixel
        exact = (torch.arange(sr.shape[axis], device=lq.device) - centre) / degradation.scale
        places.append(rounding(exact).long().clamp(0, lq.shape[axis] - 1))
    return places[0], places[1]


def _rounded(places: Tensor) -> Tensor:
    """Round to the nearest, halves up everywhere: `torch.round` would treat the parts of an image differently."""
    return (places + 0.5).floor()


def _enlarged(planes: Tensor, places: tuple[Tensor, Tensor]) -> Tensor:
    return planes.index_select(-1, places[1]).index_select(-2, places[0])  # rows are copied whole, columns one by one


def _enlarged_where_all(mask: Tensor, before: tuple[Tensor, Tensor], after: tuple[Tensor, Tensor]) -> Tensor:
    """Tell for each HR pixel whether all of the LR pixels around it, four at most, are in a mask."""
    columns = mask.index_select(-1, before[1]) & mask.index_select(-1, after[1])
    return columns.index_select(-2, before[0]) & columns.index_select(-2, after[0])
