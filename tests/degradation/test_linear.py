"""The best linear estimate for kernels of any kind, against a dense solution and on photographs."""

import numpy as np
import pytest
import skimage.data
import torch
from helpers.odd_kernels import ODD, camera_shake, lobes
from scipy import ndimage
from torch import Tensor

from mzsr_basicsr.archs.mzsr_wiener_arch import MZSRNetWiener
from mzsr_basicsr.degradation import linear
from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.linear import filter_serves, linear_upscale, solve
from mzsr_basicsr.degradation.names import TEST_KERNELS
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_upscale


def photo(name: str) -> np.ndarray:
    """(192, 192, 3) in [0, 1]."""
    return getattr(skimage.data, name)()[40:232, 100:292].astype(np.float64) / 255


def blurred_and_kept(hr: np.ndarray, kernel: Tensor, scale: int, border: str) -> Tensor:
    """SciPy's degradation, 8 bits: (1, 3, h, w) float32."""
    low = np.stack([ndimage.correlate(plane, kernel.numpy(), mode=border) for plane in hr.transpose(2, 0, 1)])
    return torch.from_numpy(np.rint(low[:, ::scale, ::scale] * 255) / 255).float()[None]


def psnr(image: Tensor, hr: np.ndarray) -> float:
    difference = image.clamp(0, 1)[0].numpy().transpose(1, 2, 0) - hr
    return -10 * np.log10(np.square(difference[4:-4, 4:-4]).mean())


def test_it_is_the_dense_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    """x = C Dᵀ (D C Dᵀ + ν)⁻¹ y, with the matrices written out, on a torus that leaves room around the image."""
    kernel = torch.rand(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    kernel = kernel / kernel.sum()
    low, side = 6, 16  # px of the LR image, and of the torus: 6 + 2 are 8, times 2
    monkeypatch.setattr(linear, "ENOUGH", 1e-16)
    frequency = np.fft.fftfreq(side)
    power = 1.6e-4 * np.maximum(frequency[:, None] ** 2 + frequency**2, 1e-4) ** (-2.7 / 2)
    covariance = np.fft.ifft2(power).real
    places = [(r, c) for r in range(side) for c in range(side)]
    prior = np.array([[covariance[(r - q) % side, (c - d) % side] for q, d in places] for r, c in places])
    blur = np.zeros((low**2, side**2))
    for i in range(low):
        for j in range(low):
            for v in range(5):
                for h in range(5):
                    blur[i * low + j, (2 * i + v - 2) % side * side + (2 * j + h - 2) % side] += kernel[v, h]
    y = np.random.default_rng(0).uniform(size=(low, low))
    noise = 0.02**2 + 1 / 12 / 255**2
    weights = np.linalg.solve(blur @ prior @ blur.T + noise * np.eye(low**2), (y - y.mean()).ravel())
    expected = y.mean() + (prior @ blur.T @ weights).reshape(side, side)[: 2 * low, : 2 * low]
    found = solve(torch.from_numpy(y)[None, None], Degradation(kernel, 2, noise=0.02))[0, 0]
    assert np.abs(found.numpy() - expected).max() < 1e-6


@pytest.mark.parametrize("border", ["reflect", "wrap"])
@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("name", [name for name in ODD if name != "none"])
def test_odd_kernels_leave_a_picture_better_than_bicubic(name: str, scale: int, border: str) -> None:
    hr = photo("astronaut")
    lq = blurred_and_kept(hr, ODD[name], scale, border)
    estimate = linear_upscale(lq, Degradation(ODD[name].float(), scale))
    assert psnr(estimate, hr) > psnr(upscale(lq, scale), hr) + 1.0


@pytest.mark.parametrize("kernel", [camera_shake(0), camera_shake(1), camera_shake(2), lobes(1)])
def test_camera_shake_is_undone(kernel: Tensor) -> None:
    """Wiener's cut and mirrored filter gives 12 to 20 dB here; without noise nearly all can be had again."""
    hr = photo("astronaut")
    degradation = Degradation(kernel.float(), 2)
    lq = blurred_and_kept(hr, kernel, 2, "reflect")
    estimate = linear_upscale(lq, degradation)
    assert psnr(estimate, hr) > 24
    assert float((degradation.apply(estimate) - lq).abs().mean()) < 1 / 255  # it reproduces its LR image


def test_the_tables_kernels_keep_the_filter_bit_for_bit() -> None:
    lq = torch.rand(1, 3, 24, 20, generator=torch.Generator().manual_seed(0))
    for named in TEST_KERNELS.values():
        degradation = Degradation(load_kernel(named.spec).float(), named.scale, named.subsampling)
        assert filter_serves(degradation)
        assert torch.equal(linear_upscale(lq, degradation), wiener_upscale(lq, degradation))


@pytest.mark.parametrize("name", [name for name in ODD if name not in ("none", "box of 9 px")])
def test_camera_shake_needs_more_than_the_filter(name: str) -> None:
    assert not filter_serves(Degradation(ODD[name], 2))


def test_each_image_of_a_batch_may_have_its_own_kernel() -> None:
    kernels = torch.stack([camera_shake(0), camera_shake(4)]).float()
    lq = torch.rand(2, 3, 24, 20, generator=torch.Generator().manual_seed(0))
    noise = torch.tensor([0.0, 0.01])
    both = linear_upscale(lq, Degradation(kernels, 2, noise=noise))
    for i in (0, 1):
        alone = linear_upscale(lq[i : i + 1], Degradation(kernels[i], 2, noise=float(noise[i])))
        assert torch.equal(both[i : i + 1], alone)


def test_a_constant_image_stays_so() -> None:
    assert torch.equal(
        solve(torch.full((1, 3, 12, 9), 0.25), Degradation(camera_shake(0), 2)), torch.full((1, 3, 24, 18), 0.25)
    )


def test_networks_start_from_it_but_not_while_they_train() -> None:
    lq = torch.rand(1, 3, 24, 20, generator=torch.Generator().manual_seed(0))
    degradation = Degradation(camera_shake(0).float(), 2)
    network = MZSRNetWiener(num_feat=4, num_block=1)
    training = network.fixed_inputs(lq, degradation.kernel)["base"]
    assert torch.equal(training, wiener_upscale(lq, degradation))
    base = network.eval().fixed_inputs(lq, degradation.kernel)["base"]
    assert torch.equal(base, linear_upscale(lq, degradation)) and not torch.equal(base, training)
