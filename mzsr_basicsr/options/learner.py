"""`train.meta`: which meta-learner is trained (paper, section 3.3; the family: `meta.family`)."""

from dataclasses import replace
from typing import Literal

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta.family import LEARNERS, Choices, Rates, refused
from mzsr_basicsr.meta.outer import OUTERS
from mzsr_basicsr.meta.rules import RULES
from mzsr_basicsr.meta.scopes import SCOPES
from mzsr_basicsr.meta.starts import STARTS
from mzsr_basicsr.options.datasets import Count, Natural, Positive, Record, Share
from mzsr_basicsr.options.strict import check_name
from mzsr_basicsr.options.zero_shot import SignalOptions

_BY_ORDER = {1: "first_order", 2: "second_order"}


class StartOptions(Record, frozen=True, kw_only=True):
    """`start`, where its name alone does not say all."""

    type: str
    embedding: str = "shipped:task_embedding"
    clusters: str | None = None  # of `experts`, a file of `mzsr tasks cluster`
    size: Count = 32  # entries of `memory`
    hidden: Count = 64  # of `hypernetwork`


class RuleOptions(Record, frozen=True, kw_only=True):
    """`rule`, where its name alone does not say all."""

    type: str
    per: Literal["tensor", "element"] = "tensor"  # of `learned_rates`
    hidden: Count = 8  # of `lstm`


class MetaOptions(Record, frozen=True, kw_only=True):
    """`train.meta`: a meta-learner by its name, what it learns from, and choices that differ from those of the name."""

    learner: str = "maml"
    signal: str | SignalOptions = "son"
    start: str | StartOptions | None = None
    rule: str | RuleOptions | None = None
    scope: str | tuple[str, ...] | None = None
    outer: str | None = None
    inner_steps: Natural = 5
    inner_rate: Positive = 1e-2
    learn_rates: bool | None = None
    rates_lr: Positive = 1e-3
    learner_lr: Positive = 1e-3
    order: Literal[1, 2] | None = None
    order_from: Natural = 0
    recompute: bool = False
    truncate: Natural = 0
    loss_weights: Literal["uniform", "annealed", "last"] = "uniform"
    before: Share = 0.0

    def steps(self) -> int:
        """Give the inner steps that training makes."""
        return 0 if choices_of(self).outer == "none" else self.inner_steps

    def start_options(self) -> StartOptions:
        """Give the start with its arguments."""
        given = choices_of(self).start if self.start is None else self.start
        return StartOptions(type=given) if isinstance(given, str) else given

    def rule_options(self) -> RuleOptions:
        """Give the rule with its arguments."""
        own = LEARNERS[self.learner]
        if self.rule is None:
            return RuleOptions(type=own.rule, per="element" if own.rates == "element" else "tensor")
        return RuleOptions(type=self.rule) if isinstance(self.rule, str) else self.rule


def choices_of(meta: MetaOptions) -> Choices:
    """Give the four choices of a training.

    Raises:
        ConfigError: a name is unknown, or choices do not go together; it names the key and the reason.
    """
    check_name("train.meta.learner", meta.learner, LEARNERS)
    own, rule = LEARNERS[meta.learner], meta.rule_options()
    start = own.start if meta.start is None else meta.start if isinstance(meta.start, str) else meta.start.type
    scope = own.scope if meta.scope is None else meta.scope
    chosen = replace(own, start=start, rule=rule.type, scope=scope, outer=_outer(meta, own.outer))
    for key, name, registry in (("start", start, STARTS), ("rule", rule.type, RULES), ("outer", chosen.outer, OUTERS)):
        check_name(f"train.meta.{key}", name, registry)
    if isinstance(scope, str):
        check_name("train.meta.scope", scope, SCOPES)
    chosen = replace(chosen, rates=_rates(meta, rule))
    why = refused(chosen)
    if why and meta.inner_steps:
        raise ConfigError(f"train.meta.outer: {chosen.outer} {why}")
    return chosen


def _outer(meta: MetaOptions, own: str) -> str:
    """Choose the outer level: by its name, or in the older way by its order."""
    asked = own if meta.outer is None else meta.outer
    if meta.order is None:
        return asked
    if meta.outer is None and own in _BY_ORDER.values():
        return _BY_ORDER[meta.order]
    if asked != _BY_ORDER[meta.order]:
        raise ConfigError(f"train.meta.order: {meta.order} is not that of outer: {asked}; leave it out")
    return asked


def _rates(meta: MetaOptions, rule: RuleOptions) -> Rates:
    """Tell which rates there are."""
    learned = rule.type == "learned_rates"
    if learned and meta.learn_rates is False:
        raise ConfigError("train.meta.learn_rates: false, but the rule is learned_rates; give rule: gradient")
    return rule.per if learned or meta.learn_rates else "fixed"
