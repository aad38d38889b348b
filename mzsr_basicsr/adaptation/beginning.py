"""Where an adaptation begins: with the parameters that are given, or with what a memory makes of them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mzsr_basicsr.adaptation.decision import promised
from mzsr_basicsr.adaptation.exam import Exam
from mzsr_basicsr.meta.modulation import GAIN
from mzsr_basicsr.meta.store import followed
from mzsr_basicsr.meta.task import Params


@dataclass(frozen=True)
class Beginning:
    """What is adapted.

    Attributes:
        own: the parameters without a memory.
        start: what is adapted: its own, or a memory's.
        safe: what is kept where no update serves: the start, or its own.
        alone: the held-out loss of its own, where a memory was asked.
    """

    own: Params
    start: Params
    safe: Params
    alone: float | None = None

    def marks(self, marks: list[float]) -> list[float]:
        """Put the mark that all gains are measured from before those of the updates."""
        return marks if self.alone is None else [self.alone, *marks]

    def recalled(self, kept: int) -> bool:
        """Tell whether what is kept after so many updates came from the memory."""
        return self.start is not self.own and (kept > 0 or self.safe is self.start)


def choose_beginning(exam: Exam, own: Params, strategy: Tensor | None, least: float) -> Beginning:
    """Begin with what a memory gives where the held-out part is served better so.

    Args:
        exam: of the held-out part.
        own: parameters.
        strategy: the memory's, see `meta.store`; None for none.
        least: the promise over its own, dB, from which the memory's are kept without an update that serves.
    """
    if strategy is None:
        return Beginning(own, own, own)
    remembered = followed(own, strategy)
    marks = [exam.mark(own), exam.mark(remembered)]
    if not marks[1] < marks[0]:  # never true of NaN
        return Beginning(own, own, own, marks[0])
    return Beginning(own, remembered, remembered if promised(marks) >= least else own, marks[0])


def with_gains_of(params: Params, others: Params) -> Params:
    """Give parameters gains of 1 where others have gains."""
    return {n: torch.ones_like(value) if n.endswith(GAIN) else params[n] for n, value in others.items()}
