"""Many items of work, done one by one here, by processes side by side, or by the hosts of a Ray cluster: one interface.

This module imports the standard library alone: the process that only shares out the work starts light.
"""

import sys
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Do = Callable[[Item, bool], Result]  # does an item; True: a process that was lost had begun it, or even done it
Start = Callable[[], Do[Item, Result]]  # travels to each process, loads what is needed there, and gives what does items


@dataclass(frozen=True)
class Hands:
    """Who does the work.

    Attributes:
        processes: side by side, on this host; with one, this process does the work.
        threads: of each process; None: their share of what one process would have.
        ray: address of a Ray cluster, "auto" or "local", see `cluster`; None: no cluster.
        gpus: that each item needs of the cluster.
    """

    processes: int = 1
    threads: int | None = None
    ray: str | None = None
    gpus: int = 0


@dataclass(frozen=True)
class Done(Generic[Item, Result]):
    """An item that is done: its result, how often it was begun, and the address of the cluster's host that did it."""

    item: Item
    result: Result
    tries: int = 1
    host: str = ""


def spread(
    items: Sequence[Item], start: Start[Item, Result], lost: Callable[[Item], Result], hands: Hands
) -> Generator[Done[Item, Result], None, None]:
    """Yield each item when it is done; items are done in any order.

    Args:
        items: what to do; with more than one process, they and `start` must be picklable.
        start: see `Start`.
        lost: gives the result of an item whose process was killed whenever it was at work on it.
        hands: who works.

    Raises:
        MZSRError: from `start`, before any item is done; or there is no such cluster.
    """
    if hands.ray is not None:
        from mzsr_basicsr.jobs.cluster import over_a_cluster

        yield from over_a_cluster(items, start, lost, hands.ray, hands.gpus)
    elif hands.processes > 1:
        from mzsr_basicsr.jobs.processes import side_by_side

        yield from side_by_side(items, start, lost, hands.processes, hands.threads)
    else:
        do = start()
        set_threads(hands.threads)
        for item in items:
            yield Done(item, do(item, False))


def set_threads(threads: int | None, processes: int = 1) -> None:
    """Give PyTorch, where it was loaded, a number of threads, or its share of what one process would have."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(threads or max(1, torch.get_num_threads() // processes))


def begun_again(count: int, what: str) -> str:
    """Say in words how many items were begun more than once."""
    return f"{count} {what}{' was' if count == 1 else 's were'} begun again, as a process or its host was lost"
