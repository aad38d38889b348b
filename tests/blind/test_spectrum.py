"""Whittle's likelihood of a spectrum: the kernel that made an image explains it best, and so does an interpolation."""

import numpy as np
import pytest
import scipy.optimize
import skimage.data
import torch
from PIL import Image

from mzsr_basicsr.blind.spectrum import Spectrum
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import ROUNDING_POWER, wiener_spectra


def luma(size: int = 256) -> torch.Tensor:
    pixels = skimage.data.astronaut()[100 : 100 + size, 120 : 120 + size] @ np.array([0.299, 0.587, 0.114])
    return torch.from_numpy(pixels)[None, None].float() / 255


def spectrum(spec: str, noise: float = 0.0, scale: int = 2) -> Spectrum:
    low = Degradation(spec, scale, "bicubic", noise).apply(luma(), torch.Generator().manual_seed(0))
    return Spectrum((low * 255).round() / 255, noise)


def cloud(side: int) -> np.ndarray:
    """A random image whose power falls as a photograph's, to the 2.7th power of the frequency: uint8."""
    frequency = np.fft.fftfreq(side)
    radius = np.maximum(np.hypot(frequency[:, None], frequency[None, :]), 1e-2)
    white = np.fft.fft2(np.random.default_rng(0).normal(size=(side, side)))
    field = np.fft.ifft2(white * radius**-1.35).real
    return np.uint8(np.clip(np.rint(128 + 40 * field / field.std()), 0, 255))


def enlarged(factor: int) -> torch.Tensor:
    """Enlarged by Pillow, in 8 bits."""
    small = Image.fromarray(cloud(192 // factor))
    return torch.from_numpy(np.array(small.resize((192, 192), Image.Resampling.BICUBIC)))[None, None].float() / 255


@pytest.mark.parametrize("noise", [0.0, 4 / 255])
def test_the_kernel_that_made_the_image_is_the_likeliest(noise: float) -> None:
    found = spectrum("motion:9,30", noise)
    for other in ("motion:7,30", "motion:12,30", "motion:9,60", "disk:3", "gaussian:4,1,0.52", "delta"):
        assert found.likelihood(Degradation("motion:9,30", 2, "bicubic")) > found.likelihood(
            Degradation(other, 2, "bicubic")
        )
    found = spectrum("disk:4", noise)
    for other in ("disk:3", "disk:5", "gaussian:4,4", "motion:8,0"):
        assert found.likelihood(Degradation("disk:4", 2, "bicubic")) > found.likelihood(
            Degradation(other, 2, "bicubic")
        )


def test_gain_and_slope_are_those_of_the_greatest_likelihood() -> None:
    """SciPy's simplex finds no better ones, from the formula written out."""
    low = Degradation("disk:2", 2, "bicubic").apply(luma())
    found, kernel = Spectrum(low, 0.01), Degradation("gaussian:2,1,0.3", 2, "bicubic")
    taper = np.outer(*[0.5 - 0.5 * np.cos(2 * np.pi * np.arange(64) / 64)] * 2)
    pixels = low[0, 0].double().numpy()
    windows = [pixels[y : y + 64, x : x + 64] for y in range(0, 65, 16) for x in range(0, 65, 16)]
    level = [(w * taper).sum() / taper.sum() for w in windows]
    power = [np.abs(np.fft.fft2((w - m) * taper)) ** 2 / (taper**2).sum() for w, m in zip(windows, level, strict=True)]
    frequency = np.fft.fftfreq(64)
    radius = np.hypot(frequency[:, None], frequency[None, :])
    used = radius > 2.5 / 64
    model, mean = wiener_spectra(kernel, (64, 64))[1].numpy()[used], np.mean(power, 0)[used]

    def loss(numbers: np.ndarray) -> float:
        expected = model * np.exp(numbers[0]) * (radius[used] / 0.1) ** numbers[1] + 0.01**2 + ROUNDING_POWER
        return float((np.log(expected) + mean / expected).mean())

    best = scipy.optimize.minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-9})
    assert found.likelihood(kernel) == pytest.approx(-best.fun, abs=2e-4)


@pytest.mark.parametrize("factor", [2, 3])
def test_an_enlarged_image_is_explained_by_its_factor(factor: int) -> None:
    found = Spectrum(enlarged(factor), 0.0)
    likely = {other: found.enlarged_likelihood(other, False) for other in (1.3, 1.6, 2.0, 2.5, 3.0)}
    assert abs(max(likely, key=lambda other: likely[other]) - factor) < 0.5
    for blur in ("delta", "gaussian:4,4"):
        assert likely[factor] > found.likelihood(Degradation(blur, 2, "bicubic"))
    sharp = Spectrum(torch.from_numpy(cloud(192))[None, None].float() / 255, 0.0)
    assert sharp.likelihood(Degradation("delta", 2, "bicubic")) > sharp.enlarged_likelihood(factor, False)
