"""KernelMetaDataset: one item is one task of meta-transfer learning, that is one blur kernel (paper, section 3.3)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mzsr_basicsr.data.task_kernels import TaskKernels
from mzsr_basicsr.data.task_set import TaskSet
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.datasets import MetaDatasetOptions, ValTaskOptions
from mzsr_basicsr.options.strict import parse

_KINDS: Mapping[str, tuple[str, type[MetaDatasetOptions]]] = {
    "train": ("datasets.train", MetaDatasetOptions),
    "val": ("datasets.val_tasks", ValTaskOptions),
}


class KernelMetaDataset(TaskSet[MetaDatasetOptions]):
    """Draw tasks: a kernel from the law p(k), a scale, and HR patches; the model degrades them on its device.

    An item holds `kernel`, `told_kernel` and `son_kernel` (k, k) float32 (what blurs, what the network is told, and
    what sons are made with: the told one where the task is blind, as at a test without the truth), `scale`,
    `noise_sigma` and `task` (scalars), and RGB patches in [0, 1]: external tasks `support_gt` (support, 3, gt_size,
    gt_size) and `query_gt` (query, 3, gt_size, gt_size), cut from different photographs; internal tasks one
    `image_gt` (1, 3, gt_size, gt_size), of which the model makes the LR image and its son: the support set is
    son -> LR, the query set LR -> HR, as at meta-test. `drawn` is the share of patches (external) or images (internal)
    that are drawn graphics instead.

    Args:
        opt: `datasets.train`, see `MetaDatasetOptions`, or `datasets.val_tasks`, see `ValTaskOptions`.
    """

    def __init__(self, opt: Mapping[str, Any]) -> None:
        phase = str(opt.get("phase", "train"))
        if phase.split("_")[0] not in _KINDS:
            raise ConfigError(f"datasets.{phase}: KernelMetaDataset is of trainings; test with a ZeroShotDataset")
        section, record = _KINDS[phase.split("_")[0]]
        super().__init__(opt, parse(record, section, opt), section)
        self.scales = self.options.scales or [self.options.scale]
        law, subsampling = self.options.kernel_law, self.options.subsampling
        self.laws = [TaskKernels(law, scale, subsampling, section) for scale in self.scales]
        if len(self.photos) < 2 and self.options.task == "external":
            raise ConfigError(f"{section}.dataroot_gt: external tasks need at least two photographs; add some")
        low, high = self.options.noise
        if low > high:
            raise ConfigError(f"{section}.noise: ({low}, {high}) must be (low, high) in [0, 1] intensity")

    def draw(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draw one task."""
        choice = int(torch.randint(len(self.scales), (), generator=generator))
        kernel, told = self.laws[choice].draw(generator)
        low, high = self.options.noise
        sigma = low + (high - low) * torch.rand((), generator=generator)
        if self.options.noisy < 1 and float(torch.rand((), generator=generator)) >= self.options.noisy:
            sigma = torch.zeros(())
        return {
            "kernel": kernel.float(),
            "told_kernel": told.float(),
            "son_kernel": (told if self.options.blind else kernel).float(),
            "scale": torch.tensor(self.scales[choice], dtype=torch.float64),
            "noise_sigma": sigma,
            **self._patches(generator),
        }

    def _patches(self, generator: torch.Generator) -> dict[str, Tensor]:
        if self.options.task == "internal":
            index = int(torch.randint(len(self.photos), (), generator=generator))
            return {"image_gt": self._cut([index], generator)}
        support, query = self._different_photos(generator)
        return {"support_gt": self._cut(support, generator), "query_gt": self._cut(query, generator)}

    def _different_photos(self, generator: torch.Generator) -> tuple[list[int], list[int]]:
        """Choose photographs without repetition; where there are too few, the two sets still share none."""
        support, query = self.options.support, self.options.query
        order = torch.randperm(len(self.photos), generator=generator).tolist()
        cut = min(max(round(len(order) * support / (support + query)), 1), len(order) - 1)
        cut = support if len(order) >= support + query else cut
        first, second = order[:cut], order[cut:]
        return [first[i % len(first)] for i in range(support)], [second[i % len(second)] for i in range(query)]

    def _cut(self, indices: list[int], generator: torch.Generator) -> Tensor:
        size = self.options.gt_size
        patches = [self.patch(index, size, generator) for index in indices]
        return torch.stack(patches) if patches else torch.zeros(0, 3, size, size)
