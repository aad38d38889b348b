"""What a network adds to the linear estimate for kernels unlike its training's is trusted as far as the son tells."""

import numpy as np
import pytest
import torch
from helpers.odd_kernels import camera_shake, lobes
from skimage import data

from mzsr_basicsr.archs.mzsr_wiener_arch import MZSRNetWiener
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.linear import linear_upscale
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.weights.pretrained import load_pretrained


def photograph(name: str, side: int = 192) -> torch.Tensor:
    pixels = getattr(data, name)()[100 : 100 + side, 150 : 150 + side]
    return torch.from_numpy(pixels.astype(np.float64) / 255).permute(2, 0, 1)[None]


def decibels(image: torch.Tensor, truth: torch.Tensor) -> float:
    return float(-10 * (image.clamp(0, 1) - truth).square().mean().log10())


@pytest.mark.parametrize("kernel", [camera_shake(7), camera_shake(18), lobes(1)], ids=["shake 7", "shake 18", "lobes"])
@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_a_result_is_at_least_the_linear_estimate(name: str, kernel: torch.Tensor) -> None:
    hr, made = photograph(name), Degradation(kernel, 2)
    lq = round_to_8_bits(made.apply(hr)).float()
    network = load_pretrained("shipped:mzsr_x2").network
    with torch.no_grad():
        linear, result = linear_upscale(lq, made.to(lq)), network(lq, made.kernel.float())
    assert decibels(result, hr) > decibels(linear, hr) - 0.05


def test_the_share_is_that_of_least_squared_error_on_the_son() -> None:
    lq, made = torch.rand(1, 3, 60, 52, dtype=torch.float64), Degradation(camera_shake(0), 2)
    torch.manual_seed(1)
    network = MZSRNetWiener(num_feat=4, num_block=1).double().eval()
    share = float(network.fixed_inputs(lq, made.kernel)["trust"])
    son = round_to_8_bits(made.apply(lq))
    with torch.no_grad():
        base = linear_upscale(son, made)
        whole = network(son, made.kernel, base=base)[..., :60, :52].clamp(0, 1)
    base = base[..., :60, :52].clamp(0, 1)
    shares = np.linspace(0, 1, 2001)
    errors = [float((base + t * (whole - base) - lq).square().sum()) for t in shares]
    assert share == pytest.approx(shares[int(np.argmin(errors))], abs=1e-3)


def test_usual_kernels_small_images_and_trainings_trust_the_whole() -> None:
    network, lq = MZSRNetWiener(num_feat=4, num_block=1), torch.rand(1, 3, 60, 60)
    assert set(network.eval().fixed_inputs(lq, gaussian_kernel(2.0, 1.0, 0.3).float())) == {"base"}
    shake = camera_shake(0).float()
    assert set(network.fixed_inputs(lq[..., :40], shake)) == {"base"}
    assert set(network.fixed_inputs(lq.expand(2, -1, -1, -1), shake.expand(2, -1, -1))) == {"base"}
    assert set(network.train().fixed_inputs(lq, shake)) == {"base"}
