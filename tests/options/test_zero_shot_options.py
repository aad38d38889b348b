"""`val.zero_shot`: signal, rule and rates, by the option file and by the weights; what does not go together is refused."""

import pytest
import torch

from mzsr_basicsr.adaptation.settings import Manner, Schedule, Settings
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.strict import parse
from mzsr_basicsr.options.zero_shot import ZeroShotOptions, zero_shot_settings
from mzsr_basicsr.signals import SignalSettings

RATES = torch.full((3, 4), 0.01)
OWN = Manner(SignalSettings("scale", crop=64), "orthogonal")
PAPER = Schedule(((0, 2e-2), (1, 1e-2), (4, 5e-3)))


def settings(values: dict, learned: torch.Tensor | None = RATES, own: Manner | None = OWN) -> Settings:
    return zero_shot_settings(parse(ZeroShotOptions, "val.zero_shot", values), learned, own)


def test_nothing_given_is_the_papers_whatever_the_weights_were_trained_for() -> None:
    for own in (None, Manner(), OWN):
        found = settings({}, RATES, own)
        assert found.manner == Manner() and found.schedule == PAPER


def test_learned_rates_bring_their_manner() -> None:
    found = settings({"rates": "learned"})
    assert found.manner == OWN and found.schedule.learned is RATES
    assert settings({"rates": "learned"}, own=None).manner == Manner()
    assert settings({"rates": "learned", "rule": "orthogonal"}).manner == OWN


def test_a_signal_that_is_given_counts() -> None:
    assert settings({"rates": "learned", "signal": "son"}).manner == Manner(SignalSettings("son"), "orthogonal")
    given = {"type": "mixed", "shares": [0.3, "7e-1"], "shrink": [0.5, 1.0], "crop": 0, "refresh": 3}
    assert settings({"signal": given}).manner == Manner(SignalSettings("mixed", (0.3, 0.7), (0.5, 1.0), 0, 3))
    assert settings({"signal": "scale"}).manner.signal == SignalSettings("scale", (0.5, 0.5), None, 128, 0)


def test_all_signals_but_the_son_are_followed_carefully() -> None:
    assert settings({"signal": "scale"}).careful and settings({"rates": "learned"}).careful
    assert not settings({}).careful and not settings({"rates": "learned", "careful": False}).careful
    assert settings({"careful": True}).careful


def test_a_rule_has_rates_that_suit_it() -> None:
    found = settings({"rule": "orthogonal"})
    assert found.manner.rule == "orthogonal" and found.schedule == Schedule(((0, 5e-3),))
    given = settings({"rule": "orthogonal", "rates": [[0, 0.1], [3, "1e-2"]]})
    assert given.schedule == Schedule(((0, 0.1), (3, 0.01)))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"signal": "scal"}, r"^zero_shot.signal: 'scal' is not registered; did you mean `scale`\?$"),
        ({"signal": {"type": "zzz"}}, r"^zero_shot.signal.type: 'zzz' is not registered; known: mixed, "),
        ({"signal": {"type": "scale", "shrink": [0.9, 0.6]}}, r"^zero_shot.signal.shrink: \[0.9, 0.6\] must be \[smallest, largest\]"),
        ({"signal": {"type": "scale", "shrink": [0.6, 1.2]}}, r"^zero_shot.signal.shrink: \[0.6, 1.2\] must be"),
        ({"signal": {"type": "mixed", "shares": [0, 0]}}, r"^zero_shot.signal.shares: \[0.0, 0.0\]; one of them must be above 0$"),
        ({"signal": {"type": "scale", "refesh": 1}}, r"^val.zero_shot.signal.refesh: unknown key; did you mean `refresh`\?$"),
        ({"signal": {"crop": 12}}, r"^val.zero_shot.signal.type: required key is missing"),
        ({"signal": 3}, r"^val.zero_shot.signal: 3: Expected `str \| object \| null`, got `int`$"),
        ({"rule": "gradeint"}, r"^zero_shot.rule: 'gradeint' is not registered; did you mean `gradient`\?$"),
        ({"rates": "learned", "rule": "gradient"}, r"^zero_shot.rule: gradient, but the rates were learned for orthogonal; give rates of its own$"),
        ({"rates": "learned", "early_stop": 3}, r"^val.zero_shot.early_stop: 3 compares losses, .* signal scale .*; give 0, or signal: son$"),
        ({"signal": "mixed", "early_stop": 1}, r"^val.zero_shot.early_stop: 1 compares losses"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_said_in_a_line(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        settings(values)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("learned", [None, torch.zeros(0, 4)])
def test_rates_that_are_not_there_cannot_be_used(learned: torch.Tensor | None) -> None:
    with pytest.raises(ConfigError, match="^zero_shot.rates: `learned`, but the weights hold no rates"):
        settings({"rates": "learned"}, learned)


def test_early_stop_goes_with_the_son() -> None:
    assert settings({"rates": "learned", "signal": "son", "early_stop": 3}).early_stop == 3
