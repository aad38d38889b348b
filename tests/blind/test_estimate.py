"""The kernel of an image: how KernelNet's answers become one, and that the shipped network's are sane."""

import math

import numpy as np
import pytest
import scipy.linalg
import skimage.data
import torch
from PIL import Image
from torch import Tensor, nn

from mzsr_basicsr.blind import spread
from mzsr_basicsr.blind.estimate import CAREFUL, estimate_kernel, isotropic_residual
from mzsr_basicsr.blind.kernel_net import ANSWERS, COVARIANCE, FREE, GRID, PRECISION
from mzsr_basicsr.blind.patches import PATCHES
from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.spread import as_gaussian, covariance
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.weights.kernel_net import load_kernel_net


class FakeNet(nn.Module):
    """Answer by hand: bright patches with the second answer, dark ones with the first; keep the patches."""

    def __init__(self, covariances: list[list[float]], precisions: list[float], free: Tensor | None = None) -> None:
        super().__init__()
        logs = torch.stack([spread.log_covariance(torch.tensor(c)) for c in covariances])
        self.answers = torch.zeros(len(logs), ANSWERS)
        self.answers[:, COVARIANCE], self.answers[:, PRECISION] = logs, torch.tensor(precisions)
        if free is not None:
            self.answers[:, FREE] = free.flatten()
        self.patches = torch.zeros(0)

    def forward(self, patches: Tensor) -> Tensor:
        self.patches = patches
        which = (patches.mean((1, 2, 3)) > 0.5).long().clamp(max=len(self.answers) - 1)
        return self.answers[which]


def two_parts() -> Tensor:
    """A dark and a bright part of 48x40 px, RGB."""
    noise = 0.1 * torch.rand(2, 3, 48, 40, generator=torch.Generator().manual_seed(0))
    return noise + torch.tensor([0.1, 0.8])[:, None, None, None]


def matrix(numbers: list[float]) -> np.ndarray:
    return np.array([[numbers[0], numbers[2]], [numbers[2], numbers[1]]])


def photo(name: str, size: int = 192) -> Tensor:
    pixels = getattr(skimage.data, name)()[100 : 100 + size, 120 : 120 + size]
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


@pytest.mark.parametrize("scale", [2, 4])
def test_patches_are_weighted_by_their_precision(scale: int) -> None:
    """The mean is that of the matrix logarithms, by SciPy's; LR px² become HR px²."""
    covariances, precisions = [[1.0, 0.5, 0.2], [0.3, 0.9, -0.1]], [1.0, 2.0]
    found = estimate_kernel(FakeNet(covariances, precisions), two_parts(), scale)
    share = np.exp(precisions) / np.exp(precisions).sum()
    mean = sum(w * scipy.linalg.logm(matrix(c) + np.eye(2) / 12) for w, c in zip(share, covariances, strict=True))
    narrower = CAREFUL * math.exp(-(share @ precisions) / 2) * np.eye(2)  # lest the result be too sharp
    expected = (scipy.linalg.expm(mean - narrower) - np.eye(2) / 12) * scale**2
    values = np.linalg.eigvalsh(expected)
    assert found.gaussian[:2] == pytest.approx((values[1], values[0]), rel=1e-4)
    side = found.kernel.shape[-1]
    rows, columns = np.mgrid[:side, :side] - side // 2
    places = np.stack([columns, rows], axis=-1)
    weights = np.exp(-np.einsum("...i,ij,...j", places, np.linalg.inv(expected), places) / 2)
    np.testing.assert_allclose(found.kernel.numpy(), weights / weights.sum(), atol=1e-5)
    assert 0 < found.confidence < 1 and found.noise > 0


def test_no_patch_is_trusted_beyond_measure() -> None:
    found = estimate_kernel(FakeNet([[1.0, 1.0, 0.0], [0.2, 0.2, 0.0]], [16.0, 60.0]), two_parts(), 2)
    assert 4 * 0.2 < found.gaussian.lambda1 < 4 * 1.0  # both count alike
    assert found.gaussian.lambda1 / 4 + 1 / 12 == pytest.approx(((1 + 1 / 12) * (0.2 + 1 / 12)) ** 0.5, rel=1e-3)
    assert 0 <= found.confidence <= 1


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubics_own_blur_is_taken_off(scale: int) -> None:
    own = float(spread.band_spread(effective_kernel(delta_kernel(), scale), scale)[0])
    given = [1.1, 0.8, 0.1]
    direct, bicubic = (estimate_kernel(FakeNet([given], [40.0]), two_parts(), scale, s) for s in ("direct", "bicubic"))
    values = np.linalg.eigvalsh(matrix(given)) * scale**2
    assert direct.gaussian[:2] == pytest.approx((values[1], values[0]), rel=1e-4)
    left, doubt = values - own, 0.125 * scale**2  # what is left is shrunk, the more the less it is
    assert bicubic.gaussian[:2] == pytest.approx(list((left**3 / (left**2 + doubt**2))[::-1]), rel=1e-4)
    assert bicubic.gaussian.theta == pytest.approx(direct.gaussian.theta, abs=1e-4)
    assert 0.05 * scale**2 < own  # else this would prove nothing


def test_less_blur_than_bicubic_is_no_blur() -> None:
    found = estimate_kernel(FakeNet([[0.01, 0.01, 0.0]], [1.0]), two_parts(), 2, "bicubic")
    assert found.gaussian[:2] == (0, 0)
    assert found.kernel[7, 7] > 0.99 and found.kernel.sum() == pytest.approx(1)


@pytest.mark.parametrize(("variance", "side"), [(0.5, 15), (3.9, 15), (9.0, 23), (200.0, 41)])
def test_the_kernel_is_as_large_as_its_spread_asks_for(variance: float, side: int) -> None:
    found = estimate_kernel(FakeNet([[variance / 4] * 2 + [0.0]], [40.0]), two_parts(), 2)
    assert found.kernel.shape == (side, side) and found.kernel.dtype == torch.float64
    assert float(found.kernel.sum()) == pytest.approx(1)


def test_the_free_kernel_comes_on_its_grid_at_any_scale() -> None:
    wanted = gaussian_kernel(2.0, 0.7, 0.5, GRID)
    network = FakeNet([[1.0, 1.0, 0.0]], [1.0], wanted.log().float())
    found = estimate_kernel(network, two_parts(), 2, free=True)
    torch.testing.assert_close(found.kernel, wanted, atol=1e-6, rtol=0)
    assert found.residual == pytest.approx(isotropic_residual(wanted), abs=1e-5)
    larger = estimate_kernel(network, two_parts(), 4, free=True).kernel
    assert larger.shape == (51, 51) and float(larger.sum()) == pytest.approx(1) and bool((larger >= 0).all())
    expected = covariance(wanted) * 2**2  # half an LR px is two HR px
    torch.testing.assert_close(covariance(larger), expected, atol=0.15, rtol=0.1)


def blurred(spec: str, scale: int, noise: float = 0.0) -> Tensor:
    """A photograph with a known blur, subsampled bicubically, in 8 bits."""
    generator = torch.Generator().manual_seed(0)
    low = Degradation(spec, scale, "bicubic", noise).apply(photo("astronaut", 160 * scale), generator)
    return (low.clamp(0, 1) * 255).round() / 255


@pytest.mark.parametrize(("scale", "length", "degrees"), [(2, 9.0, 30.0), (2, 8.0, 120.0), (3, 13.0, 75.0)])
def test_a_straight_motion_is_found_with_its_length_and_angle(scale: int, length: float, degrees: float) -> None:
    found = estimate_kernel(load_kernel_net(), blurred(f"motion:{length},{degrees}", scale), scale, "bicubic")
    assert found.family == "motion" and found.trusted
    lambda1, lambda2, theta = as_gaussian(covariance(found.kernel))
    assert (12 * (lambda1 - lambda2) + 1) ** 0.5 == pytest.approx(length, rel=0.12)
    assert math.degrees(theta) == pytest.approx(degrees, abs=8)


@pytest.mark.parametrize(("scale", "radius"), [(2, 3.5), (3, 5.0)])
def test_a_disk_is_found_with_its_radius(scale: int, radius: float) -> None:
    found = estimate_kernel(load_kernel_net(), blurred(f"disk:{radius}", scale), scale, "bicubic")
    assert found.family == "disk" and found.trusted
    assert found.kernel.shape[-1] == pytest.approx(2 * radius, abs=3)
    assert float((found.kernel > 1e-6).sum()) == pytest.approx(math.pi * radius**2, rel=0.4)


def test_gaussians_stay_gaussians_and_small_images_too() -> None:
    for spec in ("gaussian:2,2", "gaussian:3,1,0.5", "delta"):
        assert estimate_kernel(load_kernel_net(), blurred(spec, 2), 2, "bicubic").family == "gaussian"
    small = blurred("motion:9,30", 2)[..., :30, :30]
    assert estimate_kernel(load_kernel_net(), small, 2, "bicubic").family == "gaussian"


@pytest.mark.parametrize("factor", [2, 3])
def test_an_image_that_was_enlarged_before_is_not_trusted(factor: int) -> None:
    whole = Image.fromarray(skimage.data.astronaut()[100:484, 120:504])
    small = whole.resize((192 // factor,) * 2, Image.Resampling.BICUBIC)
    before = np.array(small.resize((192, 192), Image.Resampling.BICUBIC))
    found = estimate_kernel(load_kernel_net(), torch.from_numpy(before).permute(2, 0, 1)[None] / 255, 2, "bicubic")
    assert found.enlarged and not found.trusted and "enlarged before" in found.why


def test_the_residual_is_half_the_distance_to_the_round_gaussian() -> None:
    assert isotropic_residual(gaussian_kernel(2.0, 2.0, 0.0, 21)) < 1e-3
    kernel = gaussian_kernel(4.0, 1.0, 0.7, 21)
    rows, columns = np.mgrid[-10:11, -10:11]
    round_one = np.exp(-(rows**2 + columns**2) / 2 / 2.5)
    expected = np.abs(kernel.numpy() - round_one / round_one.sum()).sum() / 2
    assert isotropic_residual(kernel) == pytest.approx(expected, abs=2e-3) and expected > 0.2


def test_the_liveliest_patches_are_asked_and_of_each_part_as_many() -> None:
    network = FakeNet([[1.0, 1.0, 0.0]], [1.0])
    image = torch.full((1, 3, 384, 384), 0.5)
    image[..., 128:224, 96:192] += 0.2 * torch.rand(96, 96, generator=torch.Generator().manual_seed(0))
    estimate_kernel(network, image, 2)
    assert network.patches.shape == (PATCHES, 1, 96, 96)  # of 100 places
    torch.testing.assert_close(network.patches[0, 0], image[0, 0, 128:224, 96:192], atol=1e-6, rtol=0)
    estimate_kernel(network, image.expand(5, -1, -1, -1), 2)
    assert network.patches.shape == (PATCHES // 5 * 5, 1, 96, 96)


def test_bands_are_weighted_as_luma_or_all_alike() -> None:
    network = FakeNet([[1.0, 1.0, 0.0]], [1.0])
    image = torch.rand(1, 5, 40, 50)
    estimate_kernel(network, image[:, :3], 2)
    expected = 0.299 * image[:, 0] + 0.587 * image[:, 1] + 0.114 * image[:, 2]
    torch.testing.assert_close(network.patches[:, 0], expected)
    estimate_kernel(network, image, 2)
    torch.testing.assert_close(network.patches[:, 0], image.mean(1))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 40), (31, 32), (8, 7)])
def test_images_too_small_for_a_patch_are_continued_by_their_mirror(height: int, width: int) -> None:
    network = FakeNet([[1.0, 1.0, 0.0]], [1.0])
    image = torch.rand(1, 1, height, width)
    estimate_kernel(network, image, 2)
    missing = [(0, max(0, 32 - length)) for length in (height, width)]
    np.testing.assert_allclose(network.patches[0, 0], np.pad(image[0, 0], missing, mode="symmetric"), atol=1e-7)


def test_pixels_that_are_not_finite_are_refused() -> None:
    for bad in (math.nan, math.inf):
        image = two_parts()
        image[0, 0, 3, 3] = bad
        with pytest.raises(ImageError, match="holds pixels that are NaN or infinite") as caught:
            estimate_kernel(FakeNet([[1.0, 1.0, 0.0]], [1.0]), image, 2)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_the_shipped_network_sees_how_blurred_a_photograph_is(name: str) -> None:
    network, means = load_kernel_net(), []
    for variance in (0.5, 1.0, 2.0, 4.0):
        lq = Degradation(gaussian_kernel(variance, variance, 0.0, 21), 2).apply(photo(name))
        found = estimate_kernel(network, (lq * 255).round() / 255, 2)
        means.append((found.gaussian.lambda1 + found.gaussian.lambda2) / 2)
    assert means == sorted(means) and means[3] > 1.4 * means[2]
    assert 2 / 1.6 < means[2] < 2 * 1.6 and 4 / 1.6 < means[3] < 4 * 1.6
    lq = Degradation(gaussian_kernel(5.0, 1.0, 0.6, 21), 2).apply(photo(name))
    longer = estimate_kernel(network, lq, 2).gaussian
    assert longer.lambda1 > 1.8 * longer.lambda2 and longer.theta == pytest.approx(0.6, abs=0.25)


def test_another_network_may_tell_the_spread_of_a_gaussian() -> None:
    votes, spread_by = FakeNet([[1.0, 1.0, 0.0]], [40.0]), FakeNet([[2.0, 0.5, 0.0]], [40.0])
    own, other = (estimate_kernel(votes, two_parts(), 2, spread_by=by).gaussian for by in (None, spread_by))
    assert (own.lambda1, own.lambda2) == (pytest.approx(4.0, rel=0.05), pytest.approx(4.0, rel=0.05))
    assert (other.lambda1, other.lambda2) == (pytest.approx(8.0, rel=0.05), pytest.approx(2.0, rel=0.05))
