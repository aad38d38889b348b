"""`val.zero_shot`, the meta-test (paper, section 3.4), and what training and test share of it: signal and rule."""

from typing import Literal

from torch import Tensor

from mzsr_basicsr.adaptation.settings import Manner, Schedule, Settings, usual_schedule
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.meta.rules import RULES
from mzsr_basicsr.options.datasets import Natural, NotNegative, Positive, Record, Share
from mzsr_basicsr.options.strict import check_name
from mzsr_basicsr.signals import SIGNALS, SignalSettings


class SignalOptions(Record, frozen=True, kw_only=True):
    """`signal`, where its name alone does not say all; see `signals.SignalSettings`."""

    type: str
    shares: tuple[Share, Share] = (0.5, 0.5)
    shrink: tuple[Positive, Positive] | None = None
    crop: Natural = 128
    refresh: Natural = 0


class ZeroShotOptions(Record, frozen=True, kw_only=True):
    """`val.zero_shot`: the meta-test.

    Where the rates are `learned`, a signal or rule that is not given is that of the weights file; else it is the
    paper's: the son, plain gradient descent.
    """

    updates: tuple[Natural, ...] = (0, 1, 10)
    rates: tuple[tuple[Natural, Positive], ...] | Literal["learned"] | None = None
    signal: str | SignalOptions | None = None
    rule: str | None = None
    noise: NotNegative = 0.0
    son_noise: NotNegative = 0.0
    quantize_son: bool = False
    back_projection: Natural = 0
    self_ensemble: bool = False
    early_stop: Natural = 0
    seed: Natural = 0
    careful: bool | None = None  # None: yes, but for the son


def signal_settings(signal: str | SignalOptions, key: str) -> SignalSettings:
    """Make the settings of a signal.

    Raises:
        ConfigError: it is unknown, or a range is upside down; it names the key.
    """
    o = SignalOptions(type=signal) if isinstance(signal, str) else signal
    check_name(key if isinstance(signal, str) else f"{key}.type", o.type, SIGNALS)
    if o.shrink is not None and not o.shrink[0] <= o.shrink[1] <= 1:
        raise ConfigError(f"{key}.shrink: {list(o.shrink)} must be [smallest, largest], both above 0 and at most 1")
    if not sum(o.shares):
        raise ConfigError(f"{key}.shares: {list(o.shares)}; one of them must be above 0")
    return SignalSettings(o.type, o.shares, o.shrink, o.crop, o.refresh)


def manner_settings(signal: str | SignalOptions, rule: str, key: str) -> Manner:
    """Make the manner of updates of a section.

    Raises:
        ConfigError: a name is unknown; it names the key.
    """
    check_name(f"{key}.rule", rule, RULES)
    return Manner(signal_settings(signal, f"{key}.signal"), rule)


def zero_shot_settings(
    options: ZeroShotOptions, learned: Tensor | None, own: Manner | None = None, learner: MetaLearner | None = None
) -> Settings:
    """Make the settings of the zero-shot test.

    Args:
        options: of the option file.
        learned: (updates, parameter tensors), the rates of the weights file, if it has any.
        own: the manner that those were learned for.
        learner: of the weights file: its start, its scope and, where it is learned, its rule.

    Raises:
        ConfigError: the rates are to be `learned`, but there are none; a name is unknown; a rule that the weights
            file has not learned.
    """
    o = options
    if o.rates == "learned" and (learned is None or not len(learned)):
        raise ConfigError("zero_shot.rates: `learned`, but the weights hold no rates; give [update, rate] pairs")
    manner = own if own is not None and o.rates == "learned" else Manner()
    rule = manner.rule if o.rule is None else o.rule
    check_name("zero_shot.rule", rule, RULES)
    if rule == "lstm" and (own is None or own.rule != "lstm"):
        raise ConfigError("zero_shot.rule: lstm is a rule that is learned, and the weights file has none; give another")
    if rule == "lstm" and o.rates != "learned":
        raise ConfigError("zero_shot.rates: the rule lstm was trained with rates of its own; give rates: learned")
    signal = manner.signal if o.signal is None else signal_settings(o.signal, "zero_shot.signal")
    if o.rates == "learned":
        if own is not None and rule != own.rule:
            raise ConfigError(
                f"zero_shot.rule: {rule}, but the rates were learned for {own.rule}; give rates of its own"
            )
        schedule = Schedule(learned=learned)
    else:
        schedule = usual_schedule(rule) if o.rates is None else Schedule(tuple(o.rates))
    careful = signal.wavers if o.careful is None else o.careful
    extras = (o.son_noise, o.quantize_son, o.back_projection, o.self_ensemble, o.early_stop, o.seed, careful)
    return Settings(tuple(o.updates), schedule, Manner(signal, rule), *extras, learner=learner)
