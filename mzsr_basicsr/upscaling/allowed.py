"""What the choices of an upscaling may be, and the refusal of all else."""

import math
from numbers import Integral, Real

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.upscaling.quality import Effort

PRECISIONS = ("auto", "float32", "bfloat16")
SIGNALS = ("auto", "son", "scale", "mixed")  # what the updates may learn from; Python takes any registered name too


def check_effort(effort: Effort) -> None:
    """Refuse an effort beyond what anybody may ask for.

    Raises:
        ConfigError: naming it.
    """
    whole("updates", effort.updates, 0, 10000)
    whole("back-projection", effort.back_projection, 0, 100)
    between("time-budget", effort.time_budget, 0, 10**6)


def check_signal(name: str) -> None:
    """Refuse a signal that nobody has registered; what is shipped loads nothing.

    Raises:
        ConfigError: naming it, and those that are allowed.
    """
    if name in SIGNALS:
        return
    from mzsr_basicsr.signals import SIGNALS as registered

    if name not in registered:
        raise ConfigError(f"signal: {name!r} is not registered; allowed: auto, {', '.join(registered)}")


def check_nodata(value: float | None) -> None:
    """Refuse a value of no data that is no number; NaN and infinite ones pass.

    Raises:
        ConfigError: naming it.
    """
    if value is not None and (isinstance(value, bool) or not isinstance(value, Real)):
        raise ConfigError(f"nodata: {value!r} must be a number, the value that stands for no data")


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse what is none of the words that are allowed.

    Raises:
        ConfigError: naming it and them.
    """
    if value not in allowed:
        raise ConfigError(f"{name}: {value!r}; allowed: {', '.join(allowed)}")


def whole(name: str, value: int, low: int, high: int) -> None:
    """Refuse what is no whole number from `low` to `high`.

    Raises:
        ConfigError: naming it.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ConfigError(f"{name}: {value!r} must be a whole number from {low} to {high}")
    between(name, int(value), low, high)


def between(name: str, value: float, low: float, high: float) -> None:
    """Refuse what is no number from `low` to `high`.

    Raises:
        ConfigError: naming it.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ConfigError(f"{name}: {value!r} must be a number from {low} to {high}")
    if not low <= value <= high:
        raise ConfigError(f"{name}: {value:g} must be from {low} to {high}")
