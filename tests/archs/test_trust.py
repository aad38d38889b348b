"""What a network adds to the linear estimate for kernels unlike its training's is trusted as far as the son tells."""

import numpy as np
import pytest
import torch
from helpers.odd_kernels import camera_shake, lobes
from skimage import data

from mzsr_basicsr.archs.mzsr_unrolled_arch import MZSRNetUnrolled
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


@pytest.mark.parametrize("kind", [MZSRNetWiener, MZSRNetUnrolled])
def test_the_share_is_that_of_least_squared_error_on_the_son(kind: type) -> None:
    lq, made = torch.rand(1, 3, 60, 52, dtype=torch.float64), Degradation(camera_shake(0), 2)
    torch.manual_seed(1)
    network = kind(num_feat=4).double().eval()
    inputs = network.fixed_inputs(lq, made.kernel)
    share = float(inputs["trust"])
    son = round_to_8_bits(made.apply(lq))
    with torch.no_grad():
        base = linear_upscale(son, made)
        known = {key: value for key, value in inputs.items() if key == "filters"}
        whole = network(son, made.kernel, base=base, **known)[..., :60, :52].clamp(0, 1)
    base = base[..., :60, :52].clamp(0, 1)
    shares = np.linspace(0, 1, 2001)
    errors = [float((base + t * (whole - base) - lq).square().sum()) for t in shares]
    assert share == pytest.approx(shares[int(np.argmin(errors))], abs=1e-3)


@pytest.mark.parametrize("kind", [MZSRNetWiener, MZSRNetUnrolled])
def test_the_share_counts_in_the_result(kind: type) -> None:
    lq, kernel = torch.rand(1, 3, 50, 52), camera_shake(0).float()
    network = kind(num_feat=4).eval()
    inputs = network.fixed_inputs(lq, kernel)
    half = {**inputs, "trust": torch.tensor(0.5)}
    with torch.no_grad():
        whole = network(lq, kernel, **{**inputs, "trust": None})
        torch.testing.assert_close(network(lq, kernel, **half), (whole + inputs["base"]) / 2, atol=1e-5, rtol=0)
        torch.testing.assert_close(network(lq, kernel), network(lq, kernel, **inputs), atol=0, rtol=0)


@pytest.mark.parametrize("kind", [MZSRNetWiener, MZSRNetUnrolled])
def test_usual_kernels_small_images_and_trainings_trust_the_whole(kind: type) -> None:
    network, lq = kind(num_feat=4), torch.rand(1, 3, 60, 60)
    shake = camera_shake(0).float()
    assert "trust" in network.eval().fixed_inputs(lq, shake)
    assert "trust" not in network.fixed_inputs(lq, gaussian_kernel(2.0, 1.0, 0.3).float())
    assert "trust" not in network.fixed_inputs(lq[..., :40], shake)
    assert "trust" not in network.fixed_inputs(lq.expand(2, -1, -1, -1), shake.expand(2, -1, -1))
    assert "trust" not in network.train().fixed_inputs(lq, shake)
