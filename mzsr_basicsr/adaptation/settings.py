"""How one image is adapted to: the learning rate of each update, and what is done beside the updates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta.inner import spread
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.signals.scene import SignalSettings

USUAL = {"gradient": ((0, 2e-2), (1, 1e-2), (4, 5e-3)), "orthogonal": ((0, 5e-3),), "adam": ((0, 3e-4),)}  # by rule


@dataclass(frozen=True)
class Manner:
    """How updates are made: what weights were meta-trained for, and are adapted by.

    Attributes:
        signal: what is learned from.
        rule: how a step is made of a gradient, a key of `meta.rules.RULES`.

    Example:
        >>> from mzsr_basicsr.signals import SignalSettings
        >>> Manner().signal.name, Manner().rule
        ('son', 'gradient')
        >>> Manner(SignalSettings("scale"), rule="adam").signal.wavers  # every update has other pairs
        True
    """

    signal: SignalSettings = field(default_factory=SignalSettings)
    rule: str = "gradient"


@dataclass(frozen=True)
class Schedule:
    """The learning rate of each update.

    Attributes:
        steps: (first update it holds for, rate) in rising order, the first for update 0.
        learned: (updates, tensors that move), meta-trained rates, or (updates, their elements); they take the place of
            `steps`. Updates beyond the last row use that row.

    Example:
        >>> import torch
        >>> schedule = Schedule(((0, 0.02), (1, 0.01)))
        >>> schedule.at(0, tensors=2), schedule.at(7, tensors=2)
        ([0.02, 0.02], [0.01, 0.01])
        >>> learned = Schedule(learned=torch.tensor([[0.5, 0.25]]))  # one update, two tensors
        >>> learned.of(7, [torch.zeros(3), torch.zeros(4)])
        [0.5, 0.25]
    """

    steps: tuple[tuple[int, float], ...] = ((0, 2e-2), (1, 1e-2), (4, 5e-3))
    learned: Tensor | None = None

    def __post_init__(self) -> None:
        starts = [start for start, _ in self.steps]
        if not starts or starts[0] != 0 or sorted(set(starts)) != starts:
            raise ConfigError(
                f"val.zero_shot.rates: {self.steps}; give [first update, rate] pairs, rising from update 0"
            )

    def at(self, update: int, tensors: int) -> list[float]:
        """Give the rate of each of the tensors that move for one update, counted from 0."""
        if self.learned is not None:
            row: list[float] = self.learned[min(update, len(self.learned) - 1)].tolist()
            return row
        return [[rate for start, rate in self.steps if start <= update][-1]] * tensors

    def of(self, update: int, values: Sequence[Tensor]) -> Sequence[float | Tensor]:
        """Give the rates of tensors for one update: one for each, or one for each of their elements."""
        if self.learned is None or self.learned.shape[1] == len(values):
            return self.at(update, len(values))
        return spread(self.learned[min(update, len(self.learned) - 1)].to(values[0]), values)


@dataclass(frozen=True)
class Settings:
    """How one image is adapted to and super-resolved.

    Attributes:
        updates: after how many updates a result is wanted; all are taken from one pass.
        schedule: learning rates.
        manner: what is learned from, and how a step is made.
        son_noise: σ of further noise added to the son, in [0, 1] intensity.
        quantize_son: round the son, and other LR images that are learned from, to 8 bits, as the image itself was.
        back_projection: rounds of back-projection of the result.
        self_ensemble: average over the flips and transposes that leave the kernel as it is.
        early_stop: give the parameters of the lowest loss so far, and stop after so many updates in a row without a
            lower one; 0 gives the last parameters and never stops. Only the son's losses can be compared so.
        seed: of all chance.
        careful: hold a part of the image out, and give the parameters that serve it best; see `careful`.
        learner: where adaptation starts, which parameters move and, where it is learned, the rule; None for all of the
            network's own.
        shared: inputs of the network that are one for all parts of the image; None where it is not cut into parts.

    Example:
        >>> settings = Settings(updates=(0, 5), schedule=Schedule(((0, 0.01),)), self_ensemble=True)
        >>> settings.schedule.at(0, tensors=1), settings.manner.signal.name, settings.manner.rule
        ([0.01], 'son', 'gradient')
        >>> Settings(updates=())
        Traceback (most recent call last):
        mzsr_basicsr.errors.ConfigError: val.zero_shot.updates: []; give one or more numbers of updates, as [0, 1, 10]
    """

    updates: tuple[int, ...] = (0, 1, 10)
    schedule: Schedule = field(default_factory=Schedule)
    manner: Manner = field(default_factory=Manner)
    son_noise: float = 0.0
    quantize_son: bool = False
    back_projection: int = 0
    self_ensemble: bool = False
    early_stop: int = 0
    seed: int = 0
    careful: bool = False
    learner: MetaLearner | None = None
    shared: Mapping[str, Tensor] | None = None

    def __post_init__(self) -> None:
        if not self.updates or min(self.updates) < 0:
            raise ConfigError(
                f"val.zero_shot.updates: {list(self.updates)}; give one or more numbers of updates, as [0, 1, 10]"
            )
        if self.early_stop and self.manner.signal.wavers:
            raise ConfigError(
                f"val.zero_shot.early_stop: {self.early_stop} compares losses, and those of the signal "
                f"{self.manner.signal.name} are of other pairs in every update; give 0, or signal: son"
            )


def usual_schedule(rule: str) -> Schedule:
    """Give the rates that suit a rule where none were learned."""
    return Schedule(USUAL.get(rule, USUAL["gradient"]))
