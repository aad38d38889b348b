"""Being stopped: what is half done is cleaned up, and one line says so."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

TERMINATED = 128 + signal.SIGTERM  # exit statuses, as a shell gives them
INTERRUPTED = 128 + signal.SIGINT

_Result = TypeVar("_Result")
_at_work = False  # whether a worker process is inside `stoppable`


@contextlib.contextmanager
def ending_at_once() -> Iterator[None]:
    """Let Ctrl-C end the program by one line, here and now; for a start, of which nothing is left to be cleaned up.

    An exception would not do: inside an import it can be lost or printed, by C code and by callbacks.
    """

    def end(number: int, frame: FrameType | None) -> None:
        os.write(2, b"error: interrupted\n")
        os._exit(INTERRUPTED)

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # Ctrl-C is not for this process, or it is in such a start already
        yield
        return
    signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def quiet_end() -> Iterator[None]:
    """Leave Ctrl-C to the system when a program has done its work: Python prints where its own end was interrupted."""
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def stop_on_sigterm() -> None:
    """Let SIGTERM end the program by an exception, so that temporary files are removed on the way out."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(TERMINATED)

    signal.signal(signal.SIGTERM, stop)


def stop_worker_on_sigterm() -> None:
    """Let SIGTERM end this worker process: inside `stoppable` by an exception, else at once.

    In the queues of a pool an exception could leave a lock taken for ever, and the pool would catch it.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        if _at_work:
            raise SystemExit(TERMINATED)
        os._exit(TERMINATED)

    signal.signal(signal.SIGTERM, stop)


def stoppable(work: Callable[[], _Result]) -> _Result:
    """Do the work of a worker process; on SIGTERM it is left by an exception, and then the process ends."""
    global _at_work
    try:
        _at_work = True
        result = work()
        _at_work = False  # in here: from now on nothing is raised
        return result
    except SystemExit:
        os._exit(TERMINATED)
    finally:
        _at_work = False


@contextlib.contextmanager
def shielding_children() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach, not even while they import; in this process it is only put off."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # a new process inherits it
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def wait_for_the_parent(parent: int) -> None:
    """End this worker process when its parent is gone; Ctrl-C is the parent's to handle.

    Args:
        parent: its process number.
    """
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
