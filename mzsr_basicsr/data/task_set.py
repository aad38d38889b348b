"""What the training sets share: an endless, seeded, resumable stream of draws, of photographs and drawn graphics."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.utils.data import Dataset

from mzsr_basicsr.data import task_stream
from mzsr_basicsr.data.drawn.graphic import draw_graphic
from mzsr_basicsr.data.photos import Photos, random_patch
from mzsr_basicsr.options.datasets import TaskSetOptions

O = TypeVar("O", bound=TaskSetOptions)  # noqa: E741


class TaskSet(Dataset[dict[str, Tensor]], Generic[O]):
    """A training set whose item is a function of (seed, task number), not of workers, epochs or earlier draws.

    The task number counts on over the whole training: a resumed run continues the exact stream, and together the
    processes of a distributed run draw the tasks that one process with the joint batch would draw. Drawn graphics are a
    function of the fonts that are installed, too.

    Args:
        opt: the section of the option file, `datasets.train`; BasicSR reads `name` of it.
        record: the section as its strict record.
        section: its name, for messages. Another than `datasets.train` is validated with: item i is task i, always.
    """

    def __init__(self, opt: Mapping[str, Any], record: O, section: str = "datasets.train") -> None:
        super().__init__()
        self.opt = opt
        self.options: O = record
        self.photos = Photos(record.dataroot_gt, record.io_backend.type, f"{section}.dataroot_gt", record.cache_mb)
        self.photos.keep(record.part, f"{section}.part")
        self._streams = section == "datasets.train"
        world = dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
        self._joint_batch = record.batch_size_per_gpu * world
        whole = -(-record.length // world) * world
        self._positions = task_stream.sampler_positions(whole) if self._streams else torch.arange(record.length)
        self._resumed_at: int | None = None

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        task = int(self._positions[index])
        if self._streams:
            resumed_at = task_stream.resumed_at() if self._resumed_at is None else self._resumed_at
            task += resumed_at * self._joint_batch
        generator = task_stream.task_generator(self.options.seed, task)
        return {**self.draw(generator), "task": torch.tensor(task)}

    def __getstate__(self) -> dict[str, Any]:
        # a spawned worker does not inherit the stream's position, so it travels with the data set
        return {**self.__dict__, "_resumed_at": task_stream.resumed_at()}

    def patch(self, index: int, size: int, generator: torch.Generator) -> Tensor:
        """Cut an HR patch from a photograph, or draw a graphic in its place: (3, size, size) RGB in [0, 1].

        Without a share of drawn ones no random number is spent on the choice. Graphics are neither flipped nor
        transposed: letters stand upright.
        """
        drawn = self.options.drawn
        if drawn > 0 and float(torch.rand((), generator=generator)) < drawn:
            return draw_graphic(size, generator)
        return random_patch(self.photos, index, size, self.options.augment, generator)

    @abstractmethod
    def draw(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draw one item."""
