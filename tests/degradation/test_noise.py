"""The noise of an image: what is estimated of known noise, and what a son lacks of it."""

import io

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image
from torch import Tensor

from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.degradation.noise import estimate_noise, jpeg_noise, noise_lost
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.models.task_builder import build_tasks, merged


def grey(name: str) -> Tensor:
    """(1, 256, 256), a part of one of scikit-image's photographs."""
    pixels = getattr(skimage.data, name)()[:256, :256].astype(np.float32) / 255
    return torch.from_numpy(pixels.mean(-1) if pixels.ndim == 3 else pixels)[None]


def smooth(size: int = 96) -> Tensor:
    """(3, size, size), waves of 24 px and longer in three colours."""
    axis = torch.linspace(0, 2 * torch.pi * size / 96, size)
    waves = [torch.sin(n * axis)[:, None] * torch.cos((3 - n) * axis)[None, :] for n in (0, 1, 2)]
    return 0.5 + 0.2 * torch.stack(waves)


def noisy(image: Tensor, levels: float, eight_bits: bool = True, seed: int = 0) -> Tensor:
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed))
    spoilt = image + levels / 255 * noise
    return (spoilt.clamp(0, 1) * 255).round() / 255 if eight_bits else spoilt


@pytest.mark.parametrize(
    ("levels", "eight_bits"), [(0.5, False), (2, False), (3, True), (5, True), (10, True), (25, True)]
)
def test_known_noise_on_smooth_content(levels: float, eight_bits: bool) -> None:
    found = [255 * estimate_noise(noisy(smooth(), levels, eight_bits, seed)) for seed in range(3)]
    assert found == pytest.approx([levels] * 3, rel=0.15)


@pytest.mark.parametrize("name", ["astronaut", "camera", "coffee", "chelsea", "moon", "brick"])
@pytest.mark.parametrize("levels", [5, 10, 25])
def test_known_noise_on_photographs(name: str, levels: float) -> None:
    """Of these, astronaut, camera and coffee have dark parts, whose noise is clipped away."""
    assert 255 * estimate_noise(noisy(grey(name), levels)) == pytest.approx(levels, rel=0.15)


@pytest.mark.parametrize("name", ["astronaut", "camera", "coffee", "moon"])
def test_clean_photographs_read_next_to_nothing(name: str) -> None:
    assert 255 * estimate_noise(grey(name)) < 1.5


def test_clean_and_flat_is_zero_and_rounding_reads_little() -> None:
    assert estimate_noise(torch.full((3, 40, 40), 0.3)) == 0
    assert estimate_noise(torch.zeros(1, 40, 40)) == 0 and estimate_noise(torch.ones(1, 40, 40)) == 0
    assert estimate_noise(noisy(smooth(), 0)) < 1e-3


def test_clipped_parts_say_nothing() -> None:
    """Where black and white clip the half of the noise or all of it, the grey part alone is listened to."""
    image = torch.zeros(1, 96, 96)
    image[..., 32:64] = 0.5
    image[..., 64:] = 0.99
    for levels in (4, 12):
        assert 255 * estimate_noise(noisy(image, levels)) == pytest.approx(levels, rel=0.15)
    assert estimate_noise(noisy(torch.zeros(1, 64, 64), 10)) > 0  # nothing else is there to listen to


def test_the_estimate_has_the_unit_of_the_image() -> None:
    image = noisy(0.5 + 0.2 * (smooth() - 0.5), 5, eight_bits=False)
    whole = estimate_noise(image)
    assert estimate_noise(0.5 + 0.5 * (image - 0.5)) == pytest.approx(whole / 2, rel=1e-4)
    assert estimate_noise(image + 0.1) == pytest.approx(whole, rel=1e-4)


def test_any_number_of_parts_and_bands_and_any_size() -> None:
    parts = torch.stack([noisy(smooth(), 8, seed=seed)[:2] for seed in range(3)])
    assert 255 * estimate_noise(parts) == pytest.approx(8, rel=0.15)
    assert estimate_noise(parts.reshape(6, 96, 96)) == estimate_noise(parts)
    for height, width in ((2, 2), (9, 5), (17, 40)):
        found = np.mean(
            [estimate_noise(noisy(torch.full((1, height, width), 0.5), 8, seed=seed)) for seed in range(80)]
        )
        assert 0.3 * 8 < 255 * found < 1.6 * 8, (height, width)  # few pixels, a poor but honest guess


@pytest.mark.parametrize(("scale", "subsampling"), [(2, "direct"), (3, "direct"), (2, "bicubic"), (4, "bicubic")])
@pytest.mark.parametrize("kernel", [delta_kernel(), gaussian_kernel(1.0, 0.4, 0.5), gaussian_kernel(4.0, 4.0, 0.0)])
def test_what_is_left_and_what_is_added_is_the_noise_there_was(kernel: Tensor, scale: int, subsampling: str) -> None:
    sigma = 0.1
    noise = sigma * torch.randn(1, 240, 240, generator=torch.Generator().manual_seed(0))
    left = Degradation(kernel, scale, subsampling).apply(noise)[:, 6:-6, 6:-6]
    lost = noise_lost(sigma, Degradation(kernel, scale, subsampling).told)
    assert float(left.square().mean()) + lost**2 == pytest.approx(sigma**2, rel=0.03)
    assert float(left.square().mean()) == pytest.approx(sigma**2 - lost**2, rel=0.12)


@pytest.mark.parametrize("subsampling", ["direct", "bicubic"])
def test_lr_images_and_sons_of_a_task_have_as_much_noise_as_is_told(subsampling: str) -> None:
    """Of flat photographs: one task without noise, one with much."""
    kernel = gaussian_kernel(2.0, 1.0, 0.3, 9)
    batch = {
        "image_gt": torch.full((2, 1, 3, 240, 240), 0.5),
        **{name: torch.stack([kernel, kernel]) for name in ("kernel", "told_kernel", "son_kernel")},
        "noise_sigma": torch.tensor([0.0, 0.06]),
        "scale": torch.tensor([2.0, 2.0]),
        "task": torch.tensor([3, 4]),
    }
    for task, sigma in zip(build_tasks(batch, subsampling), (0.0, 0.06), strict=True):
        assert task.degradation.noise == pytest.approx(sigma)
        for images in (task.query.lq, task.support.gt, task.support.lq):
            assert float(images.std()) == pytest.approx(sigma, rel=0.04, abs=1e-6)
    joined = merged(build_tasks(batch, subsampling))
    assert len(joined) == 1 and joined[0].degradation.noise.tolist() == pytest.approx([0.0, 0.06])


def test_nothing_is_lost_without_blur_nor_invented_by_sharpening() -> None:
    assert noise_lost(0.2, delta_kernel(5)) == 0
    sharpening = torch.tensor([[0.0, -0.2, 0.0], [-0.2, 1.8, -0.2], [0.0, -0.2, 0.0]])
    assert noise_lost(0.2, sharpening) == 0
    assert noise_lost(0.0, gaussian_kernel(2.0, 2.0, 0.0)) == 0
    assert noise_lost(0.3, torch.full((3, 3), 1 / 9)) == pytest.approx(0.3 * (8 / 9) ** 0.5)


@pytest.mark.parametrize(("quality", "levels"), [(95, 4.0), (90, 4.8), (75, 7.2), (50, 9.6)])
def test_jpeg_artefacts_are_told_as_the_noise_they_were_fitted_to(quality: int, levels: float) -> None:
    stream = io.BytesIO()
    Image.new("L", (8, 8)).save(stream, "JPEG", quality=quality)
    steps = Image.open(stream).quantization[0]
    assert 255 * jpeg_noise(float(np.mean(steps))) == pytest.approx(levels, rel=0.15)
    assert jpeg_noise(0.0) == 0
