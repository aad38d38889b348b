"""BasicSR's `prefetch_mode: cuda`, which here also degrades the next meta-batch while a step is made of this one."""

import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from mzsr_basicsr.data.kernel_meta_dataset import KernelMetaDataset
from mzsr_basicsr.meta import Task
from mzsr_basicsr.models.task_builder import tasks_of


class TaskPrefetcher:
    """Take the next batch to the device in a thread, on a stream of its own, and degrade it there.

    A batch of a KernelMetaDataset has its "tasks" then. What it waits for, data or the device, the step does not.

    Args:
        loader: the data loader.
        opt: BasicSR's options.
    """

    def __init__(self, loader: Any, opt: Mapping[str, Any]) -> None:
        self._loader = loader
        self._device = torch.device("cpu")
        if opt["num_gpu"] != 0:
            self._device = torch.device("cuda", torch.cuda.current_device())  # a thread has a current one of its own
        self._stream = torch.cuda.Stream(self._device) if self._device.type == "cuda" else None
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._ahead: Future[dict[str, Any] | None] | None = None
        self._batches: Iterator[dict[str, Any]] = iter(())

    def reset(self) -> None:
        """Begin anew."""
        if self._ahead is not None:
            self._ahead.cancel()
        self._batches = iter(self._loader)
        self._ahead = self._thread.submit(self._prepared, self._batches)

    def next(self) -> dict[str, Any] | None:
        """Give a batch and begin with the one after it; None where there is no more."""
        if self._ahead is None:
            self.reset()
        batch = None if self._ahead is None else self._ahead.result()  # or its error is raised here
        if batch is None:
            return None
        if self._stream is not None:
            current = torch.cuda.current_stream(self._device)
            current.wait_stream(self._stream)
            for value in _tensors(batch):
                value.record_stream(current)  # its memory is that stream's until the step is made
        self._ahead = self._thread.submit(self._prepared, self._batches)
        return batch

    def _prepared(self, batches: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
        batch = next(batches, None)
        if batch is None:
            return None
        with torch.cuda.stream(self._stream) if self._stream is not None else nullcontext():
            moved = {
                key: value.to(self._device, non_blocking=True) if isinstance(value, Tensor) else value
                for key, value in batch.items()
            }
            if isinstance(self._loader.dataset, KernelMetaDataset):
                moved["tasks"] = tasks_of(moved, self._loader.dataset.opt)
        return moved

    def __del__(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def _tensors(batch: Mapping[str, Any]) -> Iterator[Tensor]:
    tasks: list[Task] = batch.get("tasks", [])
    yield from (value for value in batch.values() if isinstance(value, Tensor))
    for task in tasks:
        yield from (task.support.lq, task.support.gt, task.query.lq, task.query.gt, task.degradation.kernel)


def mend_cuda_prefetching() -> None:
    """Put it into the place of BasicSR's, also where that was imported by name."""
    from basicsr.data import prefetch_dataloader

    prefetch_dataloader.CUDAPrefetcher = TaskPrefetcher
    for name in ("__main__", "basicsr.train"):
        module = sys.modules.get(name)
        if module is not None and hasattr(module, "CUDAPrefetcher"):
            module.CUDAPrefetcher = TaskPrefetcher  # type: ignore[attr-defined]
