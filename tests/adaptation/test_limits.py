"""What ends an adaptation before its last update: patience with the held-out part, or the clock."""

import pytest
import torch

from mzsr_basicsr.adaptation import careful
from mzsr_basicsr.adaptation.careful import Adapted, adapt_carefully
from mzsr_basicsr.adaptation.limits import Limits, heard
from mzsr_basicsr.adaptation.settings import Manner, Schedule, Settings
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.signals import SignalSettings

FALLING = [9.0, 7.0, 8.0, 6.0, 6.5, 6.0, 6.1]  # best after 3 updates; an equal one is no better


@pytest.mark.parametrize(("patience", "made"), [(1, 2), (2, 5), (3, 6)])
def test_patience_counts_from_the_best_mark(patience: int, made: int) -> None:
    limits = Limits(patience)
    told = [limits.reason(FALLING[: n + 1], spent=1e9) for n in range(len(FALLING))]
    best = 1 if patience == 1 else 3
    plural = "" if best == 1 else "s"
    assert told[:made] == [None] * made
    assert told[made] == f"held-out loss stopped falling after {best} update{plural}"
    assert Limits().reason(FALLING, spent=1e9) is None


def test_an_update_that_would_not_fit_is_not_begun() -> None:
    limits = Limits(seconds=10)
    assert limits.reason(FALLING[:4], spent=7.9) is None  # four evaluations of 1.975 s: the fifth ends at 9.875 s
    assert limits.reason(FALLING[:4], spent=8.1) == "time budget used up"  # … at 10.125 s
    assert limits.reason(FALLING[:1], spent=6.0) == "time budget used up"


def adapt(updates: int, limits: Limits | None = None, signal: str = "scale") -> Adapted:
    torch.manual_seed(0)
    network = MZSRNetLR(num_feat=6, num_conv=3).double()
    image = torch.rand(1, 3, 31, 38, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    settings = Settings((updates,), Schedule(((0, 1e-2),)), Manner(SignalSettings(signal, crop=24), "gradient"))
    return adapt_carefully(network, image, Degradation(gaussian_kernel(1.5, 0.8, 0.4, size=9), 2), settings, 1, limits)


@pytest.mark.parametrize("signal", ["son", "scale"])
def test_an_adaptation_that_patience_ends_is_the_beginning_of_a_longer_one(signal: str) -> None:
    ended, whole = adapt(60, Limits(patience=4), signal), adapt(60, None, signal)
    marks, made = whole.held_out, len(ended.held_out) - 1
    waited = [n - marks.index(min(marks[: n + 1])) for n in range(61)]
    assert made == next((n for n in range(61) if waited[n] == 4), 60)
    assert ended.held_out == marks[: made + 1] and ended.losses == whole.losses[: made + 1]
    short = adapt(made, None, signal)
    assert short.kept == ended.kept
    assert all(torch.equal(short.params[name], value) for name, value in ended.params.items())
    assert whole.stopped == "all updates made"
    assert ended.stopped == (
        whole.stopped if made == 60 else f"held-out loss stopped falling after {made - 4} update{'s' * (made != 5)}"
    )


def test_the_clock_ends_it_whatever_the_marks_say(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(100))
    monkeypatch.setattr(careful, "seconds_now", lambda device: float(next(ticks)))  # a second for each update
    found = adapt(50, Limits(seconds=7))
    assert (len(found.losses) - 1, found.stopped) == (6, "time budget used up")
    assert len(found.held_out) == 7


def test_a_listener_hears_of_each_update_of_its_block_alone() -> None:
    made: list[int] = []
    with heard(made.append):
        Limits().reason([1.0], 0)
        Limits(patience=1).reason([1.0, 2.0, 3.0], 0)
    Limits().reason([1.0, 0.5], 0)
    assert made == [0, 2]
