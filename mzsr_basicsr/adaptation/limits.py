"""When an adaptation ends before its last update: the held-out part is served no better, or time is up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_listener: ContextVar[Callable[[int], None] | None] = ContextVar("listener", default=None)
ALL_MADE = "all updates made"
TIME_UP = "time budget used up"


@dataclass(frozen=True)
class Limits:
    """What ends an adaptation early.

    Attributes:
        patience: updates in a row without a lower held-out loss; 0 for any number. What is learned is the same on
            every run.
        seconds: that an adaptation may take; 0 for any. How many updates that is depends on the machine.
    """

    patience: int = 0
    seconds: float = 0.0

    def reason(self, marks: list[float], spent: float) -> str | None:
        """Say why an adaptation ends where it stands; None: it goes on.

        Args:
            marks: the held-out loss before each update and after the last, finite.
            spent: seconds since it began; the next update is thought to take as long as those before.
        """
        made = len(marks) - 1
        listener = _listener.get()
        if listener is not None:
            listener(made)
        best = marks.index(min(marks))
        if 0 < self.patience <= made - best:
            return f"held-out loss stopped falling after {best} update{'s' * (best != 1)}"
        if self.seconds and spent * (made + 2) / (made + 1) > self.seconds:
            return TIME_UP
        return None


@contextmanager
def heard(listener: Callable[[int], None]) -> Iterator[None]:
    """Call a function with how many updates are made, as often as that changes, of all adaptations in the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
