"""Real photographs, noisy and JPEG-compressed ones too: the estimated kernel and the updates must not make them worse."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

from mzsr_basicsr.jobs.worker import upscale_picture
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler

PHOTOS = {"astronaut": (40, 140), "chelsea": (60, 120), "coffee": (60, 200)}  # the corner of a 192x192 part
SETTINGS = {updates: UpscaleSettings(updates=updates, subsampling="direct") for updates in (0, 5)}


def degraded(name: str, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Blur, subsample and spoil by SciPy and NumPy alone: HR (192, 192, 3) and LR (96, 96, 3), uint8."""
    y, x = PHOTOS[name]
    hr = getattr(data, name)()[y : y + 192, x : x + 192]
    low = ndimage.gaussian_filter(hr.astype(float), (1.2, 1.2, 0))[::2, ::2]
    low = low + np.random.default_rng(0).normal(0, noise, low.shape)
    return hr, np.uint8(np.clip(np.rint(low), 0, 255))


def jpeg(image: np.ndarray, quality: int) -> Picture:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality)
    return read_picture(stream.getvalue())


def quality(image: np.ndarray, hr: np.ndarray) -> float:
    inside = (slice(8, -8), slice(8, -8))
    return peak_signal_noise_ratio(hr[inside], image[inside])


def bicubic(image: np.ndarray) -> np.ndarray:
    """Pillow's bicubic, half a px to the left and up, where direct subsampling has its pixels."""
    size = image.shape[1] * 2, image.shape[0] * 2
    box = (0.25, 0.25, image.shape[1], image.shape[0])
    moved = Image.fromarray(np.pad(image, ((0, 1), (0, 1), (0, 0)), mode="edge"))
    return np.asarray(moved.resize(size, Image.Resampling.BICUBIC, box=(box[0], box[1], box[2] + 0.25, box[3] + 0.25)))


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize(("noise", "compression"), [(0, None), (8, None), (25, None), (0, 75), (0, 30), (4, 60)])
def test_blind_upscaling_is_not_below_bicubic_and_updates_cost_nothing(name: str, noise: float, compression) -> None:
    hr, low = degraded(name, noise)
    picture = Picture(low) if compression is None else jpeg(low, compression)
    results = {u: upscale_picture(picture, Upscaler(s), name)[0].pixels for u, s in SETTINGS.items()}
    plain, before, after = (quality(image, hr) for image in (bicubic(picture.pixels), results[0], results[5]))
    print(f"{name}, noise {noise}, JPEG {compression}: bicubic {plain:.2f}, before {before:.2f}, after {after:.2f} dB")
    assert after > plain + (1.0 if noise == 0 and compression is None else -0.1)
    assert after > before - 0.1
