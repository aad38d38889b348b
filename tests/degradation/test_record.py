"""Degradation: made of a text, a file or an array, it degrades as SciPy does, and says what networks are told."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernel_files import save_kernel
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, KernelError

OBLIQUE = gaussian_kernel(3.0, 1.0, 0.4, 9)


def image(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_a_text_a_file_an_array_and_a_tensor_are_the_same_kernel(tmp_path) -> None:
    save_kernel(OBLIQUE, tmp_path / "k.npy")
    for given in ("gaussian:3.0,1.0,0.4,9", tmp_path / "k.npy", str(tmp_path / "k.npy"), OBLIQUE.numpy(), OBLIQUE):
        made = Degradation(given, 2)
        assert made.kernel.dtype == torch.float64
        torch.testing.assert_close(made.kernel, OBLIQUE, atol=1e-15, rtol=0)
        assert (made.scale, made.subsampling, made.noise) == (2, "direct", 0.0)


def test_it_degrades_as_scipy_does_and_adds_the_noise_of_the_generator() -> None:
    hr = image(3, 21, 18)
    expected = np.stack([ndimage.correlate(plane, OBLIQUE.numpy(), mode="reflect")[::3, ::3] for plane in hr.numpy()])
    np.testing.assert_allclose(Degradation(OBLIQUE, 3).apply(hr).numpy(), expected, atol=1e-14)
    noisy = Degradation(OBLIQUE, 3, noise=0.1).apply(hr, torch.Generator().manual_seed(5))
    drawn = torch.randn(3, 7, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    np.testing.assert_allclose(noisy.numpy(), expected + 0.1 * drawn.numpy(), atol=1e-14)


def test_a_son_of_flat_noise_is_as_noisy_as_its_image() -> None:
    """var(son) = σ² Σk² + what is added; with more noise, that too."""
    lq = 0.5 + 0.1 * torch.randn(3, 300, 300, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    made = Degradation(OBLIQUE, 2, noise=0.1)
    assert made.with_noise(0.0).son(lq).std() == pytest.approx(0.1 * math.sqrt(float(OBLIQUE.square().sum())), rel=0.03)
    for more in (0.0, 0.05):
        son = made.son(lq, torch.Generator().manual_seed(3), more)
        assert son.std() == pytest.approx(math.hypot(0.1, more), rel=0.02)


def test_networks_are_told_the_blur_before_direct_subsampling() -> None:
    assert Degradation(OBLIQUE, 2).told is OBLIQUE and Degradation(OBLIQUE, 2.5, "bicubic").told is OBLIQUE
    bicubic = Degradation(OBLIQUE, 2, "bicubic")
    assert torch.equal(bicubic.told, effective_kernel(OBLIQUE, 2))
    hr, inside = image(1, 60, 60), (..., slice(6, -6), slice(6, -6))
    direct = Degradation(bicubic.told, 2).apply(hr)  # its negative weights are no fault
    torch.testing.assert_close(direct[inside], bicubic.apply(hr)[inside], atol=1e-12, rtol=0)


def test_it_is_frozen_and_its_changes_are_copies() -> None:
    made = Degradation("gaussian:2", 2, "bicubic", 0.02)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.scale = 3
    quiet, single = made.with_noise(0.0), made.to(torch.zeros(1))
    assert (quiet.noise, made.noise) == (0.0, 0.02) and quiet.kernel is made.kernel and quiet.subsampling == "bicubic"
    assert single.kernel.dtype == torch.float32 and single.noise == 0.02 and single.to(torch.zeros(2)) is single


def test_it_describes_itself() -> None:
    told = str(Degradation("gaussian:4,1,0.5,21", 2, noise=3 / 255))
    assert told == "21x21 px kernel, λ 4.00 and 1.00 px² at 0.50 rad; x2 direct, noise σ 3 of 255"
    assert str(Degradation(torch.ones(4, 1, 1), 3, "bicubic")) == "4 kernels of 1x1 px; x3 bicubic"
    assert str(Degradation("delta", 2, "bicubic")) == "no blur; x2 bicubic"
    shifted = torch.zeros(3, 3)
    shifted[1, 2] = 1  # nothing is blurred, but all is moved
    assert "3x3 px kernel" in str(Degradation(shifted, 2))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (("gausian:2", 2), KernelError, "gausian:2: unknown kernel, did you mean gaussian? allowed"),
        (("none.npy", 2), KernelError, "none.npy: kernel file not found"),
        ((np.ones((3, 3)), 2), KernelError, "kernel: kernel sums to 9; it must sum to 1"),
        ((torch.ones(3, 3), 2), KernelError, "kernel: its weights must be finite and sum to 1"),
        ((torch.full((3, 3), math.nan), 2), KernelError, "its weights must be finite"),
        ((torch.full((2, 2), 0.25), 2), KernelError, "(2, 2) must be floating (k, k) or (B, k, k) with k odd"),
        ((torch.ones(1, 1, dtype=torch.int64), 2), KernelError, "torch.int64 (1, 1) must be floating"),
        (([[1.0]], 2), KernelError, "kernel: a list; give a text, a file, an array or a tensor"),
        (("delta", 0.5), ConfigError, "degradation.scale: 0.5 must be finite and at least 1"),
        (("delta", 2, "nearest"), ConfigError, "unknown 'nearest'; allowed: direct, bicubic"),
        (("delta", 2, "direct", -0.1), ConfigError, "degradation.noise: -0.1 must be finite and at least 0"),
        (("delta", 2, "direct", math.nan), ConfigError, "degradation.noise: nan"),
    ],
)
def test_what_is_no_degradation_is_refused(given: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        Degradation(*given)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_noise_of_many_images_is_told_but_not_added() -> None:
    many = Degradation(torch.ones(2, 1, 1), 1, noise=torch.tensor([0.0, 0.1]))
    with pytest.raises(ConfigError, match=r"degradation.noise: \(2,\); to degrade images, give one number for all"):
        many.apply(torch.zeros(2, 3, 4, 4), torch.Generator())


def test_a_turned_one_convolves() -> None:
    weights = torch.rand(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    made = Degradation(weights / weights.sum(), 2, "direct", 0.1)
    hr = image(12, 17)
    expected = ndimage.convolve(hr.numpy(), made.kernel.numpy(), mode="reflect")[::2, ::2]
    found = made.turned()
    assert (found.scale, found.subsampling, found.noise) == (2, "direct", 0.1)
    np.testing.assert_allclose(found.with_noise(0.0).apply(hr).numpy(), expected, atol=1e-14)


@pytest.mark.parametrize(("scale", "subsampling"), [(2, "direct"), (3, "direct"), (2, "bicubic"), (3, "bicubic")])
def test_the_offset_is_where_a_point_of_the_hr_image_lies(scale: int, subsampling: str) -> None:
    """A bright spot of the HR image is found by its centre of mass in the LR image, enlarged about its centre."""
    weights = torch.zeros(9, 9, dtype=torch.float64)
    weights[6:, 1:4] = torch.rand(3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    made = Degradation(weights / weights.sum(), scale, subsampling)
    grid = torch.arange(120, dtype=torch.float64)
    x, y = 61.3, 57.9
    hr = torch.exp(-((grid[None, :] - x) ** 2 + (grid[:, None] - y) ** 2) / (2 * 6.0**2))
    low = made.apply(hr)
    places = (torch.arange(low.shape[-1], dtype=torch.float64) + 0.5) * scale - 0.5  # HR px of LR px, centred
    seen = (float((low.sum(0) * places).sum() / low.sum()), float((low.sum(1) * places).sum() / low.sum()))
    assert made.offset == pytest.approx((x - seen[0], y - seen[1]), abs=2e-3)
