"""The degradation against SciPy's correlation and against plain indexing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from mzsr_basicsr.degradation.degrade import blur, round_to_8_bits, subsample, upscale
from mzsr_basicsr.degradation.kernels import KernelLaw, delta_kernel, sample_kernels
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.errors import ConfigError, ImageError, KernelError


def uniform(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def lopsided(size: int, seed: int = 9) -> torch.Tensor:
    """Make a kernel without any symmetry, so that a convolution in place of a correlation shows."""
    kernel = uniform(size, size, seed=seed)
    return kernel / kernel.sum()


def scipy_blur(image: torch.Tensor, kernel: torch.Tensor) -> np.ndarray:
    planes = image.numpy().reshape(-1, *image.shape[-2:])
    blurred = [ndimage.correlate(plane, kernel.numpy(), mode="reflect") for plane in planes]
    return np.stack(blurred).reshape(image.shape)


@pytest.mark.parametrize(("height", "width"), [(12, 17), (7, 7), (4, 30), (2, 3), (1, 1)])
@pytest.mark.parametrize("size", [1, 3, 15])
def test_blur_is_scipys_correlation_even_below_the_radius(height: int, width: int, size: int) -> None:
    image = uniform(2, 3, height, width)
    np.testing.assert_allclose(blur(image, lopsided(size)).numpy(), scipy_blur(image, lopsided(size)), atol=1e-13)


def test_every_sample_has_its_own_kernel() -> None:
    image, kernels = uniform(4, 2, 3, 9, 10), torch.stack([lopsided(5, seed) for seed in range(4)])
    together = blur(image, kernels)
    for sample, alone, kernel in zip(together, image, kernels, strict=True):
        np.testing.assert_allclose(sample.numpy(), scipy_blur(alone, kernel), atol=1e-13)


@pytest.mark.parametrize("method", ["direct", "bicubic"])
@pytest.mark.parametrize("scale", [1, 2, 2.2, 3.0, 4])
def test_batched_equals_one_by_one(method: str, scale: float) -> None:
    image, kernels = uniform(3, 2, 3, 14, 11), torch.stack([lopsided(7, seed) for seed in range(3)])
    together = Degradation(kernels, scale, method).apply(image)
    alone = [
        Degradation(k, scale, method).apply(plane)
        for i, k in zip(image, kernels, strict=True)
        for plane in i.flatten(0, 1)
    ]
    torch.testing.assert_close(together.flatten(0, 2), torch.stack(alone), rtol=0, atol=1e-13)


def test_large_batches_are_convolved_in_parts_that_agree() -> None:
    image, kernels = uniform(5, 16, 3, 64, 64).float(), torch.stack([lopsided(3, seed) for seed in range(5)])
    together = Degradation(kernels, 2).apply(image)
    for task in range(5):
        expected = scipy_blur(image[task].double(), kernels[task])[..., ::2, ::2]
        np.testing.assert_allclose(together[task].numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_direct_keeps_the_top_left_phase(scale: int) -> None:
    image, kernel = uniform(3, 13, 10), lopsided(5)
    low = Degradation(kernel, scale).apply(image)
    np.testing.assert_allclose(low.numpy(), scipy_blur(image, kernel)[:, ::scale, ::scale], atol=1e-13)
    assert torch.equal(subsample(image, scale), image[:, ::scale, ::scale])


def test_direct_at_a_real_scale_keeps_the_nearest_pixels() -> None:
    image = torch.arange(11, dtype=torch.float64).expand(11, 11)
    assert subsample(image, 2.2)[0].tolist() == [0, 2, 4, 7, 9]
    assert subsample(image, 2.5)[0].tolist() == [0, 3, 5, 8, 10]
    assert subsample(image, 1.2)[0].tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 10, 10]
    assert subsample(uniform(3, 66, 65), 2.2).shape == (3, 30, 30)


def test_bicubic_is_blur_then_antialiased_resampling() -> None:
    image, kernel = uniform(2, 3, 12, 14), lopsided(5)
    expected = imresize(torch.from_numpy(scipy_blur(image, kernel)), 0.5)
    torch.testing.assert_close(Degradation(kernel, 2, "bicubic").apply(image), expected, rtol=0, atol=1e-13)


def test_no_blur_at_scale_one_changes_nothing() -> None:
    image = uniform(3, 8, 9)
    for method in ("direct", "bicubic"):
        assert torch.equal(Degradation(delta_kernel(3), 1, method).apply(image), image)


def test_noise_is_gaussian_additive_and_repeatable() -> None:
    image, kernel = uniform(3, 200, 200), lopsided(3)
    clean = Degradation(kernel, 2).apply(image)
    noisy = Degradation(kernel, 2, noise=0.1).apply(image, torch.Generator().manual_seed(1))
    again = Degradation(kernel, 2, noise=0.1).apply(image, torch.Generator().manual_seed(1))
    assert torch.equal(noisy, again)
    noise = noisy - clean
    assert noise.std().item() == pytest.approx(0.1, rel=0.02)
    assert noise.mean().item() == pytest.approx(0.0, abs=0.002)
    assert (noise.abs() < 0.1).double().mean().item() == pytest.approx(math.erf(1 / math.sqrt(2)), abs=0.01)


def test_rounding_gives_the_levels_of_an_image_file() -> None:
    image = 2 * uniform(3, 20, 20) - 0.5
    levels = np.rint(image.numpy().clip(0, 1) * 255).astype(np.uint8)
    np.testing.assert_allclose(round_to_8_bits(image).numpy() * 255, levels, atol=1e-12)
    assert round_to_8_bits(image.float()).dtype == torch.float32


@pytest.mark.parametrize(("scale", "method"), [(2, "direct"), (1.6, "direct"), (2, "bicubic")])
def test_gradients_reach_image_and_kernel(scale: float, method: str) -> None:
    image, kernels = uniform(2, 1, 4, 5), torch.stack([lopsided(3, seed) for seed in range(2)])
    inputs = (image.requires_grad_(), kernels.requires_grad_())
    assert torch.autograd.gradcheck(lambda i, k: Degradation(k, scale, method).apply(i), inputs)
    assert torch.autograd.gradgradcheck(lambda i, k: Degradation(k, scale, method).apply(i), inputs)


def test_dtype_follows_the_image_and_inputs_are_left_alone() -> None:
    image, kernels = uniform(2, 3, 16, 16).float(), sample_kernels(KernelLaw(), 2, torch.Generator().manual_seed(3))[0]
    before = image.clone(), kernels.clone()
    low = Degradation(kernels, 2).apply(image)
    assert low.dtype == torch.float32
    torch.testing.assert_close(low, Degradation(kernels, 2).apply(image.double()).float(), rtol=0, atol=1e-6)
    assert torch.equal(image, before[0]) and torch.equal(kernels, before[1])


def test_upscale_is_centre_aligned_and_cuts_to_the_hr_size() -> None:
    image = uniform(3, 5, 6)
    assert torch.equal(upscale(image, 2), imresize(image, 2.0))
    # the products may be summed in another order for another size
    torch.testing.assert_close(upscale(image, 2, size=(9, 11)), imresize(image, 2.0)[:, :9, :11], atol=1e-12, rtol=0)
    column = torch.arange(8, dtype=torch.float64).expand(8, 8)
    assert upscale(column, 2)[8, 8].item() == pytest.approx(8 / 2 + 0.25 - 0.5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"scale": 0.5}, ConfigError, "degradation.scale: 0.5 must be finite and at least 1"),
        ({"scale": math.inf}, ConfigError, "degradation.scale: inf"),
        ({"subsampling": "nearest"}, ConfigError, "unknown 'nearest'; allowed: direct, bicubic"),
        ({"noise": -0.1}, ConfigError, "degradation.noise: -0.1"),
        ({"noise": 0.1}, ConfigError, "it needs a torch.Generator"),
        ({"kernel": torch.ones(4, 4)}, KernelError, "\\(4, 4\\) must be"),
        ({"kernel": torch.ones(3)}, KernelError, "\\(3,\\) must be"),
        ({"kernel": torch.full((2, 3, 3), 1 / 9)}, KernelError, "2 kernels for an image of \\(3, 8, 8\\)"),
        ({"image": torch.zeros(3, 8, 8, dtype=torch.uint8)}, ImageError, "torch.uint8"),
        ({"image": torch.zeros(3, 0, 8)}, ImageError, "\\(3, 0, 8\\)"),
    ],
)
def test_impossible_degradations_are_refused(arguments: dict, error: type[Exception], message: str) -> None:
    image, given = torch.zeros(3, 8, 8), {"kernel": delta_kernel(3), "scale": 2} | arguments
    image = given.pop("image", image)
    with pytest.raises(error, match=message):
        Degradation(**given).apply(image)


def test_upscale_and_subsample_check_their_own_arguments() -> None:
    with pytest.raises(ConfigError, match="degradation.scale: 0"):
        upscale(torch.zeros(3, 4, 4), 0)
    with pytest.raises(ConfigError, match="degradation.method"):
        subsample(torch.zeros(3, 4, 4), 2, "area")
