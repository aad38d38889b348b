"""Tell graphics from noise: drawn pixels repeat exactly, or have few colours that lie apart; noisy ones do neither."""

import torch
from torch import Tensor

FEW = 64  # grey levels of a palette, at most
FEW_COLOURS = 256  # colours of one, at most, as GIF and PNG have it
OFTEN = 4  # pixels to a colour, at least, before colours count as few
APART = 1.5 / 255  # noise fills all levels between two; those of a palette lie further apart, in the median
COMMON = 4  # levels that fill most of what is drawn, and little of a photograph
SHIFTS = 8  # px, the longest period that is looked for
REPEATED = 0.5  # share of a block that must repeat. With white noise of σ levels, 0.28 / σ of all pixels do, by chance


def has_palette(image: Tensor) -> bool:
    """Tell whether an image was drawn with few colours.

    Args:
        image: (..., C, H, W) in [0, 1]; colours are taken over the axis before the last two, where there is one.
    """
    channels = image.shape[-3] if image.ndim > 2 else 1
    pixels = image.reshape(-1, channels, image.shape[-2] * image.shape[-1]).transpose(1, 2).reshape(-1, channels)
    for some in (pixels[: 2**12], pixels):  # photographs show their colours early
        colours = torch.unique(some, dim=0)
        if len(colours) > FEW_COLOURS:
            return False
    if len(colours) < 2 or OFTEN * len(colours) > len(pixels):
        return False
    grey = bool((colours == colours[:, :1]).all())
    if not grey and channels > 2:
        return True
    levels = torch.unique(colours)
    return len(levels) <= FEW and float(levels.diff().median()) > APART


def commonest(image: Tensor) -> float:
    """Measure how much of an image its `COMMON` commonest grey levels, of 256, fill: 0 to 1.

    Args:
        image: (..., C, H, W) in [0, 1].
    """
    grey = (image.mean(-3) * 255).round().clamp(0, 255).long().flatten()
    return float(torch.bincount(grey, minlength=256).topk(COMMON).values.sum()) / len(grey)


def repeats(blocks: Tensor) -> Tensor:
    """Tell for each block whether most of it comes again, exactly, a few px on.

    Args:
        blocks: (n, h, w).

    Returns:
        (n,) bool.
    """
    height, width = blocks.shape[-2:]
    found = torch.zeros(len(blocks), dtype=torch.bool, device=blocks.device)
    for down in range(min(SHIFTS, height // 2) + 1):
        for right in range(-min(SHIFTS, width // 2), min(SHIFTS, width // 2) + 1):
            if (down, right) <= (0, 0):
                continue
            here = blocks[:, : height - down, max(0, -right) : width - max(0, right)]
            there = blocks[:, down:, max(0, right) : width + min(0, right)]
            found |= (here == there).float().mean((-2, -1)) >= REPEATED
    return found
