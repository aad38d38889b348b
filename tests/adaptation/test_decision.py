"""When an adaptation is kept: promises in dB, bounds by kernel, and what careful adaptation does with them."""

import math

import pytest
import torch
from torch import Tensor, nn

from mzsr_basicsr.adaptation import careful
from mzsr_basicsr.adaptation.careful import adapt_carefully
from mzsr_basicsr.adaptation.decision import HARD, SOFT, least_promise, promised
from mzsr_basicsr.adaptation.settings import Manner, Schedule, Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.signals import SignalSettings

KERNEL = gaussian_kernel(2.0, 2.0, 0.0, size=9)


def test_a_promise_is_the_best_mark_against_the_first() -> None:
    assert promised([0.02, 0.01, 0.015]) == pytest.approx(20 * math.log10(2))
    assert promised([0.02, 0.018]) == pytest.approx(0.91515, abs=1e-5)
    for nothing in ([], [0.02], [0.02, 0.03], [math.nan, 0.01], [math.inf, 0.01]):
        assert promised(nothing) == 0.0
    assert promised([0.02, math.nan, 0.01]) == pytest.approx(6.0206, abs=1e-4)
    assert math.isfinite(promised([0.02, 0.0]))


def test_a_kernel_that_hardly_blurs_must_promise_more() -> None:
    bounds = [
        least_promise(Degradation(kernel, 2))
        for kernel in (gaussian_kernel(4.0, 4.0, 0.0, size=21), gaussian_kernel(0.8, 0.8, 0.0), delta_kernel(15))
    ]
    assert bounds[0] == SOFT and bounds[2] == HARD and SOFT < bounds[1] < HARD


def image() -> Tensor:
    return torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def network() -> nn.Module:
    torch.manual_seed(0)
    return MZSRNetLR(num_feat=6, num_conv=3).double()


def settings(rate: float) -> Settings:
    manner = Manner(SignalSettings("scale"), "orthogonal")
    return Settings((0, 3), Schedule(((0, rate),)), manner, careful=True)


@pytest.mark.parametrize(("least", "kept"), [(0.0, 3), (60.0, 0)])
def test_the_last_update_is_kept_or_none(monkeypatch: pytest.MonkeyPatch, least: float, kept: int) -> None:
    """Not the one of the best mark: marks waver where every update has other lessons."""
    monkeypatch.setattr(careful, "least_promise", lambda degradation: least)
    net, lq, degradation = network(), image(), Degradation(KERNEL, 2)
    found = adapt_carefully(net, lq, degradation, settings(1e-2))
    assert found.kept == kept and len(found.held_out) == 4
    assert found.predicted == promised(found.held_out) > 0
    start = dict(net.named_parameters())
    assert all(torch.equal(found.params[name], start[name]) for name in start) == (kept == 0)
    images = zero_shot(net, lq, degradation, settings(1e-2)).images
    assert torch.equal(images[0], images[3]) == (kept == 0)


def test_a_descent_that_diverges_is_rolled_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(careful, "least_promise", lambda degradation: 0.0)
    for rate in (30.0, 1e30):
        found = adapt_carefully(network(), image(), Degradation(KERNEL, 2), settings(rate))
        assert found.kept == 0 and all(bool(torch.isfinite(value).all()) for value in found.params.values())
        images = zero_shot(network(), image(), Degradation(KERNEL, 2), settings(rate)).images
        assert torch.equal(images[0], images[3])
