"""The meta-test against hand-made gradient descent, and the promise that the model is left as it was found."""

import copy
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mzsr_basicsr.adaptation.descent import scene_of
from mzsr_basicsr.adaptation.ensemble import super_resolve_ensemble
from mzsr_basicsr.adaptation.zero_shot import Schedule, Settings, back_project, zero_shot
from mzsr_basicsr.archs.mzsr_arch import MZSRNet
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.archs.mzsr_wiener_arch import MZSRNetWiener
from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.signals.son import make_son

KERNEL = gaussian_kernel(1.5, 0.8, 0.4, size=9)


def small_net(seed: int = 0) -> MZSRNetLR:
    torch.manual_seed(seed)
    return MZSRNetLR(num_feat=6, num_conv=3).double()


def image(seed: int = 0, height: int = 13, width: int = 16) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_updates_are_plain_gradient_descent_with_the_schedule() -> None:
    """torch.optim.SGD on a copy, its rate set by hand, must give the same images and losses."""
    network, lq = small_net(), image()
    settings = Settings(updates=(0, 1, 3), schedule=Schedule(((0, 0.1), (2, 0.03))))
    result = zero_shot(network, lq, Degradation(KERNEL, 2), settings)
    other = copy.deepcopy(network)
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
    son = Degradation(KERNEL, 2).apply(lq)
    for update in range(4):
        loss = F.l1_loss(other(son)[..., :13, :16], lq)
        assert result.losses[update] == pytest.approx(loss.item(), abs=1e-12)
        if update in settings.updates:
            torch.testing.assert_close(result.images[update], other(lq).clamp(0, 1), atol=1e-12, rtol=0)
        optimizer.param_groups[0]["lr"] = 0.1 if update < 2 else 0.03
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert result.losses[3] < result.losses[0]
    assert list(result.images) == [0, 1, 3]


def test_the_network_is_left_as_it_was_found() -> None:
    network = small_net().train()
    before = copy.deepcopy(network.state_dict())
    zero_shot(network, image(), Degradation(KERNEL, 2), Settings(updates=(2,)))
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in network.parameters())


def test_learned_rates_are_used_per_update_and_tensor_and_the_last_row_lasts() -> None:
    rates = torch.arange(1, 13, dtype=torch.float64).reshape(2, 6) / 100
    schedule = Schedule(learned=rates)
    assert schedule.at(1, 6) == pytest.approx(rates[1].tolist())
    assert schedule.at(7, 6) == pytest.approx(rates[1].tolist())
    network, lq = small_net(), image()
    result = zero_shot(network, lq, Degradation(KERNEL, 2), Settings(updates=(1,), schedule=schedule))
    loss = F.l1_loss(network(Degradation(KERNEL, 2).apply(lq))[..., :13, :16], lq)
    loss.backward()
    with torch.no_grad():
        for parameter, rate in zip(network.parameters(), rates[0], strict=True):
            parameter -= rate * parameter.grad
        torch.testing.assert_close(result.images[1], network(lq).clamp(0, 1), atol=1e-12, rtol=0)


def test_early_stop_returns_to_the_lowest_loss() -> None:
    network, lq = small_net(), image()
    wild = Settings(updates=(0, 12), schedule=Schedule(((0, 3.0),)))
    free = zero_shot(network, lq, Degradation(KERNEL, 2), wild)
    stopped = zero_shot(
        network, lq, Degradation(KERNEL, 2), Settings(updates=(0, 12), schedule=wild.schedule, early_stop=2)
    )
    assert free.losses[-1] > min(free.losses)  # the rate is far too high
    assert stopped.losses[-1] == min(stopped.losses) < free.losses[-1]


def test_back_projection_shrinks_what_the_lr_image_misses() -> None:
    lq, kernel = image(height=16), gaussian_kernel(0.6, 0.6, 0.0, size=9)
    sr = upscale(lq, 2)
    residual = [
        (lq - Degradation(kernel, 2).apply(back_project(sr, lq, Degradation(kernel, 2), n))).abs().mean()
        for n in (0, 1, 4)
    ]
    assert residual[0] > residual[1] > residual[2]
    assert residual[2] < 0.7 * residual[0]


def test_self_ensemble_knows_the_sampling_phase() -> None:
    """An ideal "network" that inverts direct sampling of a known image is not blurred by the ensemble."""
    rows, columns = torch.meshgrid(torch.arange(24.0), torch.arange(20.0), indexing="ij")
    hr = (0.3 + 0.01 * rows + 0.02 * columns)[None, None]

    def linear(lq: torch.Tensor) -> torch.Tensor:  # exact for planes: keeps the top-left phase
        step_rows = lq[..., 1:2, 0:1] - lq[..., 0:1, 0:1]
        step_columns = lq[..., 0:1, 1:2] - lq[..., 0:1, 0:1]
        up = lq.repeat_interleave(2, -2).repeat_interleave(2, -1)
        up[..., 1::2, :] += step_rows / 2
        up[..., :, 1::2] += step_columns / 2
        return up

    lq = hr[..., ::2, ::2]
    for kernel in (delta_kernel(3), gaussian_kernel(3.0, 1.0, 0.3)):
        torch.testing.assert_close(
            super_resolve_ensemble(linear, lq, Degradation(kernel, 2, "direct")), hr, atol=1e-6, rtol=0
        )


def test_self_ensemble_uses_only_transforms_that_keep_the_kernel() -> None:
    calls = []

    def run(lq: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return lq.repeat_interleave(2, -2).repeat_interleave(2, -1)

    for kernel, scale, expected in [
        (gaussian_kernel(2.0, 2.0, 0.0), 2.0, 8),
        (gaussian_kernel(4.0, 1.0, -0.5), 2.0, 2),  # identity and half turn
        (gaussian_kernel(4.0, 1.0, 0.0), 2.0, 4),
        (gaussian_kernel(2.0, 2.0, 0.0), 2.2, 2),  # no flip keeps the grid of a real scale
    ]:
        calls.clear()
        super_resolve_ensemble(run, image(), Degradation(kernel, scale, "direct"))
        assert len(calls) == expected


def test_real_scales_and_odd_sizes_work_with_the_paper_network() -> None:
    torch.manual_seed(0)
    network = MZSRNet(num_feat=4, num_conv=2).double()
    result = zero_shot(network, image(height=11, width=9), Degradation(KERNEL, 2.6), Settings(updates=(0, 1)))
    assert result.images[1].shape == (1, 3, 29, 24)
    assert result.losses[1] < result.losses[0]


def test_son_noise_is_repeatable_and_noticed() -> None:
    network, lq = small_net(), image()
    runs = [
        zero_shot(network, lq, Degradation(KERNEL, 2), Settings(updates=(0,), son_noise=s, seed=seed)).losses[0]
        for s, seed in [(0.1, 0), (0.1, 0), (0.1, 1), (0.0, 0)]
    ]
    assert runs[0] == runs[1] and len(set(runs)) == 3


def test_a_son_is_rounded_to_8_bits_only_if_asked_for() -> None:
    network, lq = small_net(), image()
    exact = Degradation(KERNEL, 2).apply(lq)
    for quantize, son in ((False, exact), (True, (exact * 255).round() / 255)):
        result = zero_shot(network, lq, Degradation(KERNEL, 2), Settings(updates=(0,), quantize_son=quantize))
        expected = F.l1_loss(network(son)[..., :13, :16], lq).item()
        assert result.losses[0] == pytest.approx(expected, abs=1e-13)


class Listener(nn.Module):
    """The nearest pixel plus a number, which wants to be told the noise and keeps what it is told."""

    wants_noise = True

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.zeros(1, dtype=torch.float64))
        self.told: list[tuple[int, float]] = []

    def forward(self, lq: torch.Tensor, noise: float) -> torch.Tensor:
        self.told.append((lq.shape[-1], noise))
        return lq.repeat_interleave(2, -2).repeat_interleave(2, -1) + self.level


def test_a_network_that_wants_the_noise_is_told_it_for_the_image_and_the_son() -> None:
    network = Listener()
    zero_shot(network, image(), Degradation(KERNEL, 2, noise=0.03), Settings(updates=(1,), son_noise=0.04))
    assert network.told == [(8, pytest.approx(0.05)), (8, pytest.approx(0.05)), (16, pytest.approx(0.03))]
    wiener, lq = MZSRNetWiener(num_feat=4, num_block=1).double(), image()
    result = zero_shot(wiener, lq, Degradation(KERNEL, 2, noise=0.03), Settings(updates=(0,))).images[0]
    assert torch.equal(result, wiener(lq, KERNEL, 0.03).clamp(0, 1))
    assert (result - wiener(lq, KERNEL).clamp(0, 1)).abs().max() > 0.01


@pytest.mark.parametrize("subsampling", ["direct", "bicubic"])
def test_a_son_gets_the_noise_that_degradation_takes(subsampling: str) -> None:
    """The noise of a flat image and of its son are alike, at first and with more added."""
    lq = 0.5 + 0.1 * torch.randn(1, 3, 200, 200, generator=torch.Generator().manual_seed(1))
    settings, degradation = Settings(), Degradation(KERNEL, 2, subsampling, 0.1)
    assert degradation.with_noise(0.0).apply(lq).std() < 0.05
    son = lambda degradation, settings: make_son(scene_of(nn.Identity(), lq, degradation, settings, degradation))  # noqa: E731
    assert son(degradation, settings).std() == pytest.approx(0.1, rel=0.03)
    more = son(degradation, replace(settings, son_noise=0.075))
    assert more.std() == pytest.approx(0.125, rel=0.03)
    assert torch.equal(more, son(degradation, replace(settings, son_noise=0.075)))
    assert torch.equal(
        son(degradation.with_noise(0.0), settings),
        Degradation(KERNEL, 2, subsampling).apply(lq),
    )


@pytest.mark.parametrize("steps", [(), ((1, 0.1),), ((0, 0.1), (0, 0.2)), ((0, 0.1), (3, 0.1), (2, 0.1))])
def test_impossible_schedules_are_refused(steps) -> None:
    with pytest.raises(ConfigError, match="val.zero_shot.rates"):
        Schedule(steps)
