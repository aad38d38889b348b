"""Processes of this host, side by side. One that is killed takes down the item that killed it, and no other."""

import multiprocessing
import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mzsr_basicsr.errors import ConfigError, MZSRError
from mzsr_basicsr.jobs.crew import Do, Done, Item, Result, Start, set_threads
from mzsr_basicsr.jobs.interrupt import shielding_children, stop_worker_on_sigterm, stoppable, wait_for_the_parent
from mzsr_basicsr.jobs.streams import never_raise


def side_by_side(
    items: Sequence[Item],
    start: Start[Item, Result],
    lost: Callable[[Item], Result],
    processes: int,
    threads: int | None,
) -> Generator[Done[Item, Result], None, None]:
    """Yield each item when it is done; see `crew.spread`.

    Where a process is killed, all of the pool end. Then the items that were begun are the suspects: each is done again
    by itself, and the rest by a new pool.
    """
    with TemporaryDirectory(prefix="mzsr_") as folder:
        marks = _Marks(Path(folder))
        begin = _Begin(start, marks, processes, threads, os.getpid())
        waiting = dict(enumerate(items))
        while waiting:
            before = len(waiting)
            with closing(_one_pool(waiting, begin, processes)) as outcomes:
                for number, result, tries in outcomes:
                    del waiting[number]
                    yield Done(items[number], result, tries)
            suspects = [number for number in waiting if marks.is_at_work(number)]
            suspects += [] if suspects or len(waiting) < before else list(waiting)[:1]  # it went before it began one
            for number in suspects:
                with closing(_one_pool({number: waiting.pop(number)}, begin, 1)) as outcomes:
                    _, result, tries = next(outcomes, (number, lost(items[number]), 2))
                yield Done(items[number], result, tries)


@dataclass(frozen=True)
class _Marks:
    """Which items were begun, and which of these done: files that stay where a process is killed."""

    folder: Path

    def begin(self, number: int) -> None:
        """Note that an item is begun."""
        (self.folder / f"{number}.done").unlink(missing_ok=True)
        (self.folder / f"{number}.begun").touch()

    def finish(self, number: int) -> None:
        """Note that an item is done, though its result may yet be lost with the pool."""
        (self.folder / f"{number}.done").touch()

    def was_begun(self, number: int) -> bool:
        """Tell whether an item was ever begun."""
        return (self.folder / f"{number}.begun").exists()

    def is_at_work(self, number: int) -> bool:
        """Tell whether an item was begun and not done."""
        return self.was_begun(number) and not (self.folder / f"{number}.done").exists()


@dataclass(frozen=True)
class _Begin:
    """What a new process is told."""

    start: Start[Any, Any]
    marks: _Marks
    processes: int
    threads: int | None
    parent: int


def _one_pool(waiting: dict[int, Any], begin: _Begin, processes: int) -> Generator[tuple[int, Any, int], None, None]:
    """Yield the numbers of items, their results and tries until all are done, or a process is killed."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(processes, len(waiting)), context, _start_process, (begin,))
    again = {number for number in waiting if begin.marks.was_begun(number)}
    futures: dict[Future[Any], int] = {}
    try:
        with shielding_children():
            for number, item in waiting.items():
                futures[pool.submit(_in_process, number, item, number in again)] = number
        for future in as_completed(futures):
            try:
                result = future.result()
            except BrokenProcessPool:
                return
            yield futures[future], result, 1 + (futures[future] in again)
        pool.shutdown()
    finally:  # on Ctrl-C nobody waits for what is not done: the processes clean up and end
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()


_ready: tuple[Do[Any, Any], _Marks] | MZSRError | None = None  # of a worker process, set once when it starts


def _start_process(begin: _Begin) -> None:
    global _ready
    never_raise()
    wait_for_the_parent(begin.parent)
    try:
        _ready = begin.start(), begin.marks
        set_threads(begin.threads, begin.processes)
    except MZSRError as error:  # a wrong choice: whoever asks for an item hears of it
        _ready = error
    stop_worker_on_sigterm()


def _in_process(number: int, item: Any, again: bool) -> Any:
    if _ready is None:
        raise RuntimeError("a worker process that was not started by _start_process")
    if isinstance(_ready, MZSRError):
        raise ConfigError(str(_ready))
    do, marks = _ready
    marks.begin(number)
    result = stoppable(lambda: do(item, again))
    marks.finish(number)
    return result
