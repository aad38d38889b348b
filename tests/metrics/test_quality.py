"""The paper's metric against scikit-image and against arithmetic done by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from skimage.data import astronaut
from skimage.metrics import structural_similarity

from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.metrics.paper_metric import calculate_psnr_paper, calculate_ssim_paper
from mzsr_basicsr.metrics.quality import luma, psnr_y, ssim_y


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    image = astronaut()[60:130, 180:270]
    noise = np.random.default_rng(0).normal(0, 9, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8), image


def scalar_luma(image: np.ndarray) -> np.ndarray:
    def one(r: int, g: int, b: int) -> int:
        return math.floor(Fraction(65481 * r + 128553 * g + 24966 * b, 255000) + 16 + Fraction(1, 2))

    return np.array([[one(*map(int, pixel)) for pixel in row] for row in image], dtype=np.float64)


def test_luma_of_known_colours() -> None:
    colours = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]], dtype=np.uint8)
    assert luma(colours).tolist() == [[16, 235, 81, 145, 41]]


def test_luma_halfway_between_two_levels_goes_up() -> None:
    # 65.481 * 22 / 255 + 128.553 * 206 / 255 + 24.966 * 0 / 255 + 16 is 125.5 exactly; doubles fall below it
    assert luma(np.array([[[22, 206, 0]]], dtype=np.uint8)).item() == 126


def test_psnr_is_taken_on_rounded_luma_inside_the_border(pair: tuple[np.ndarray, np.ndarray]) -> None:
    noisy, clean = pair
    for shave in (0, 2, 4):
        inside = (slice(shave, 70 - shave), slice(shave, 90 - shave))
        error = np.mean((scalar_luma(noisy)[inside] - scalar_luma(clean)[inside]) ** 2)
        assert psnr_y(noisy, clean, shave) == pytest.approx(20 * math.log10(255) - 10 * math.log10(error), abs=1e-10)


def test_psnr_by_hand_and_equal_images() -> None:
    grey = np.full((20, 30), 100, dtype=np.uint8)
    assert psnr_y(grey, grey + np.uint8(5), 3) == pytest.approx(20 * math.log10(255 / 5))
    assert psnr_y(grey, grey, 0) == math.inf
    assert ssim_y(grey, grey, 0) == pytest.approx(1.0, abs=1e-12)
    framed = grey.copy()
    framed[:2], framed[-2:], framed[:, :2], framed[:, -2:] = 0, 0, 0, 0
    assert psnr_y(framed, grey, 2) == math.inf and psnr_y(framed, grey, 1) < 30


def test_ssim_is_scikit_images_on_the_valid_region(pair: tuple[np.ndarray, np.ndarray]) -> None:
    noisy, clean = (scalar_luma(image)[2:-2, 2:-2] for image in pair)
    arguments = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    _, full = structural_similarity(noisy, clean, full=True, **arguments)
    assert ssim_y(*pair, 2) == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-10)
    assert ssim_y(*pair, 2) < 0.99


def test_basicsr_faces_take_bgr(pair: tuple[np.ndarray, np.ndarray]) -> None:
    noisy, clean = pair
    bgr = noisy[..., ::-1], clean[..., ::-1]
    assert calculate_psnr_paper(*bgr, crop_border=2, better="higher") == psnr_y(noisy, clean, 2)
    assert calculate_ssim_paper(*bgr, crop_border=2, test_y_channel=True) == ssim_y(noisy, clean, 2)
    assert calculate_psnr_paper(noisy, clean, 2) != psnr_y(noisy, clean, 2)
    planes = [image.transpose(2, 0, 1) for image in bgr]
    assert calculate_psnr_paper(*planes, 2, input_order="CHW") == psnr_y(noisy, clean, 2)
    single = noisy[..., :1], clean[..., :1]
    assert calculate_psnr_paper(*single, 2) == psnr_y(noisy[..., 0], clean[..., 0], 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_order": "WHC"}, "unknown 'WHC'; allowed: HWC, CHW"),
        ({"test_y_channel": False}, "metrics.test_y_channel: False must be true"),
        ({"crop_boarder": 2}, "metrics.crop_boarder: unknown option"),
    ],
)
def test_options_that_change_nothing_are_refused(pair: tuple, options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        calculate_psnr_paper(*pair, 2, **options)


def test_what_cannot_be_compared_is_refused(pair: tuple[np.ndarray, np.ndarray]) -> None:
    noisy, clean = pair
    for first, second, shave, message in (
        (noisy / 255.0, clean, 2, "image is float64"),
        (noisy, clean[:-1], 2, "differ in shape"),
        (noisy[..., :2], clean[..., :2], 2, "must be uint8, \\(H, W, 3\\)"),
        (noisy, clean, 35, "shaving 35 px off 70x90"),
        (noisy, clean, -1, "shaving -1"),
    ):
        with pytest.raises(ImageError, match=message):
            psnr_y(first, second, shave)
    with pytest.raises(ImageError, match="must leave 11 px"):
        ssim_y(noisy, clean, 30)
    with pytest.raises(ImageError, match="shape \\(2, 70, 90, 3\\)"):
        calculate_psnr_paper(np.stack(pair), np.stack(pair), 2)
