"""The family of meta-learners: names for four choices each, and which choices do not go together.

What a task learns from, the signal, is chosen beside them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Rates = Literal["fixed", "tensor", "element"]  # one for all; learned, one a step and tensor; learned, one an element


@dataclass(frozen=True)
class Choices:
    """Four choices.

    Attributes:
        start: where a task starts from, a key of `STARTS`.
        rule: how a step is made, a key of `RULES`.
        scope: which parameters move, a key of `SCOPES`, or patterns of names.
        outer: how the outer level learns from it, a key of `OUTERS`.
        rates: which inner rates there are.

    Example:
        >>> LEARNERS["anil"]
        Choices(start='shared', rule='gradient', scope='head', outer='second_order', rates='fixed')
        >>> Choices(outer="first_order") == LEARNERS["fomaml"]
        True
    """

    start: str = "shared"
    rule: str = "gradient"
    scope: str | tuple[str, ...] = "all"
    outer: str = "second_order"
    rates: Rates = "fixed"


LEARNERS: dict[str, Choices] = {
    "maml": Choices(),
    "fomaml": Choices(outer="first_order"),
    "reptile": Choices(outer="reptile"),
    "anil": Choices(scope="head"),
    "lslr": Choices(rule="learned_rates", rates="tensor"),
    "meta_sgd": Choices(rule="learned_rates", rates="element"),
    "lstm": Choices(rule="lstm", outer="first_order"),
    "memory": Choices(start="memory", scope="modulation"),
    "memory_maml": Choices(start="memory", rule="learned_rates", rates="tensor"),
    "metanet": Choices(start="hypernetwork", scope="modulation"),
    "experts": Choices(start="experts", rule="learned_rates", rates="tensor"),
    "transfer": Choices(outer="none"),
}

LINEAR = {"gradient", "learned_rates"}  # rules that second order differentiates
_STRAIGHT = "differentiates through the steps, and those of the rule {rule} are taken as constants"
_TOWARDS = "moves the start towards the adapted parameters, and says nothing of rates or rules; learn them by order"


def _second_order(c: Choices) -> str:
    if c.rule in LINEAR:
        return ""
    return f"{_STRAIGHT.format(rule=c.rule)}; give outer: first_order, or rule: gradient"


def _reptile(c: Choices) -> str:
    if c.rates != "fixed" or c.rule == "lstm":
        return f"{_TOWARDS}: outer: first_order or second_order"
    if c.scope == "modulation" and c.start not in ("memory", "hypernetwork"):
        return "moves the start towards the adapted parameters, and gains are none of the network's; give scope: all"
    return ""


def _none(c: Choices) -> str:
    if c.rates != "fixed" or c.rule == "lstm":
        return "makes no step in training, so that rates and rules learn nothing; give rule: gradient, or another outer"
    return ""


_JUDGES: dict[str, Callable[[Choices], str]] = {"second_order": _second_order, "reptile": _reptile, "none": _none}


def refused(choices: Choices) -> str:
    """Say why an outer level does not go with the other choices; empty where it does."""
    return _JUDGES.get(choices.outer, lambda _: "")(choices)
