"""Adaptation that begins with a memory's strategy: the held-out part decides, and gains are those over its own."""

import pytest
import torch
from helpers.small_networks import Lift
from torch import Tensor

from mzsr_basicsr.adaptation import careful
from mzsr_basicsr.adaptation.careful import Adapted, adapt_carefully
from mzsr_basicsr.adaptation.decision import promised
from mzsr_basicsr.adaptation.settings import Manner, Schedule, Settings
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.meta.store import strategy_of
from mzsr_basicsr.signals import SignalSettings

RATE = 1e-3


def ramp(slope: float) -> Tensor:
    axis = torch.arange(30, dtype=torch.float64)
    return (0.5 + slope * (axis[:, None] + axis[None, :] - 29))[None, None]


def lifted(strategy: float | None, updates: int = 3, slopes: tuple[float, ...] = (0.01, 0.01, 0.01)) -> Adapted:
    """Adapt to three ramps, of which the last is held out."""
    settings = Settings(updates=(updates,), schedule=Schedule(((0, RATE),)))
    images = torch.cat([ramp(slope) for slope in slopes])
    move = None if strategy is None else torch.tensor([strategy])
    return adapt_carefully(Lift(), images, Degradation(delta_kernel(), 2), settings, 3, None, move)


def loss_at(level: float, slope: float = 0.01) -> float:
    """A quarter of the pixels is the nearest one itself; the others lie one or two slopes above it."""
    return sum(abs(above * slope - level) for above in (0, 1, 1, 2)) / 4


def test_a_strategy_that_serves_the_held_out_part_is_where_updates_begin() -> None:
    found = lifted(2**-8)
    levels = [2**-8 + update * RATE / 2 for update in range(4)]  # the slope of the loss is (1 - 3) / 4
    assert found.losses == pytest.approx([loss_at(level) for level in levels], abs=1e-12)
    assert found.held_out == pytest.approx([loss_at(level) for level in levels], abs=1e-12)
    assert found.beginning is not None and found.beginning.alone == pytest.approx(loss_at(0), abs=1e-12)
    assert (found.kept, found.recalled) == (3, True)
    assert float(found.params["level"]) == pytest.approx(levels[3], abs=1e-12)
    assert found.predicted == pytest.approx(promised([loss_at(0), loss_at(levels[3])]), abs=1e-9)
    assert float(strategy_of(found.beginning.own, found.params)) == pytest.approx(levels[3], abs=1e-8)  # of all it did


@pytest.mark.parametrize("strategy", [-0.01, 0.5, float("nan"), float("inf")])
def test_a_strategy_that_does_not_is_as_none(strategy: float) -> None:
    found, without = lifted(strategy), lifted(None)
    assert (found.losses, found.held_out, found.kept) == (without.losses, without.held_out, without.kept)
    assert torch.equal(found.params["level"], without.params["level"]) and not found.recalled and not without.recalled
    assert without.predicted == found.predicted > 0


def test_no_update_asks_the_held_out_part_too() -> None:
    found = lifted(2**-8, updates=0)
    assert (found.kept, found.recalled, found.stopped) == (0, True, "") and float(found.params["level"]) == 2**-8
    assert found.held_out == pytest.approx([loss_at(2**-8)], abs=1e-12) and len(found.losses) == 1
    worse = lifted(-0.01, updates=0)
    assert (worse.kept, worse.recalled) == (0, False) and float(worse.params["level"]) == 0


def test_updates_that_do_harm_lead_back_to_the_strategy() -> None:
    """The ramps that are learned from want to be lifted further than the one that is held out."""
    found = lifted(2**-8, slopes=(0.02, 0.02, 0.004))
    assert (found.kept, found.recalled) == (0, True) and float(found.params["level"]) == 2**-8
    assert found.held_out == sorted(found.held_out) and found.held_out[0] < found.beginning.alone


def photo() -> Tensor:
    return torch.rand(1, 3, 36, 36, generator=torch.Generator().manual_seed(1))


def small_net() -> MZSRNetLR:
    torch.manual_seed(0)
    return MZSRNetLR(num_feat=6, num_conv=3)


def adapted(strategy: Tensor | None, learner: MetaLearner | None = None, updates: int = 4) -> Adapted:
    manner = Manner(SignalSettings("scale"), "orthogonal")
    settings = Settings((updates,), Schedule(((0, 5e-3),)), manner, learner=learner)
    degradation = Degradation(gaussian_kernel(1.5, 0.8, 0.4, size=9), 2).to(photo())
    return adapt_carefully(small_net(), photo(), degradation, settings, 1, None, strategy)


@pytest.mark.parametrize("least", [0.0, 1e9])
def test_what_is_kept_promises_enough_over_its_own_parameters(monkeypatch: pytest.MonkeyPatch, least: float) -> None:
    monkeypatch.setattr(careful, "least_promise", lambda degradation: 0.0)
    before = adapted(None)
    strategy = strategy_of(before.beginning.own, before.params)
    monkeypatch.setattr(careful, "least_promise", lambda degradation: least)
    for updates in (0, 4):
        found = adapted(strategy, updates=updates)
        assert found.held_out[0] == pytest.approx(before.held_out[4], abs=1e-6)
        assert found.beginning.alone == pytest.approx(before.held_out[0], abs=1e-6)
        assert found.beginning.alone > found.held_out[0]
        assert found.recalled == (least == 0) and found.kept == (updates if least == 0 else 0)
        own = dict(small_net().named_parameters())
        assert all(torch.equal(found.params[name], own[name]) for name in own) == (least > 0)


def test_gains_that_move_begin_at_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """A learner of gains and biases: the strategy moves plain parameters, and the gains go on from there."""
    monkeypatch.setattr(careful, "least_promise", lambda degradation: 0.0)
    before = adapted(None)
    strategy = 0.5 * strategy_of(before.beginning.own, before.params)
    learner = MetaLearner(small_net(), scope="modulation")
    found = adapted(strategy, learner)
    start = found.beginning.start
    assert start is not found.beginning.own and list(found.params) == list(start) and found.kept == 4
    for name, value in found.params.items():
        if name.endswith("weight"):  # each channel of it is a multiple of what it was
            was, now = start[name].flatten(1), value.flatten(1)
            assert not torch.equal(was, now)
            torch.testing.assert_close(now, was * ((now * was).sum(1) / was.square().sum(1))[:, None])
