"""A memory of strategies: what is known of tasks, read by likeness, written one task at a time; nothing is in place.

A strategy is how far adaptation moved all parameters, one after the other. The keys are unit vectors, codes of a task
embedding. A fixed entry of strategy 0, "nothing known", stands beside what was learned, so that a memory that knows
nothing like a task leaves its start alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from mzsr_basicsr.meta.recall import SHARPNESS, similarities

UNLIKE = 0.85  # cosine; what is no more like a task than this is not asked. Chosen by benchmarks/memory.py
ALIKE = 0.95  # cosine; two tasks that are as near as this are one entry


@dataclass(frozen=True, eq=False)
class Store:
    """What is known, the oldest first.

    Attributes:
        keys: (M, d) unit vectors.
        strategies: (M, width).
        uses: (M,) int64, how many tasks were written to each.

    Example:
        >>> blurred, noisy = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])  # codes of two tasks
        >>> store = empty_store(size=2, width=3).written(blurred, torch.tensor([0.5, 0.0, 0.0]), limit=10)
        >>> strategy, nearness = store.read(blurred)
        >>> len(store), bool(strategy[0] > 0.3), nearness
        (1, True, 1.0)
        >>> store.read(noisy)  # nothing is known of tasks like this one
        (tensor([0., 0., 0.]), 0.0)
    """

    keys: Tensor
    strategies: Tensor
    uses: Tensor

    def __len__(self) -> int:
        return len(self.keys)

    def read(self, code: Tensor) -> tuple[Tensor, float]:
        """Recall what is known of tasks like one.

        Args:
            code: (d,) unit vector, of the task.

        Returns:
            (width,), Σ_m w_m strategy_m / (1 + Σ_m w_m) with w_m = max(0, exp(`SHARPNESS` (cos_m - `UNLIKE`)) - 1):
            a softmax over the cosines in which whatever lies below `UNLIKE` counts for nothing, however much there is
            of it. And the largest cosine, 0 where nothing is stored.
        """
        if not len(self):
            return torch.zeros(self.strategies.shape[1]), 0.0
        near = similarities(code, self.keys)
        weights = torch.expm1(SHARPNESS * (near - UNLIKE)).clamp_min(0)
        asked = weights > 0
        recalled = (weights[asked] / (1 + weights.sum())) @ self.strategies[asked].to(weights)
        return recalled, float(near.max())

    def written(self, code: Tensor, strategy: Tensor, limit: int) -> "Store":
        """Add what was learned of a task.

        Args:
            code: (d,) unit vector.
            strategy: (width,).
            limit: entries that are kept, at least 1.

        Returns:
            Where the nearest entry lies within `ALIKE`, the store with the mean of all that was written to it in its
            place; else with one entry more, and where that is too many, without the least used of the others, of
            several the oldest.
        """
        near = similarities(code, self.keys) if len(self) else code.new_zeros(0)
        if len(self) and float(near.max()) >= ALIKE:
            return self._averaged(int(near.argmax()), code, strategy)
        kept = self
        while len(kept) >= limit:
            kept = kept._without(int(kept.uses.argmin()))  # of several, argmin gives the first
        return Store(
            torch.cat([kept.keys, code[None].to(kept.keys)]),
            torch.cat([kept.strategies, strategy[None].to(kept.strategies)]),
            torch.cat([kept.uses, kept.uses.new_ones(1)]),
        )

    def _averaged(self, entry: int, code: Tensor, strategy: Tensor) -> "Store":
        keys, strategies, uses = self.keys.clone(), self.strategies.clone(), self.uses.clone()
        share = 1 / (int(uses[entry]) + 1)
        keys[entry] = torch.nn.functional.normalize(torch.lerp(keys[entry], code.to(keys), share), dim=0)
        strategies[entry] = torch.lerp(strategies[entry].to(strategy), strategy, share).to(strategies)
        uses[entry] += 1
        return Store(keys, strategies, uses)

    def _without(self, entry: int) -> "Store":
        others = torch.arange(len(self)) != entry
        return Store(self.keys[others], self.strategies[others], self.uses[others])


def empty_store(size: int, width: int) -> Store:
    """Make a store that knows nothing, of codes (size,) and strategies (width,); these are held in half precision.

    Example:
        >>> store = empty_store(size=2, width=3)
        >>> len(store), store.read(torch.tensor([1.0, 0.0]))
        (0, (tensor([0., 0., 0.]), 0.0))
    """
    return Store(torch.zeros(0, size), torch.zeros(0, width, dtype=torch.float16), torch.zeros(0, dtype=torch.int64))


def strategy_of(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> Tensor:
    """Say how far parameters moved: (width,) float32 on the CPU, tensor after tensor in the order of `before`.

    Example:
        >>> strategy_of({"w": torch.tensor([1.0, 2.0])}, {"w": torch.tensor([1.5, 2.0])})
        tensor([0.5000, 0.0000])
    """
    return torch.cat([(after[name] - value).detach().float().cpu().flatten() for name, value in before.items()])


def followed(params: Mapping[str, Tensor], strategy: Tensor) -> dict[str, Tensor]:
    """Move parameters as a strategy (width,) says.

    Example:
        >>> followed({"w": torch.tensor([1.0, 2.0])}, torch.tensor([0.5, 0.0]))
        {'w': tensor([1.5000, 2.0000])}
    """
    parts = strategy.split([value.numel() for value in params.values()])
    moves = zip(params.items(), parts, strict=True)
    return {name: value + part.to(value).reshape(value.shape) for (name, value), part in moves}
