"""Convolutions in blocks that a processor's cache holds: the same result, in less time."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

SIDE = 288  # px of a block: on a processor with 1 MB of cache a core, as fast as smaller ones, which overlap more
Stage = Callable[..., tuple[Tensor, ...]]


def in_blocks(stage: Stage, images: Sequence[Tensor], reach: int, side: int = SIDE) -> tuple[Tensor, ...]:
    """Apply convolutions to images block by block, where a processor works on them and no gradient is wanted.

    A large image's features do not stay in the cache from one convolution to the next, and to fetch them takes as long
    as to compute them. A block is read with what its convolutions see around it; at the border of the image they
    find their own padding, as they would without blocks.

    Args:
        stage: maps images (B, ?, h, w) to images of the same h and w; each pixel depends on pixels up to `reach` away.
        images: what it is given.
        reach: px.
        side: of a block, px.

    Returns:
        What the stage gives.
    """
    height, width = images[0].shape[-2:]
    if images[0].device.type != "cpu" or torch.is_grad_enabled() or height * width <= side * side:
        return stage(*images)
    results: tuple[Tensor, ...] = ()
    for top, bottom in cuts(height, side):
        for left, right in cuts(width, side):
            above, before = max(top - reach, 0), max(left - reach, 0)
            around = (..., slice(above, bottom + reach), slice(before, right + reach))
            parts = stage(*[image[around].contiguous(memory_format=torch.channels_last) for image in images])
            results = results or tuple(_wide(part, height, width) for part in parts)
            inside = (..., slice(top - above, bottom - above), slice(left - before, right - before))
            for result, part in zip(results, parts, strict=True):
                result[..., top:bottom, left:right] = part[inside]
    return results


def _wide(part: Tensor, height: int, width: int) -> Tensor:
    """Make room for an image of which a part is given, in the part's layout."""
    layout = torch.contiguous_format if part.is_contiguous() else torch.channels_last
    return torch.empty((*part.shape[:2], height, width), dtype=part.dtype, memory_format=layout)


def cuts(length: int, side: int) -> list[tuple[int, int]]:
    """Cut a length into as few equal parts as are no longer than a side."""
    count = -(-length // side)
    bounds = [length * i // count for i in range(count + 1)]
    return list(zip(bounds[:-1], bounds[1:], strict=True))
