"""How one image is adapted to: the learning rate of each update, and what is done beside the updates."""

from dataclasses import dataclass, field

from torch import Tensor

from mzsr_basicsr.errors import ConfigError


@dataclass(frozen=True)
class Schedule:
    """The learning rate of each update.

    Attributes:
        steps: (first update it holds for, rate) in rising order, the first for update 0.
        learned: (updates, parameter tensors), meta-trained rates; they take the place of `steps`. Updates beyond
            the last row use that row.
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
        """Give the rate of each of the network's parameter tensors for one update, counted from 0."""
        if self.learned is not None:
            row: list[float] = self.learned[min(update, len(self.learned) - 1)].tolist()
            return row
        return [[rate for start, rate in self.steps if start <= update][-1]] * tensors


@dataclass(frozen=True)
class Settings:
    """How one image is adapted to and super-resolved.

    Attributes:
        updates: after how many updates a result is wanted; all are taken from one pass.
        schedule: learning rates.
        son_noise: σ of further noise added to the son, in [0, 1] intensity.
        quantize_son: round the son to 8 bits, as the image itself was.
        back_projection: rounds of back-projection of the result.
        self_ensemble: average over the flips and transposes that leave the kernel as it is.
        early_stop: give the parameters of the lowest loss so far, and stop after so many updates in a row without a
            lower one; 0 gives the last parameters and never stops.
        seed: of the son's noise.
    """

    updates: tuple[int, ...] = (0, 1, 10)
    schedule: Schedule = field(default_factory=Schedule)
    son_noise: float = 0.0
    quantize_son: bool = False
    back_projection: int = 0
    self_ensemble: bool = False
    early_stop: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.updates or min(self.updates) < 0:
            raise ConfigError(
                f"val.zero_shot.updates: {list(self.updates)}; give one or more numbers of updates, as [0, 1, 10]"
            )
