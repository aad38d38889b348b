"""DegradedPairDataset: LR/HR patch pairs made on the fly, for stage 1 with SRModel (paper, section 3.2)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mzsr_basicsr.data.task_set import TaskSet
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.options.datasets import PairDatasetOptions
from mzsr_basicsr.options.strict import parse


class DegradedPairDataset(TaskSet[PairDatasetOptions]):
    """Draw an HR patch and degrade it with one fixed kernel; the default is plain "bicubic".

    An item holds `gt` (3, gt_size, gt_size) and `lq` (3, ceil(gt_size / s), ceil(gt_size / s)), RGB in [0, 1].

    Args:
        opt: `datasets.train`, see `PairDatasetOptions`.
    """

    def __init__(self, opt: Mapping[str, Any]) -> None:
        super().__init__(opt, parse(PairDatasetOptions, "datasets.train", opt))
        o = self.options
        self.degradation = Degradation(o.kernel, o.scale, o.subsampling, o.noise_sigma)

    def draw(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draw one pair."""
        o = self.options
        index = int(torch.randint(len(self.photos), (), generator=generator))
        gt = self.patch(index, o.gt_size, generator)
        return {"gt": gt, "lq": self.degradation.apply(gt, generator)}
