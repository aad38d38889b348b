"""MZSRNetWiener: its size, its fixed base, and its meta-gradient against a plain create_graph loop."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call

from mzsr_basicsr.adaptation.zero_shot import Schedule, Settings, zero_shot
from mzsr_basicsr.archs.mzsr_wiener_arch import MZSRNetWiener
from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_upscale
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml, network_inputs

KERNEL = gaussian_kernel(2.0, 0.8, 0.4, 9)


def small_net(scale: int = 2) -> MZSRNetWiener:
    torch.manual_seed(0)
    return MZSRNetWiener(num_feat=4, num_block=1, scale=scale).double()


def image(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def task(seed: int, kernel: torch.Tensor = KERNEL) -> Task:
    hr = image(2, 2, 3, 12, 10, seed=seed)
    lr = Degradation(kernel, 2).apply(hr)
    return Task(Pairs(lr[0], hr[0]), Pairs(lr[1], hr[1]), Degradation(kernel, 2.0))


@pytest.mark.parametrize("scale", [2, 4])
def test_the_shipped_size_stays_below_the_limit(scale: int) -> None:
    network = MZSRNetWiener(num_feat=48, num_block=5, scale=scale)
    folded = 3 * scale**2
    expected = (folded * 48 * 9 + 48) + 10 * (48 * 48 * 9 + 48) + (48 * folded * 9 + folded)
    assert sum(p.numel() for p in network.parameters()) == expected < 250_000
    assert not list(network.buffers())


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_network_whose_last_layer_is_zero_is_wieners_estimate(scale: int) -> None:
    network, lq = small_net(scale), image(2, 3, 5, 7)
    changed = network(lq, KERNEL)
    assert changed.shape == (2, 3, 5 * scale, 7 * scale)
    nn.init.zeros_(network.tail.weight)
    assert torch.equal(network(lq, KERNEL), wiener_upscale(lq, Degradation(KERNEL, scale)))
    assert (changed - network(lq, KERNEL)).abs().max() > 1e-3


def test_the_base_may_be_computed_before() -> None:
    network, lq = small_net(), image(2, 3, 6, 5)
    kernels = torch.stack([KERNEL, gaussian_kernel(0.5, 0.5, 0.0, 9)])
    inputs = network_inputs(network, lq, Degradation(kernels, 2.0))
    assert set(inputs) == {"kernel", "noise", "base"} and not inputs["base"].requires_grad
    assert torch.equal(network(lq, **inputs), network(lq, kernels))
    assert torch.equal(network(lq, base=inputs["base"]), network(lq, kernels))
    torch.testing.assert_close(network(lq, kernels)[1], network(lq, kernels[1])[1], atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small_net()(image(1, 3, 4, 4)), "MZSRNetWiener needs the blur kernel in every call"),
        (lambda: MZSRNetWiener(scale=2.5), r"network_g.scale: 2.5; MZSRNetWiener allows integers"),
        (lambda: MZSRNetWiener(num_feat=0), r"network_g.num_feat: 0 is too small"),
        (lambda: MZSRNetWiener(num_out_ch=1), r"network_g.num_out_ch: 1 differs from num_in_ch 3"),
    ],
)
def test_what_is_missing_or_impossible_is_said(call, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call()


def plain_loop(network: nn.Module, given: Task, rates: torch.Tensor, weights: tuple[float, ...]):
    """The textbook: keep the whole graph, one backward at the end; the base is computed anew each time."""
    start = dict(network.named_parameters())
    params, total = dict(start), 0.0
    for rate, weight in zip(rates, weights, strict=True):
        loss = F.mse_loss(
            functional_call(network, params, (given.support.lq, given.degradation.kernel)), given.support.gt
        )
        slope = torch.autograd.grad(loss, list(params.values()), create_graph=True)
        params = {n: p - r * g for (n, p), r, g in zip(params.items(), rate, slope, strict=True)}
        query = functional_call(network, params, (given.query.lq, given.degradation.kernel))
        total = total + weight * F.mse_loss(query, given.query.gt)
    return total, torch.autograd.grad(total, [*start.values(), rates])


@pytest.mark.parametrize("recompute", [False, True])
def test_the_meta_gradient_equals_the_plain_create_graph_loop(recompute: bool) -> None:
    network, weights = small_net(), (0.1, 0.2, 0.7)
    tasks = [task(1), task(2, torch.stack([KERNEL, KERNEL.T]))]  # one kernel, and one for each pair
    step = MetaStep(network, maml, F.mse_loss, 3, 0.05, learn_rates=True, recompute=recompute)
    loss, report = step(tasks, weights)
    loss.backward()
    rates = torch.full((3, 8), 0.05, dtype=torch.float64, requires_grad=True)
    results = [plain_loop(network, given, rates, weights) for given in tasks]
    for index, (name, parameter) in enumerate(network.named_parameters()):
        expected = (results[0][1][index] + results[1][1][index]) / 2
        assert expected.abs().max() > 1e-5, name
        torch.testing.assert_close(parameter.grad, expected, atol=1e-10, rtol=0)
    expected_rates = 0.05 * (results[0][1][-1] + results[1][1][-1]) / 2  # chain rule through the logarithm
    torch.testing.assert_close(step.log_rates.grad, expected_rates, atol=1e-10, rtol=0)
    torch.testing.assert_close(report.meta, torch.stack([r[0].detach() for r in results]), atol=1e-12, rtol=0)


def test_the_base_is_computed_once_for_each_set() -> None:
    network, calls = small_net(), []
    compute = network.fixed_inputs

    def counted(lq: torch.Tensor, kernel: torch.Tensor, noise: float) -> dict[str, torch.Tensor]:
        calls.append(tuple(lq.shape))
        return compute(lq, kernel, noise)

    network.fixed_inputs = counted
    MetaStep(network, maml, F.mse_loss, 4, 0.01, recompute=True)([task(1)], (0.25,) * 4)[0].backward()
    assert len(calls) == 2  # support and query
    calls.clear()
    zero_shot(network, image(1, 3, 12, 8), Degradation(KERNEL, 2), Settings(updates=(0, 6)))
    assert calls.count((1, 3, 6, 4)) == 1 and len(calls) == 3  # the son once, the image for each of two results


def test_zero_shot_tells_the_effective_kernel_or_another_one() -> None:
    """SGD on a copy by hand: the son is made by the true kernel, the base of the one that is told."""
    lq, wrong = image(1, 3, 16, 14), gaussian_kernel(1.0, 1.0, 0.0, 9)
    settings = Settings(updates=(0, 1), schedule=Schedule(((0, 0.05),)))
    for told in (None, (wrong, 2, "bicubic")):
        network = small_net()
        result = zero_shot(network, lq, Degradation(KERNEL, 2, "bicubic"), settings, told and Degradation(*told))
        blur = effective_kernel(KERNEL if told is None else wrong, 2)
        torch.testing.assert_close(result.images[0], network(lq, blur).clamp(0, 1), atol=1e-12, rtol=0)
        loss = F.l1_loss(network(Degradation(KERNEL, 2, "bicubic").apply(lq), blur), lq)
        assert result.losses[0] == pytest.approx(loss.item(), abs=1e-12)
        slopes = torch.autograd.grad(loss, list(network.parameters()))
        with torch.no_grad():
            for parameter, slope in zip(network.parameters(), slopes, strict=True):
                parameter -= 0.05 * slope
            torch.testing.assert_close(result.images[1], network(lq, blur).clamp(0, 1), atol=1e-12, rtol=0)
