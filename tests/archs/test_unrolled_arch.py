"""MZSRNetUnrolled: its size, its stages against the formulas by hand, and its meta-gradient against a plain loop."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from mzsr_basicsr.adaptation.zero_shot import Settings, zero_shot
from mzsr_basicsr.archs.mzsr_unrolled_arch import MZSRNetUnrolled
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_filter, wiener_upscale
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml, network_inputs

KERNEL = gaussian_kernel(2.0, 0.8, 0.4, 9)


def small_net(scale: int = 2, stages: tuple[int, ...] = (1, 1)) -> MZSRNetUnrolled:
    torch.manual_seed(0)
    network = MZSRNetUnrolled(num_feat=4, stages=stages, scale=scale).double()
    nn.init.normal_(network.head.bias, std=0.1)
    nn.init.normal_(network.tail.bias, std=0.1)
    return network


def image(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_shipped_size_stays_below_the_limit(scale: int) -> None:
    network = MZSRNetUnrolled(num_feat=48, stages=[2, 3], scale=scale)
    folded = 3 * scale**2
    expected = (folded * 48 * 9 + 48) + 10 * (48 * 48 * 9 + 48) + (48 * folded * 9 + folded)
    assert sum(p.numel() for p in network.parameters()) == expected < 250_000
    assert not list(network.buffers())


def passed_back(missed: Tensor, filters: Tensor, scale: int) -> Tensor:
    """W by its definition: every LR pixel adds the filter's response, about its place, to the HR pixels."""
    planes = missed.reshape(-1, 1, *missed.shape[-2:])
    reach = filters.shape[-1] // 2
    spread = F.conv_transpose2d(planes, filters[None, None], stride=scale)
    height, width = (scale * extent for extent in missed.shape[-2:])
    spread = F.pad(spread, (0, scale, 0, scale))
    return spread[..., reach : reach + height, reach : reach + width].reshape(*missed.shape[:2], height, width)


def by_hand(network: MZSRNetUnrolled, lq: Tensor, kernel: Tensor, sigma: float = 0.0) -> Tensor:
    """The docstring's formulas, one after the other."""
    scale = network.scale
    degradation = Degradation(kernel, scale, noise=sigma)
    filters = wiener_filter(degradation, 20 * scale)
    linear = wiener_upscale(lq, degradation)
    features = network.head(F.pixel_unshuffle(linear, scale))
    missed = torch.zeros_like(linear)
    for stage in network.stages:
        bare = network.head(F.pixel_unshuffle(missed, scale)) - network.head.bias[:, None, None]
        features = stage(features + bare)
        estimate = linear + F.pixel_shuffle(network.tail(features), scale)
        missed = passed_back(lq - Degradation(kernel, scale).apply(estimate), filters, scale)
        linear = linear + missed
    return estimate + missed


@pytest.mark.parametrize(("scale", "stages"), [(2, (1, 1)), (3, (1,)), (2, (1, 1, 1))])
def test_the_stages_are_those_of_the_formulas(scale: int, stages: tuple[int, ...]) -> None:
    network, lq = small_net(scale, stages), image(2, 3, 26, 24)
    for sigma in (0.0, 0.05):
        torch.testing.assert_close(network(lq, KERNEL, sigma), by_hand(network, lq, KERNEL, sigma), atol=1e-10, rtol=0)


def test_the_result_gives_the_lr_image_again() -> None:
    """Whatever the stages have made of it: the last step gives back what was missed, but for noise and rounding."""
    network, hr = small_net(), image(1, 3, 64, 64)
    lq = Degradation(KERNEL, 2).apply(F.avg_pool2d(F.pad(hr, (2, 2, 2, 2), mode="reflect"), 5, stride=1))
    inputs = network.fixed_inputs(lq, KERNEL)
    result = network(lq, KERNEL, **inputs)
    inside = (..., slice(8, -8), slice(8, -8))
    missed = (Degradation(KERNEL, 2).apply(result) - lq)[inside].abs().mean()
    correction = (result - inputs["base"])[inside].abs().mean()
    assert correction > 0.02 and missed < correction / 10


def test_its_inputs_may_be_computed_before_and_are_one_for_each_image() -> None:
    network, lq = small_net(), image(2, 3, 12, 10)
    kernels = torch.stack([KERNEL, gaussian_kernel(0.5, 0.5, 0.0, 9)])
    inputs = network_inputs(network, lq, Degradation(kernels, 2.0))
    assert set(inputs) == {"kernel", "noise", "base", "filters"} and not inputs["base"].requires_grad
    assert torch.equal(network(lq, **inputs), network(lq, kernels))
    network.eval()
    alone = network(lq[1:], kernels[1])
    torch.testing.assert_close(network(lq, kernels)[1:], alone, atol=1e-5, rtol=0)  # the filter's cut differs


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small_net()(image(1, 3, 4, 4)), "MZSRNetUnrolled needs the blur kernel in every call"),
        (lambda: MZSRNetUnrolled(scale=2.5), r"network_g.scale: 2.5; MZSRNetUnrolled allows integers"),
        (lambda: MZSRNetUnrolled(stages=[]), r"network_g.stages: \[\] must be a list of positive whole numbers"),
        (lambda: MZSRNetUnrolled(stages=[2, 0]), r"network_g.stages: \[2, 0\] must be"),
        (lambda: MZSRNetUnrolled(num_out_ch=1), r"network_g.num_out_ch: 1 differs from num_in_ch 3"),
    ],
)
def test_what_is_missing_or_impossible_is_said(call, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call()


def test_a_kernel_may_be_of_another_precision_than_the_image() -> None:
    """A degradation holds float64, as the other networks take it; images are float32."""
    network, lq = small_net().float(), image(1, 3, 20, 24).float()
    result = network(lq, KERNEL.double())
    assert result.dtype == torch.float32
    torch.testing.assert_close(result.double(), network.double()(lq.double(), KERNEL.double()), atol=1e-4, rtol=0)


def test_the_meta_gradient_equals_the_plain_create_graph_loop() -> None:
    network, rate = small_net(), 0.05
    hr = image(2, 2, 3, 16, 12, seed=1)
    lr = Degradation(KERNEL, 2).apply(hr)
    given = Task(Pairs(lr[0], hr[0]), Pairs(lr[1], hr[1]), Degradation(KERNEL, 2.0))
    MetaStep(network, maml, F.mse_loss, 2, rate)([given], (0.3, 0.7))[0].backward()
    params, total = dict(network.named_parameters()), 0.0
    start = list(params.values())
    for weight in (0.3, 0.7):
        loss = F.mse_loss(functional_call(network, params, (lr[0], KERNEL)), hr[0])
        slopes = torch.autograd.grad(loss, list(params.values()), create_graph=True)
        params = {name: p - rate * g for (name, p), g in zip(params.items(), slopes, strict=True)}
        total = total + weight * F.mse_loss(functional_call(network, params, (lr[1], KERNEL)), hr[1])
    for parameter, expected in zip(start, torch.autograd.grad(total, start), strict=True):
        assert expected.abs().max() > 1e-6
        torch.testing.assert_close(parameter.grad, expected, atol=1e-9, rtol=0)


def test_it_adapts_to_an_image() -> None:
    network = small_net().float()
    lq = image(1, 3, 32, 32).float()
    result = zero_shot(network, lq, Degradation(KERNEL.float(), 2), Settings(updates=(0, 3)))
    assert result.losses[-1] < result.losses[0] and result.images[3].shape == (1, 3, 64, 64)
