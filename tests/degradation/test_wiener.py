"""Wiener upscaling against the dense matrices of linear estimation, in float64, and against its own symmetries."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage, signal
from skimage import data

from mzsr_basicsr.degradation.degrade import round_to_8_bits, upscale
from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import (
    AMPLITUDE,
    EXPONENT,
    LOWEST,
    ROUNDING_POWER,
    wiener_filter,
    wiener_transfer,
    wiener_upscale,
)
from mzsr_basicsr.errors import ConfigError


def uniform(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def lopsided(size: int, seed: int = 9) -> torch.Tensor:
    """Make a kernel without any symmetry, so that a wrong phase or a convolution for a correlation shows."""
    kernel = uniform(size, size, seed=seed)
    return kernel / kernel.sum()


def observation(kernel: np.ndarray, scale: int, height: int, width: int) -> np.ndarray:
    """Matrix A (h w, H W): what each LR pixel reads of the HR image, which repeats beyond its borders."""
    rows, columns = height * scale, width * scale
    matrix, reach = np.zeros((height, width, rows, columns)), len(kernel) // 2
    for i in range(height):
        for j in range(width):
            for (down, across), weight in np.ndenumerate(kernel):
                place = (i * scale + down - reach) % rows, (j * scale + across - reach) % columns
                matrix[i, j][place] += weight
    return matrix.reshape(height * width, rows * columns)


def covariance(rows: int, columns: int) -> np.ndarray:
    """Matrix S (H W, H W) of a random periodic image of the prior's spectrum: a sum of cosines over all frequencies."""
    vertical, horizontal = (np.minimum(np.arange(n), n - np.arange(n)) / n for n in (rows, columns))
    spectrum = AMPLITUDE * np.maximum(np.hypot(vertical[:, None], horizontal), LOWEST) ** -EXPONENT
    waves = [np.exp(2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n) for n in (rows, columns)]
    by_offset = (waves[0] @ spectrum @ waves[1]).real / (rows * columns)
    y, x = np.divmod(np.arange(rows * columns), columns)
    return by_offset[(y[:, None] - y) % rows, (x[:, None] - x) % columns]


def dense_estimate(lr: np.ndarray, kernel: np.ndarray, scale: int) -> np.ndarray:
    """S Aᵀ (A S Aᵀ + σ²)⁻¹ y, the linear estimate of least mean squared error, by matrices."""
    height, width = lr.shape
    a = observation(kernel, scale, height, width)
    s_at = covariance(height * scale, width * scale) @ a.T
    solved = np.linalg.solve(a @ s_at + ROUNDING_POWER * np.eye(len(a)), lr.ravel())
    return (s_at @ solved).reshape(height * scale, width * scale)


@pytest.mark.parametrize(
    ("scale", "height", "width"), [(1, 6, 5), (2, 6, 5), (2, 7, 8), (3, 4, 5), (3, 5, 4), (4, 3, 4)]
)
@pytest.mark.parametrize("size", [3, 5])
def test_the_transfer_is_the_dense_solution(scale: int, height: int, width: int, size: int) -> None:
    kernel, lr = lopsided(size), uniform(height, width)
    rows, columns = height * scale, width * scale
    observed = np.tile(np.fft.fft2(lr.numpy()), (scale, scale))[:, : columns // 2 + 1]  # an rfft2 keeps these columns
    spectrum = observed * wiener_transfer(Degradation(kernel, scale), (height, width)).numpy()
    estimate = np.fft.irfft2(spectrum, s=(rows, columns))
    np.testing.assert_allclose(estimate, dense_estimate(lr.numpy(), kernel.numpy(), scale), atol=1e-9)


def test_the_filter_is_the_response_of_the_transfer_on_any_large_grid() -> None:
    kernel, scale, side = gaussian_kernel(2.0, 1.0, 0.4, 15), 2, 170
    response = torch.fft.irfft2(wiener_transfer(Degradation(kernel, scale), (side, side)), s=(2 * side, 2 * side))
    found = wiener_filter(Degradation(kernel, scale))
    reach = found.shape[-1] // 2
    expected = response.roll((reach, reach), (-2, -1))[: 2 * reach + 1, : 2 * reach + 1]
    assert (found - expected).square().sum().sqrt() < 3e-3 < 1e-3 * expected.square().sum().sqrt()
    assert found[0].abs().max() < 1e-12 + (1e-2 * expected[0].abs().max())  # it ends at zero


@pytest.mark.parametrize("scale", [2, 3])
def test_the_upscaled_image_is_the_filtered_mirror_image(scale: int) -> None:
    kernel, lr = lopsided(5), uniform(7, 5)
    response = wiener_filter(Degradation(kernel, scale)).numpy()
    margin = math.ceil(len(response) / 2 / scale) + 1
    mirrored = np.pad(lr.numpy(), margin, mode="symmetric")
    apart = np.zeros([scale * n for n in mirrored.shape])
    apart[::scale, ::scale] = mirrored
    whole = signal.fftconvolve(apart, response, mode="same")
    inside = tuple(slice(margin * scale, (margin + n) * scale) for n in lr.shape)
    np.testing.assert_allclose(
        wiener_upscale(lr[None, None], Degradation(kernel, scale))[0, 0].numpy(), whole[inside], atol=1e-10
    )


def test_a_part_of_an_image_with_its_surroundings_gives_what_the_whole_gives() -> None:
    kernel, image = gaussian_kernel(2.0, 1.0, 0.4, 15), uniform(1, 1, 150, 131)
    reach = math.ceil(wiener_filter(Degradation(kernel, 2)).shape[-1] / 2 / 2)
    whole, part = (
        wiener_upscale(image, Degradation(kernel, 2)),
        wiener_upscale(image[..., 20:130, 10:], Degradation(kernel, 2)),
    )
    inside = (..., slice(2 * reach, 2 * (110 - reach)), slice(2 * reach, None))
    torch.testing.assert_close(part[inside], whole[..., 40:260, 20:][inside], atol=1e-11, rtol=0)
    assert (part - whole[..., 40:260, 20:]).abs().max() > 1e-3  # near the cuts they differ


def test_noise_weakens_the_filter_where_the_dense_solution_says() -> None:
    kernel, (height, width) = lopsided(5), (6, 5)
    quiet, noisy = (wiener_transfer(Degradation(kernel, 1, noise=sigma), (height, width)) for sigma in (0.0, 0.03))
    response = torch.fft.rfft2(torch.nn.functional.pad(kernel, (0, 0, 0, 1)).roll((-2, -2), (0, 1))).abs() ** 2
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    prior = torch.from_numpy(AMPLITUDE * np.maximum(frequency, LOWEST) ** -EXPONENT)
    expected = (prior * response + ROUNDING_POWER) / (prior * response + ROUNDING_POWER + 0.03**2)
    torch.testing.assert_close((noisy / quiet).real, expected, atol=1e-9, rtol=1e-9)


def test_every_image_of_a_batch_has_its_own_noise() -> None:
    images, kernels = uniform(2, 1, 9, 7), torch.stack([lopsided(5, seed) for seed in range(2)])
    together = wiener_upscale(images, Degradation(kernels, 2, noise=torch.tensor([0.0, 0.05], dtype=torch.float64)))
    for i, sigma in enumerate((0.0, 0.05)):
        alone = wiener_upscale(images[i : i + 1], Degradation(kernels[i], 2, noise=sigma))[0]
        torch.testing.assert_close(together[i], alone, atol=1e-12, rtol=0)
    assert (together[1] - wiener_upscale(images[1:], Degradation(kernels[1], 2))[0]).abs().max() > 0.02


def cubic(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    return np.where(x <= 1, 1.5 * x**3 - 2.5 * x**2 + 1, (-0.5 * x**3 + 2.5 * x**2 - 4 * x + 2) * (x <= 2))


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_without_blur_the_effective_kernel_is_keys_cubic(scale: int) -> None:
    found = effective_kernel(torch.ones(1, 1, dtype=torch.float64), scale).numpy()
    offsets = np.arange(len(found)) - len(found) // 2
    taps = cubic((offsets - (scale - 1) / 2) / scale)
    np.testing.assert_allclose(found, np.outer(taps, taps) / taps.sum() ** 2, atol=1e-12)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_the_effective_kernel_turns_bicubic_into_direct(scale: int) -> None:
    image, kernels = uniform(2, 3, 27 * scale, 25 * scale), torch.stack([lopsided(5, seed) for seed in (1, 2)])
    effective = effective_kernel(kernels, scale)
    assert torch.equal(effective[1], effective_kernel(kernels[1], scale))
    expected = Degradation(kernels, scale, "bicubic").apply(image)
    inside = (..., slice(8, -8), slice(8, -8))
    torch.testing.assert_close(Degradation(effective, scale).apply(image)[inside], expected[inside], atol=1e-12, rtol=0)


def test_direct_kernels_stay_and_real_scales_have_none() -> None:
    kernel = lopsided(5)
    assert Degradation(kernel, 2.5, "direct").told is kernel and Degradation(kernel, 2).told is kernel
    assert Degradation(kernel, 2.5, "bicubic").told is kernel
    assert effective_kernel(kernel.float(), 2).dtype == torch.float32
    with pytest.raises(ConfigError, match=r"scale: 2.5; .*needs an integer for bicubic"):
        effective_kernel(kernel, 2.5)


def psnr(image: torch.Tensor, reference: torch.Tensor) -> float:
    inside = (..., slice(8, -8), slice(8, -8))
    return -10 * math.log10((image.clamp(0, 1) - reference)[inside].square().mean().item())


@pytest.mark.parametrize(("scale", "variance", "margin"), [(2, 2.0, 5.0), (2, 0.6, 4.0), (3, 2.0, 3.5), (4, 3.0, 3.5)])
def test_a_blurred_photograph_comes_out_better_than_bicubic(scale: int, variance: float, margin: float) -> None:
    photo = data.astronaut()[100:256, 150:330].astype(np.float64) / 255
    low = ndimage.gaussian_filter(photo, (variance**0.5, variance**0.5, 0), mode="reflect")[::scale, ::scale]
    hr, lr = (torch.from_numpy(x.transpose(2, 0, 1).copy())[None] for x in (photo, low))
    lr = round_to_8_bits(lr)
    estimate = wiener_upscale(lr, Degradation(gaussian_kernel(variance, variance, 0.0, 21), scale))
    gain = psnr(estimate, hr) - psnr(upscale(lr, scale), hr)
    print(f"x{scale}, variance {variance}: {gain:.2f} dB above bicubic")
    assert gain > margin


def test_every_image_of_a_batch_has_its_own_kernel() -> None:
    images, kernels = uniform(3, 2, 9, 7), torch.stack([lopsided(5, seed) for seed in range(3)])
    together = wiener_upscale(images, Degradation(kernels, 2))
    for result, image, kernel in zip(together, images, kernels, strict=True):
        torch.testing.assert_close(result, wiener_upscale(image[None], Degradation(kernel, 2))[0], atol=1e-12, rtol=0)
    shared = wiener_upscale(images, Degradation(kernels[1], 2))
    torch.testing.assert_close(shared[1], together[1], atol=1e-12, rtol=0)
    assert (shared[0] - together[0]).abs().max() > 1e-2


def test_the_dtype_is_the_images() -> None:
    image, kernel = uniform(1, 3, 8, 9), lopsided(5)
    exact = wiener_upscale(image, Degradation(kernel.float(), 2))
    single = wiener_upscale(image.float(), Degradation(kernel, 2))
    assert exact.dtype == torch.float64 and single.dtype == torch.float32
    torch.testing.assert_close(single.double(), exact, atol=1e-3, rtol=0)


@pytest.mark.parametrize("size", [(5, 3), (1, 1), (1, 20), (13, 8), (31, 17)])
@pytest.mark.parametrize("scale", [2, 3])
def test_any_size_stays_constant_and_aligned(size: tuple[int, int], scale: int) -> None:
    """What lies beyond the border is the mirror image: given it explicitly, hardly anything changes inside."""
    height, width = size
    flat = wiener_upscale(torch.full((1, 3, height, width), 0.7, dtype=torch.float64), Degradation(lopsided(5), scale))
    torch.testing.assert_close(flat, torch.full((1, 3, height * scale, width * scale), 0.7).double(), atol=2e-4, rtol=0)
    image = uniform(height, width).numpy()
    wide = torch.from_numpy(np.pad(image, 40, mode="symmetric"))[None, None]
    inside = wiener_upscale(wide, Degradation(gaussian_kernel(1.0, 1.0, 0.0, 9), scale))[
        ..., 40 * scale :, 40 * scale :
    ]
    found = wiener_upscale(torch.from_numpy(image)[None, None], Degradation(gaussian_kernel(1.0, 1.0, 0.0, 9), scale))
    torch.testing.assert_close(found, inside[..., : height * scale, : width * scale], atol=1e-3, rtol=0)


@pytest.mark.parametrize("axes", [(-2,), (-1,), (-2, -1)])
@pytest.mark.parametrize("scale", [2, 3])
def test_flipping_image_and_kernel_flips_the_result(axes: tuple[int, ...], scale: int) -> None:
    """The kept pixels of s (h - 1) + 1 px lie alike from both ends, so that only the surplus s - 1 px has no partner."""
    height, width = 8, 9
    image, kernel = uniform(1, 2, height, width), lopsided(5)
    here = (..., slice((height - 1) * scale + 1), slice((width - 1) * scale + 1))
    flipped = wiener_upscale(image.flip(axes), Degradation(kernel.flip(axes), scale))[here]
    torch.testing.assert_close(
        flipped.flip(axes), wiener_upscale(image, Degradation(kernel, scale))[here], atol=1e-10, rtol=0
    )
