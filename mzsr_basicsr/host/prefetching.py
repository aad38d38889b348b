"""BasicSR's `prefetch_mode: cpu` with errors handed on: its own thread dies of them, and is waited for for ever."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

_END = object()


class Prefetcher:
    """Take the next items of an iterator in a thread, in their order.

    Args:
        generator: the iterator.
        num_prefetch_queue: how many items to be ahead.
    """

    def __init__(self, generator: Iterator[Any], num_prefetch_queue: int) -> None:
        self._generator = generator
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._ahead: deque[Future[Any]] = deque()
        for _ in range(num_prefetch_queue):
            self._ask()

    def _ask(self) -> None:
        self._ahead.append(self._thread.submit(next, self._generator, _END))

    def __iter__(self) -> "Prefetcher":
        return self

    def __next__(self) -> Any:
        self._ask()
        item = self._ahead.popleft().result()  # or its error is raised here
        if item is _END:
            raise StopIteration
        return item

    def __del__(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def mend_prefetching() -> None:
    """Put it into the place of BasicSR's."""
    from basicsr.data import prefetch_dataloader

    prefetch_dataloader.PrefetchGenerator = Prefetcher
