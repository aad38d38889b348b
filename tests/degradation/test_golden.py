"""The whole chain, degrade, 8 bits, enlarge, 8 bits, metric, against the authors' images and the paper's table.

The benchmark images are not part of the project. Without them the same chain is proven on scikit-image's pictures against
an implementation in NumPy and SciPy that shares nothing with the package.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from helpers.places import BENCHMARK
from PIL import Image
from scipy import ndimage
from skimage import data
from skimage.metrics import structural_similarity

from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.names import TEST_KERNELS, NamedKernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.metrics.quality import psnr_y, ssim_y

needs_benchmark = pytest.mark.skipif(
    not (BENCHMARK / "Set5" / "GT").is_dir(),
    reason=f"GOLDEN TEST NOT RUN: no Set5/GT in {BENCHMARK}; set MZSR_BENCHMARK to the benchmark folder",
)
PAPER_BICUBIC = {
    "g0.2d": (30.24, 0.8976),
    "g2.0d": (28.73, 0.8449),
    "gani_d": (28.15, 0.8265),
    "g1.3b": (30.54, 0.8773),
    "g2.0d_x4": (24.74, 0.7321),
}


def to_tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image.astype(np.float64).transpose(2, 0, 1) / 255.0)


def to_uint8(image: torch.Tensor) -> np.ndarray:
    return (image.clamp(0, 1) * 255).round().to(torch.uint8).numpy().transpose(1, 2, 0)


def crop(image: np.ndarray, scale: int) -> np.ndarray:
    return image[: image.shape[0] // scale * scale, : image.shape[1] // scale * scale]


def package_chain(image: np.ndarray, case: NamedKernel) -> tuple[np.ndarray, torch.Tensor]:
    """Give the 8-bit LR image and its bicubic enlargement, not yet rounded."""
    low = to_uint8(Degradation(load_kernel(case.spec), case.scale, case.subsampling).apply(to_tensor(image)))
    return low, upscale(to_tensor(low), case.scale, size=image.shape[:2])


@needs_benchmark
@pytest.mark.parametrize("name", ["baby", "bird", "butterfly", "head", "woman"])
def test_authors_lr_images_bit_for_bit(name: str) -> None:
    kernel = load_kernel(str(BENCHMARK / "Set5" / "g20_direct_x2_kernel.mat"))
    image = np.asarray(Image.open(BENCHMARK / "Set5" / "GT" / f"{name}.png").convert("RGB"))
    theirs = np.asarray(Image.open(BENCHMARK / "Set5" / "g20_direct_x2" / f"{name}.png").convert("RGB"))
    np.testing.assert_array_equal(to_uint8(Degradation(kernel, 2).apply(to_tensor(image))), theirs)


@needs_benchmark
def test_authors_kernel_is_the_named_one() -> None:
    theirs = load_kernel(str(BENCHMARK / "Set5" / "g20_direct_x2_kernel.mat"))
    torch.testing.assert_close(load_kernel(TEST_KERNELS["g2.0d"].spec), theirs, rtol=0, atol=1e-15)


@needs_benchmark
@pytest.mark.parametrize("name", PAPER_BICUBIC)
def test_papers_bicubic_rows_on_set5(name: str) -> None:
    case = TEST_KERNELS[name]
    scores = []
    for path in sorted((BENCHMARK / "Set5" / "GT").glob("*.png")):
        image = crop(np.asarray(Image.open(path).convert("RGB")), case.scale)
        enlarged = to_uint8(package_chain(image, case)[1])
        scores.append((psnr_y(enlarged, image, case.scale), ssim_y(enlarged, image, case.scale)))
    assert len(scores) == 5
    psnr, ssim = np.mean(scores, axis=0)
    print(f"{name}: {psnr:.4f} dB / {ssim:.5f}")
    assert psnr == pytest.approx(PAPER_BICUBIC[name][0], abs=0.01)
    assert ssim == pytest.approx(PAPER_BICUBIC[name][1], abs=0.0005)


def cubic(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return near * (x <= 1) + far * ((x > 1) & (x <= 2))


def numpy_resize(image: np.ndarray, scale: float) -> np.ndarray:
    """Resample (H, W, C) over a border mirrored far beyond the cubic's reach, one output line at a time."""
    for axis in (0, 1):
        margin, stretch = 12, min(scale, 1.0)
        widths = [(0, 0)] * 3
        widths[axis] = (margin, margin)
        padded = np.pad(image, widths, mode="symmetric")
        positions = np.arange(padded.shape[axis]) - margin
        lines = []
        for out in range(round(image.shape[axis] * scale)):
            weights = cubic(stretch * ((out + 0.5) / scale - 0.5 - positions))
            lines.append(np.tensordot(weights / weights.sum(), padded, axes=(0, axis)))
        image = np.stack(lines, axis=axis)
    return image


def numpy_kernel(case: NamedKernel) -> np.ndarray:
    lambda1, lambda2, theta = map(float, case.spec.removeprefix("gaussian:").split(",")[:3])
    turn = np.array([[math.cos(theta), -math.sin(theta)], [math.sin(theta), math.cos(theta)]])
    inverse = np.linalg.inv(turn @ np.diag([lambda1, lambda2]) @ turn.T)
    points = np.stack(np.meshgrid(np.arange(-10, 11), np.arange(-10, 11)), axis=-1)  # (row, column, (x, y))
    weights = np.exp(-0.5 * np.einsum("rci,ij,rcj->rc", points, inverse, points))
    return weights / weights.sum()


def numpy_uint8(image: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def numpy_chain(image: np.ndarray, case: NamedKernel) -> tuple[np.ndarray, np.ndarray]:
    blurred = ndimage.correlate(image / 255.0, numpy_kernel(case)[..., None], mode="reflect")
    direct = case.subsampling == "direct"
    low = numpy_uint8(blurred[:: case.scale, :: case.scale] if direct else numpy_resize(blurred, 1 / case.scale))
    return low, numpy_resize(low / 255.0, case.scale)


def reference_scores(image: np.ndarray, reference: np.ndarray, shave: int) -> tuple[float, float]:
    weights = np.array([65481, 128553, 24966])
    lumas = [np.floor((picture.astype(np.int64) @ weights) / 255000 + 16.5) for picture in (image, reference)]
    planes = [plane[shave:-shave, shave:-shave] for plane in lumas]
    arguments = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    full = structural_similarity(*planes, full=True, **arguments)[1]
    return 10 * math.log10(255**2 / np.mean((planes[0] - planes[1]) ** 2)), full[5:-5, 5:-5].mean()


def assert_same_but_for_ties(mine: np.ndarray, theirs: np.ndarray) -> None:
    """Bicubic weights are multiples of 2^-k, so exact halves occur; the order of summation then decides the rounding."""
    difference = np.abs(mine.astype(int) - theirs.astype(int))
    assert difference.max() <= 1
    assert np.mean(difference > 0) < 5e-4


@pytest.mark.parametrize("picture", ["astronaut", "coffee", "chelsea"])
@pytest.mark.parametrize("name", PAPER_BICUBIC)
def test_the_chain_on_embedded_pictures(picture: str, name: str) -> None:
    case = TEST_KERNELS[name]
    image = getattr(data, picture)()[100:196, 150:262]
    (low, enlarged), (expected_low, expected_enlarged) = package_chain(image, case), numpy_chain(image, case)
    np.testing.assert_array_equal(low, expected_low)
    # 8-bit pixels under dyadic weights often fall halfway between two levels, so these are compared before rounding
    np.testing.assert_allclose(enlarged.numpy().transpose(1, 2, 0), expected_enlarged, rtol=0, atol=1e-12)
    result = to_uint8(enlarged)
    scores = psnr_y(result, image, case.scale), ssim_y(result, image, case.scale)
    assert scores == pytest.approx(reference_scores(result, image, case.scale), abs=1e-9)
    assert 15 < scores[0] < 45
