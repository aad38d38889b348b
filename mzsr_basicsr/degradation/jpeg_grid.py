"""JPEG artefacts found in pixels, whatever file they come from: the grid of blocks, and the steps of its table.

A JPEG file keeps each 8x8 block's DCT coefficients as multiples of steps. Decoded and saved as PNG, cropped, or pasted
into another picture, the coefficients of the right blocks still lie at those multiples, and those of shifted blocks do
not. Where blocks begin is guessed by the jumps at their borders, and proved by the multiples.
"""

import math

import torch
from torch import Tensor

from mzsr_basicsr.degradation.graphics import has_palette

BLOCK = 8  # px
LARGEST = 512  # px, side of what is looked at
PARTS = 3  # of an image, at most
_LUMA = (0.299, 0.587, 0.114)
_STEPS = {  # of the standard's luma table (ISO 10918-1, annex K), levels, [row, column]
    **{(0, 1): 11, (0, 2): 10, (0, 3): 16, (1, 0): 12, (1, 1): 12, (1, 2): 14, (1, 3): 19, (2, 0): 14},
    **{(2, 1): 13, (2, 2): 16, (2, 3): 24, (3, 0): 14, (3, 1): 17, (3, 2): 22, (3, 3): 29},
}
_MEAN_STEP = 57.625  # of all of them
_GUESSES = 3  # phases of each axis that are tried
_FEWEST = 24  # coefficients that are not zero, before a step is believed
_CLEAR = 0.6  # mean cosine, 1 at exact multiples and about 0 anywhere
_AGREE = 4  # coefficients that must show their steps


def grid_quantization(image: Tensor) -> float:
    """Find an earlier JPEG compression of an image.

    Args:
        image: (..., C, H, W), [0, 1] intensity, RGB or any other bands: an image, or parts of one.

    Returns:
        The mean step of its luma table, levels of 0 to 255, as the file would have told, taken for the standard's table
        of another quality; 0 where there is no grid, or one of steps below 2 levels.
    """
    parts = image.reshape(-1, *image.shape[-3:])[:PARTS, :, :LARGEST, :LARGEST]
    if min(parts.shape[-2:]) < 8 * BLOCK or has_palette(parts):
        return 0.0
    count = parts.shape[1]
    weights = parts.new_tensor(_LUMA if count == 3 else [1 / count] * count)
    best = 0.0, 0.0
    for luma in 255 * torch.einsum("bchw,c->bhw", parts, weights):
        for top in _phases(luma):
            for left in _phases(luma.T):
                best = max(best, _evidence(luma[top:, left:]))
    return best[1]


def _phases(luma: Tensor) -> list[int]:
    """Guess where blocks begin down the rows of (h, w): the phases of the largest jumps, beyond those beside them."""
    jump = luma.diff(dim=0).abs().clamp_max(20)
    beyond = (jump[1:-1] - (jump[:-2] + jump[2:]) / 2).mean(1)  # entry i: between rows i + 1 and i + 2
    phases = torch.stack([beyond[(p - 2) % BLOCK :: BLOCK].mean() for p in range(BLOCK)])
    found: list[int] = phases.argsort(descending=True)[:_GUESSES].tolist()
    return found


def _evidence(luma: Tensor) -> tuple[float, float]:
    """Tell how clearly blocks that begin at the first pixel show their steps, 0 for no, and the mean step."""
    rows, columns = luma.shape[0] // BLOCK, luma.shape[1] // BLOCK
    blocks = luma[: rows * BLOCK, : columns * BLOCK].unflatten(1, (columns, BLOCK)).unflatten(0, (rows, BLOCK))
    transform = _dct().to(luma)
    coefficients = torch.einsum("ui,aibj,vj->uvab", transform[:4], blocks, transform[:4]).flatten(2)
    found = {place: _step(coefficients[place]) for place in _STEPS}
    clear = [(step / _STEPS[place], sure) for place, (step, sure) in found.items() if sure >= _CLEAR]
    if len(clear) < _AGREE:
        return 0.0, 0.0
    ratios = torch.tensor([ratio for ratio, _ in clear])
    return sum(sure for _, sure in clear), float(ratios.median()) * _MEAN_STEP


def _step(values: Tensor) -> tuple[float, float]:
    """Find the step, 2 to 64 levels, whose multiples coefficients (n,) lie at best, and the mean cosine there."""
    steps = torch.arange(2, 65, dtype=values.dtype, device=values.device)
    cosine = torch.cos(2 * math.pi * values[:, None] / steps)
    counts = (values.abs()[:, None] > steps / 2).to(values)
    number = counts.sum(0)
    mean = torch.where(number >= _FEWEST, (cosine * counts).sum(0) / number.clamp_min(1), -1.0)
    place = int(mean.argmax())
    return float(steps[place]), float(mean[place])


def _dct() -> Tensor:
    """Give the orthonormal DCT-II of 8 numbers: (8, 8), [frequency, place]."""
    place = torch.arange(BLOCK, dtype=torch.float64)
    waves = torch.cos(math.pi * (place[None, :] + 0.5) * place[:, None] / BLOCK) * math.sqrt(2 / BLOCK)
    waves[0] /= math.sqrt(2)
    return waves
