"""The fixed operations of exports, held against SciPy and against sums written out, on images of any size."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage, signal

from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.exporting.convolutions import Correlate, Degrade, Spread, bicubic_filter, mirrored

SIZES = [(1, 1), (2, 5), (13, 8), (24, 31)]


def draw(*size: int) -> torch.Tensor:
    return torch.rand(*size, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(size)))


@pytest.mark.parametrize("size", SIZES)
def test_the_mirror_image_is_numpys(size):
    image = draw(2, 3, *size)
    found = mirrored(image, 7, (size[0] + 7 + 9, size[1] + 7 + 4))
    expected = np.pad(image.numpy(), ((0, 0), (0, 0), (7, 9), (7, 4)), mode="symmetric")
    np.testing.assert_array_equal(found.numpy(), expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_correlation_keeps_the_pixels_of_scipys(size, stride):
    image, kernel = draw(2, 3, size[0] * stride, size[1] * stride), draw(9, 9)
    found = Correlate(kernel, stride)(image)
    for n, plane in enumerate(image.flatten(0, 1).numpy()):
        expected = ndimage.correlate(plane, kernel.numpy(), mode="reflect")[::stride, ::stride]
        np.testing.assert_allclose(found.flatten(0, 1)[n].numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_filter_without_surroundings_is_a_convolution_of_the_pixels_set_apart(size, scale):
    image, filters = draw(2, 3, *size), draw(23, 23)
    found = F.pixel_shuffle(Spread(filters, scale, mirror=False)(image), scale)
    for n, plane in enumerate(image.flatten(0, 1).numpy()):
        apart = np.zeros((size[0] * scale, size[1] * scale))
        apart[::scale, ::scale] = plane
        whole = signal.convolve2d(apart, filters.numpy())
        expected = whole[11 : 11 + apart.shape[0], 11 : 11 + apart.shape[1]]
        np.testing.assert_allclose(found.flatten(0, 1)[n].numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_enlargement_is_a_filter_of_the_mirror_image(size, scale):
    image = draw(2, 3, *size)
    found = F.pixel_shuffle(Spread(bicubic_filter(scale), scale, mirror=True)(image), scale)
    torch.testing.assert_close(found, upscale(image, scale), atol=1e-12, rtol=0)


@pytest.mark.parametrize("subsampling", ["direct", "bicubic"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_an_image_is_degraded_as_by_its_record(size, scale, subsampling):
    lopsided = draw(7, 7)
    degradation = Degradation(lopsided / lopsided.sum(), scale, subsampling)
    image = draw(2, 3, size[0] * scale, size[1] * scale)
    torch.testing.assert_close(Degrade(degradation)(image), degradation.apply(image), atol=1e-12, rtol=0)
