"""Blurs and filters phase by phase, against the blur of the degradation and against sums over pixels."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.degradation.phases import downscaling, filter_up_mirrored, phases_of, reach_of_phases, upscaling
from mzsr_basicsr.degradation.record import Degradation


def uniform(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def lopsided(size: int, seed: int = 9) -> Tensor:
    kernel = uniform(size, size, seed=seed)
    return kernel / kernel.sum()


def spread(image: Tensor, filters: Tensor, scale: int) -> Tensor:
    """By definition: each LR pixel adds the filter, about its place, to the HR pixels; (h, w) to (s h, s w)."""
    reach, (height, width) = filters.shape[-1] // 2, image.shape
    result = torch.zeros(scale * height + 2 * reach, scale * width + 2 * reach, dtype=image.dtype)
    for row in range(height):
        for column in range(width):
            top, left = scale * row, scale * column
            result[top : top + 2 * reach + 1, left : left + 2 * reach + 1] += image[row, column] * filters
    return result[reach : reach + scale * height, reach : reach + scale * width]


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 3, 8 * 2 + 1])
def test_the_phases_of_a_kernel_hold_each_weight_once_and_in_its_place(scale: int, size: int) -> None:
    kernel, reach = lopsided(size), size // 2
    phases = phases_of(kernel, scale)
    middle = phases.shape[-1] // 2
    assert phases.shape == (scale**2, 2 * middle + 1, 2 * middle + 1) and middle == reach_of_phases(kernel, scale)
    for down in range(-reach, reach + 1):
        for across in range(-reach, reach + 1):
            (row, i), (column, j) = divmod(down, scale), divmod(across, scale)
            assert phases[scale * i + j, middle + row, middle + column] == kernel[reach + down, reach + across]
    torch.testing.assert_close(phases.sum(), kernel.sum())


@pytest.mark.parametrize(("scale", "height", "width"), [(1, 7, 5), (2, 9, 6), (2, 2, 3), (3, 4, 7), (4, 3, 3)])
@pytest.mark.parametrize("size", [1, 5, 13])  # the largest reaches beyond the whole image, more than once
def test_downscaling_is_the_blur_of_a_degradation(scale: int, height: int, width: int, size: int) -> None:
    hr, kernels = uniform(2, 3, scale * height, scale * width), torch.stack([lopsided(size), lopsided(size, 4)])
    folded = F.pixel_unshuffle(hr, scale)
    shared = downscaling(kernels[0], scale, (height, width))(folded)
    torch.testing.assert_close(shared, Degradation(kernels[0], scale).apply(hr), atol=1e-13, rtol=0)
    own = downscaling(kernels, scale, (height, width))(folded)
    torch.testing.assert_close(own, Degradation(kernels, scale).apply(hr), atol=1e-13, rtol=0)


@pytest.mark.parametrize(("scale", "height", "width"), [(1, 7, 5), (2, 5, 6), (3, 4, 5)])
@pytest.mark.parametrize("size", [3, 11])
def test_upscaling_spreads_every_pixel(scale: int, height: int, width: int, size: int) -> None:
    lr, filters = uniform(2, 2, height, width), torch.stack([lopsided(size) - 0.01, lopsided(size, 4)])
    for kernels in (filters, filters[0]):
        found = F.pixel_shuffle(upscaling(kernels, scale, (height, width))(lr), scale)
        for number in range(2):
            one = kernels if kernels.ndim == 2 else kernels[number]
            torch.testing.assert_close(found[number, 1], spread(lr[number, 1], one, scale), atol=1e-13, rtol=0)


@pytest.mark.parametrize(("scale", "size"), [(2, 7), (3, 5)])
def test_mirrored_upscaling_goes_on_as_the_mirror_image(scale: int, size: int) -> None:
    lr, kernel = uniform(1, 1, 6, 5), lopsided(size)
    around = torch.cat([lr.flip(-2), lr, lr.flip(-2)], -2)
    around = torch.cat([around.flip(-1), around, around.flip(-1)], -1)
    wide = spread(around[0, 0], kernel, scale)[6 * scale : 12 * scale, 5 * scale : 10 * scale]
    found = F.pixel_shuffle(filter_up_mirrored(lr, kernel, scale), scale)
    torch.testing.assert_close(found[0, 0], wide, atol=1e-13, rtol=0)


def test_the_gradient_goes_through_twice() -> None:
    """Meta-gradients are of second order; the adjoint of the mirror at the border is among them."""
    down = downscaling(lopsided(5), 2, (3, 4))
    up = upscaling(lopsided(5, 3), 2, (3, 4))
    folded = uniform(1, 4, 3, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: down(x**2), folded)
    assert torch.autograd.gradgradcheck(lambda x: up(down(x**3)), folded)
