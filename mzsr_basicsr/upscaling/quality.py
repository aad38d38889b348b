"""How much is done for an image: what `--quality` chooses, in the place of what nobody chose himself.

The numbers were found on parts of Set14 by `benchmarks/quality.py` and by what it is made of, see docs/upscale.md.
"""

from dataclasses import dataclass

NOISY = 2.0  # σ in levels of 0 to 255; above it the quality chooses no back-projection, which adds noise to noise


@dataclass(frozen=True)
class Effort:
    """What an image is worth.

    Attributes:
        updates: gradient updates, at most.
        patience: end after so many updates that do not serve the held-out part better; 0: make all.
        time_budget: seconds that an adaptation may take; 0 for any.
        back_projection: rounds.
        self_ensemble: average over flips and transposes.
    """

    updates: int
    patience: int = 0
    time_budget: float = 0.0
    back_projection: int = 0
    self_ensemble: bool = False


QUALITIES = {
    "fast": Effort(updates=0),
    "normal": Effort(updates=10),
    "best": Effort(updates=100, patience=20, time_budget=60.0, back_projection=2, self_ensemble=True),
}
