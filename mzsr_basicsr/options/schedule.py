"""Strict records of `train.scheduler`, and what one key alone does not show; the schedulers are BasicSR's."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.datasets import Count, Natural, NotNegative, Positive, Record
from mzsr_basicsr.options.strict import nearest, parse


class MultiStepOptions(Record, frozen=True, kw_only=True):
    """`MultiStepLR`: the rate is multiplied by `gamma` at each milestone; restarts set it anew."""

    type: Literal["MultiStepLR", "MultiStepRestartLR"]
    milestones: list[Natural]
    gamma: Positive = 0.1
    restarts: tuple[Natural, ...] = (0,)
    restart_weights: tuple[NotNegative, ...] = (1.0,)


class CosineOptions(Record, frozen=True, kw_only=True):
    """`CosineAnnealingRestartLR`: the rate falls along a cosine to `eta_min`, once for each period."""

    type: Literal["CosineAnnealingRestartLR"]
    periods: tuple[Count, ...]
    restart_weights: tuple[NotNegative, ...] = (1.0,)
    eta_min: NotNegative = 0.0


_RECORDS: Mapping[str, type[MultiStepOptions] | type[CosineOptions]] = {
    "MultiStepLR": MultiStepOptions,
    "MultiStepRestartLR": MultiStepOptions,
    "CosineAnnealingRestartLR": CosineOptions,
}


def check_schedule(scheduler: Mapping[str, Any], total_iter: int) -> None:
    """Refuse a schedule that BasicSR would fail on, at its start or where it ends before the training does.

    Args:
        scheduler: the section `train.scheduler`.
        total_iter: iterations of the training.

    Raises:
        ConfigError: naming the key.
    """
    kind = str(scheduler.get("type"))
    if kind not in _RECORDS:
        raise ConfigError(f"train.scheduler.type: {kind!r} is not registered; {nearest(kind, list(_RECORDS))}")
    options = parse(_RECORDS[kind], "train.scheduler", scheduler)
    parts, name = (options.periods, "periods") if isinstance(options, CosineOptions) else (options.restarts, "restarts")
    if len(options.restart_weights) != len(parts):
        raise ConfigError(
            f"train.scheduler.restart_weights: {len(options.restart_weights)} for {len(parts)} {name}; "
            "give one for each"
        )
    if isinstance(options, CosineOptions):
        check_periods(options.periods, total_iter)


def check_periods(periods: Sequence[int], total_iter: int, whose: str = "") -> None:
    """Refuse a cosine schedule that ends before the training.

    Raises:
        ConfigError: naming the key.
    """
    if sum(periods) < total_iter:
        raise ConfigError(
            f"train.scheduler.periods: {list(periods)}{whose} end after {sum(periods)} iterations, train.total_iter is "
            f"{total_iter}; they must sum to {total_iter} or more"
        )
