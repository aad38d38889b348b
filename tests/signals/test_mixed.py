"""Son and own scale together, and the signals by name."""

import sys
from dataclasses import replace

import pytest
import torch
from torch import nn

from mzsr_basicsr import signals
from mzsr_basicsr.adaptation.settings import Manner, Schedule, Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.signals import SIGNALS, Scene, SignalSettings, lessons_of, mixed

GIVEN = Degradation(gaussian_kernel(1.5, 0.8, 0.4, size=9), 2, noise=0.02)


def scene_for(seed: int = 3) -> Scene:
    torch.manual_seed(0)
    network = MZSRNetLR(num_feat=6, num_conv=3).double()
    lq = torch.rand(1, 3, 24, 31, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return Scene(network, lq, GIVEN, GIVEN, seed=seed)


def losses(scene: Scene, settings: SignalSettings, updates: int = 3) -> torch.Tensor:
    """Loss and gradient of some updates, in one vector each."""
    lessons, params = lessons_of(scene, settings), dict(scene.network.named_parameters())
    found = []
    for update in range(updates):
        loss = lessons(update, {name: value.detach() for name, value in params.items()})(params)
        slopes = torch.autograd.grad(loss, list(params.values()))
        found.append(torch.cat([loss.detach()[None], *[slope.flatten() for slope in slopes]]))
    return torch.stack(found)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.2, 0.7), (1.0, 1.0)])
def test_mixed_is_the_weighted_sum(shares: tuple[float, float]) -> None:
    scene = scene_for()
    son, scale = losses(scene, SignalSettings("son")), losses(scene, SignalSettings("scale"))
    assert (son - scale).abs().max() > 1e-3
    expected = shares[0] * son + shares[1] * scale
    torch.testing.assert_close(losses(scene, SignalSettings("mixed", shares)), expected, atol=1e-12, rtol=0)


def test_a_share_of_0_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(scene: Scene, settings: SignalSettings) -> None:
        raise AssertionError("made although nothing is learned from it")

    scene = scene_for()
    expected = [losses(scene, SignalSettings(name)) for name in ("son", "scale")]
    for part, shares, own in (("own_scale", (0.5, 0.0), expected[0]), ("son", (0.0, 0.5), expected[1])):
        with monkeypatch.context() as patch:
            patch.setattr(sys.modules[mixed.__module__], part, never)
            torch.testing.assert_close(losses(scene, SignalSettings("mixed", shares)), 0.5 * own, atol=1e-12, rtol=0)


def test_the_son_is_one_lesson_for_all_updates() -> None:
    made = losses(scene_for(), SignalSettings("son"))
    assert torch.equal(made[0], made[1]) and torch.equal(made[0], made[2])
    assert not torch.equal(made, losses(scene_for(seed=4), SignalSettings("son")))  # the seed draws its noise


def test_a_signal_of_a_users_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """One number, pulled to the update's own: three steps of gradient descent by hand."""

    class Level(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.level = nn.Parameter(torch.zeros(1))

        def forward(self, lq: torch.Tensor) -> torch.Tensor:
            return lq.repeat_interleave(2, -2).repeat_interleave(2, -1) + self.level

    def pulled(scene: Scene, settings: SignalSettings):
        return lambda update, params: lambda here: 0.5 * (here["level"] - update - settings.crop).square().sum()

    monkeypatch.setitem(SIGNALS, "mine", pulled)
    assert signals.SIGNALS is SIGNALS
    chosen = Settings((0, 3), Schedule(((0, 0.5),)), Manner(SignalSettings("mine", crop=2)))
    flat = torch.full((1, 3, 8, 8), 0.1)
    result = zero_shot(Level(), flat, Degradation(torch.ones(1, 1), 2), chosen)
    level, expected = 0.0, []
    for update in range(4):
        expected.append(0.5 * (level - update - 2) ** 2)
        level -= 0.5 * (level - update - 2)
    assert result.losses == pytest.approx(expected)


def test_the_scales_copies_differ_where_the_crop_does() -> None:
    """A crop that is larger than the image changes nothing but the draws; a small one shows less."""
    scene = scene_for()
    whole, small = (losses(scene, replace(SignalSettings("scale"), crop=crop)) for crop in (0, 8))
    assert (whole - small).abs().max() > 1e-3
