"""TaskViewsDataset: a few tasks with two views of each, to train TaskEmbedding."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import torch
from torch import Tensor

from mzsr_basicsr.data.drawn.graphic import KINDS, draw_graphic
from mzsr_basicsr.data.photos import random_patch
from mzsr_basicsr.data.task_kernels import TaskKernels, at_scale
from mzsr_basicsr.data.task_set import TaskSet
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta.embedding import code_of, packed
from mzsr_basicsr.options.datasets import TaskViewsOptions
from mzsr_basicsr.options.strict import parse

_WEIGHTS = torch.tensor([float(kind.weight) for kind in KINDS.values()])
_SHEET = 2  # sides of a patch that a sheet of drawn graphics has


class TaskViewsDataset(TaskSet[TaskViewsOptions]):
    """Draw kernels and contents; each content with each kernel is a task, and two draws of a task are its views.

    Tasks of one item thus share the kernel or the content, so that neither alone tells them apart. A content is a
    photograph, or a kind of drawn graphics, of which each view is another sheet. The first view is told the kernel as
    it is, the other maybe wrongly (`kernel_law.misstated`), as nobody knows it exactly.

    An item holds `lq` (views, patches, 3 + 33, lq_size, lq_size), see `meta.embedding.packed`, and `gt` (views,) long:
    the number of each view's task.

    Args:
        opt: `datasets.train`, see `TaskViewsOptions`.
    """

    def __init__(self, opt: Mapping[str, Any]) -> None:
        super().__init__(opt, parse(TaskViewsOptions, "datasets.train", opt))
        o = self.options
        self.laws = [TaskKernels(at_scale(o.kernel_law, scale), scale, "direct") for scale in o.scales]
        if len(self.photos) < o.contents:
            raise ConfigError(
                f"datasets.train.contents: {o.contents} need as many photographs, not {len(self.photos)}; add some"
            )
        if o.contents * o.kernels < 2 and o.batch_size_per_gpu < 2:
            raise ConfigError("datasets.train.kernels: a batch of one task has none to tell it from; draw more")

    def draw(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draw the tasks of one item."""
        law = self.laws[int(torch.randint(len(self.laws), (), generator=generator))]
        kernels = [self._degradation(law, generator) for _ in range(self.options.kernels)]
        contents = self._contents(int(law.scale) * self.options.lq_size, generator)
        views = [
            packed(self._patches(source, made, generator), code)
            for sources, (made, codes) in product(contents, kernels)
            for source, code in zip(sources, codes, strict=True)
        ]
        return {"lq": torch.stack(views), "gt": torch.arange(len(views) // 2).repeat_interleave(2)}

    def _degradation(self, law: TaskKernels, generator: torch.Generator) -> tuple[Degradation, tuple[Tensor, Tensor]]:
        """Draw what is done to the images, and the codes of what is told of it at the first and at the second view."""
        kernel, told = (drawn.float() for drawn in law.draw(generator))
        share, chance = torch.rand(2, generator=generator).tolist()
        low, high = self.options.noise
        noise = low + (high - low) * share if chance < self.options.noisy else 0.0
        made = Degradation(kernel, law.scale, noise=noise)
        return made, (code_of(made), code_of(Degradation(told, law.scale, noise=noise)))

    def _contents(self, side: int, generator: torch.Generator) -> list[tuple[int | Tensor, int | Tensor]]:
        """Choose what the first and what the second views are cut from: no photograph and no kind of graphics twice.

        Args:
            side: of a patch, HR px.
            generator: of all chance.

        Returns:
            A photograph's number twice, or two sheets of one kind.
        """
        count = self.options.contents
        photos = torch.randperm(len(self.photos), generator=generator)[:count].tolist()
        kinds = torch.multinomial(_WEIGHTS, count, replacement=count > len(KINDS), generator=generator).tolist()
        chances = torch.rand(count, generator=generator).tolist()
        found: list[tuple[int | Tensor, int | Tensor]] = []
        for photo, kind, chance in zip(photos, kinds, chances, strict=True):
            if chance < self.options.drawn:
                first, second = (draw_graphic(_SHEET * side, generator, list(KINDS)[kind]) for _ in range(2))
                found.append((first, second))
            else:
                found.append((photo, photo))
        return found

    def _patches(self, source: int | Tensor, made: Degradation, generator: torch.Generator) -> Tensor:
        """Degrade patches of a photograph or a sheet, and round to 8 bits: (patches, 3, lq_size, lq_size)."""
        side = int(made.scale) * self.options.lq_size
        cut = [self._cut(source, side, generator) for _ in range(self.options.patches)]
        return round_to_8_bits(made.apply(torch.stack(cut), generator))

    def _cut(self, source: int | Tensor, side: int, generator: torch.Generator) -> Tensor:
        if isinstance(source, int):
            return random_patch(self.photos, source, side, self.options.augment, generator)
        top, left = torch.randint(source.shape[-1] - side + 1, (2,), generator=generator).tolist()
        return source[:, top : top + side, left : left + side]
