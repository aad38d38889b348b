"""What stands for an image that is too large to be looked at whole: some of its parts."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from mzsr_basicsr.adaptation.careful import BUDGET, CROP
from mzsr_basicsr.adaptation.lively import lively_cells, slope
from mzsr_basicsr.degradation.linear import filter_serves
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.pictures.bands import Bands, to_planes
from mzsr_basicsr.pictures.parts import Pixels

PARTS = 16  # to estimate a kernel from
_STRIP = 32  # cells of a strip that is looked at at once


def to_adapt_to(pixels: Pixels, bands: Bands, device: torch.device, budget: int | None = None) -> tuple[Tensor, int]:
    """Give what is adapted to: the whole image, or its liveliest parts where it is larger than the budget.

    Args:
        pixels: (H, W, C).
        bands: of the image.
        device: where the planes shall lie.
        budget: px of all planes together; None for `careful.BUDGET`.

    Returns:
        (parts * planes, 3, h, w) and the number of parts.
    """
    budget = BUDGET if budget is None else budget
    height, width = pixels.shape[:2]
    if height * width * bands.planes <= budget:
        return to_planes(pixels[:], bands, device), 1
    count = max(1, budget // (CROP**2 * bands.planes)) + 1  # one more, to be held out
    parts = _lively_parts(pixels, bands, count)
    return torch.cat([to_planes(part, bands, device) for part in parts]), len(parts)


def shared_inputs(network: nn.Module, pixels: Pixels, bands: Bands, degradation: Degradation) -> dict[str, Tensor]:
    """Give the inputs of a network that are one for all parts of an image, so that no tile differs from the next.

    Args:
        network: asked by its method `shared_inputs`, if it has one.
        pixels: (H, W, C).
        bands: of the image.
        degradation: of it, on the device that is worked on.
    """
    find = getattr(network, "shared_inputs", None)
    if find is None or filter_serves(degradation):
        return {}
    images, _ = to_adapt_to(pixels, bands, degradation.kernel.device)
    found: dict[str, Tensor] = find(images, degradation.told, degradation.noise)
    return found


def to_judge_blur(pixels: Pixels, bands: Bands, also: Sequence[np.ndarray] = ()) -> Tensor:
    """Give what a kernel is estimated from, of an image and of others of its size: (n, C, h, w) on the CPU."""
    height, width = pixels.shape[:2]
    if height * width <= PARTS * CROP**2:
        return _colours([pixels[:], *also], bands)
    images: list[Pixels] = [pixels, *also]
    return _colours([part for one in images for part in _lively_parts(one, bands, PARTS // len(images))], bands)


def to_judge_noise(pixels: Pixels, bands: Bands) -> Tensor:
    """Give what noise is estimated from: parts spread evenly over the image, (n, C, h, w) on the CPU."""
    height, width = pixels.shape[:2]
    rows, columns = (max(1, extent // CROP) for extent in (height, width))
    step = max(1, round((rows * columns / PARTS) ** 0.5))
    places = [(y, x) for y in range(0, rows, step) for x in range(0, columns, step)]
    parts = [pixels[CROP * y : CROP * (y + 1), CROP * x : CROP * (x + 1)] for y, x in places]
    return _colours([part for part in parts if part.shape == parts[0].shape], bands)


def _colours(parts: list[np.ndarray], bands: Bands) -> Tensor:
    """Stack parts of one size, each colour once: (n, C, h, w) on the CPU."""
    planes = [to_planes(part, bands, torch.device("cpu")) for part in parts]
    return torch.stack([plane[0] if bands.colours == 3 else plane[:, 0] for plane in planes])


def _lively_parts(pixels: Pixels, bands: Bands, count: int) -> list[np.ndarray]:
    """Cut the liveliest cells of a grid out of an image, all of one size; strip by strip, to keep memory small."""
    rows, columns = (max(1, extent // CROP) for extent in pixels.shape[:2])
    height, width = min(CROP, pixels.shape[0]), min(CROP, pixels.shape[1])
    strips = [slice(CROP * x, min(CROP * (x + _STRIP), pixels.shape[1])) for x in range(0, columns, _STRIP)]
    cells = [slice(CROP * y, CROP * y + height) for y in range(rows)]
    energies = [[_energies(pixels[cell, strip], bands) for strip in strips] for cell in cells]
    energy = torch.stack([torch.cat(row)[:columns] for row in energies])
    places = lively_cells(energy, min(count, energy.numel()))
    return [pixels[CROP * y : CROP * y + height, CROP * x : CROP * x + width] for y, x in places]


def _energies(strip: np.ndarray, bands: Bands) -> Tensor:
    """Measure the mean gradient of each cell in a row of cells."""
    columns = max(1, strip.shape[1] // CROP)
    lively = slope(to_planes(strip, bands, torch.device("cpu")))
    return torch.stack([lively[..., CROP * x : CROP * (x + 1)].mean() for x in range(columns)])
