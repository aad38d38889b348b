"""Loader workers that Ctrl-C does not reach: the training ends them, and what they would print then is no news."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from mzsr_basicsr.jobs.interrupt import shielding_children


@contextlib.contextmanager
def shielded_loaders() -> Iterator[None]:
    """Start the workers of all data loaders shielded."""
    from torch.utils.data import DataLoader

    theirs = DataLoader.__iter__

    def shielded(loader: Any) -> Any:
        if loader.num_workers and not isinstance(loader.worker_init_fn, Quiet):
            loader.worker_init_fn = Quiet(loader.worker_init_fn)
        with shielding_children():
            return theirs(loader)

    DataLoader.__iter__ = shielded  # type: ignore[method-assign]
    try:
        yield
    finally:
        DataLoader.__iter__ = theirs  # type: ignore[method-assign]


class Quiet:
    """Starts a worker that says nothing where the training has gone while it was handing over a batch.

    Args:
        then: what else is done in each worker, with its number.
    """

    def __init__(self, then: Callable[[int], None] | None) -> None:
        self._then = then

    def __call__(self, number: int) -> None:
        """Begin the worker of that number."""
        sys.excepthook = _unless_the_other_end_is_gone
        if self._then is not None:
            self._then(number)


def _unless_the_other_end_is_gone(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if not isinstance(error, (ConnectionError, EOFError)):
        sys.__excepthook__(kind, error, traceback)
