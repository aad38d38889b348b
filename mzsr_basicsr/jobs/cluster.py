"""The hosts of a Ray cluster: Ray finds a free CPU for each item, and says when a host or a process is lost.

An item that was lost is begun again elsewhere. That is done here and not by Ray's `max_retries`, so that an item that
is begun again knows it, and so that one that kills whatever works on it comes to an end: Ray counts no retries where
memory was short.
"""

import logging
import os
import secrets
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any, TextIO, cast

import mzsr_basicsr
from mzsr_basicsr.errors import ConfigError, MZSRError
from mzsr_basicsr.jobs.crew import Do, Done, Item, Result, Start, set_threads

RETRIES = 3  # of an item, as Ray's own default
AHEAD = 1000  # items that Ray holds at a time: millions need no more of its memory
_QUIET = {  # nothing is told to anybody, and what Ray has to say is said at once, see `_ray_on_stderr`
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
}
_MISSING = "ray: Ray is not installed here; run: pip install 'mzsr_basicsr[ray]', here and on every host of the cluster"


def over_a_cluster(
    items: Sequence[Item], start: Start[Item, Result], lost: Callable[[Item], Result], address: str, gpus: int
) -> Generator[Done[Item, Result], None, None]:
    """Yield each item when it is done; see `crew.spread`.

    Args:
        items: what to do, one CPU each.
        start: see `crew.Start`.
        lost: gives the result of an item that was lost time and again.
        address: of the cluster, as Ray takes it, such as HOST:6379; "auto": the one that this host is part of, or else
            a new one of this host alone; "local": a new one.
        gpus: that each item needs.

    Raises:
        ConfigError: no Ray, no cluster, or a host that lacks our package or the folder that this one works in.
    """
    with _ray_on_stderr(), _connected(address) as ray:
        order = ray.put(_Order(start))
        remote = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0)(_on_a_host)
        waiting, tries = deque(range(len(items))), Counter[int]()
        at_work: dict[Any, int] = {}
        try:
            while waiting or at_work:
                while waiting and len(at_work) < AHEAD:
                    number = waiting.popleft()
                    at_work[remote.remote(order, items[number], tries[number] > 0)] = number
                    tries[number] += 1
                (ready,), _ = ray.wait(list(at_work), num_returns=1)
                number = at_work.pop(ready)
                outcome = _outcome(ray, ready)
                if outcome is None and tries[number] <= RETRIES:
                    waiting.appendleft(number)
                else:
                    host, result = outcome or ("", lost(items[number]))
                    yield Done(items[number], result, tries[number], host)
        finally:  # on Ctrl-C nobody waits for what is not done: the hosts clean up
            for one in at_work:
                ray.cancel(one)


def _outcome(ray: Any, ready: Any) -> tuple[str, Any] | None:
    """Give the host of an item and its result, or None where it was lost with its process or its host."""
    try:
        found: tuple[str, Any] = ray.get(ready)
    except ray.exceptions.RayTaskError as error:  # of our own code, or of a host that lacks it
        if isinstance(error.cause, MZSRError):
            raise ConfigError(str(error.cause)) from error
        raise
    except ray.exceptions.RayError as error:
        if isinstance(error, ray.exceptions.RuntimeEnvSetupError | ray.exceptions.TaskUnschedulableError):
            raise ConfigError(f"ray: {_line(error)}; look after the cluster") from error
        return None
    return found


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Give Ray, connected to a cluster; a cluster of this host alone ends with the connection."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise ConfigError(_MISSING) from None
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        ray.init(address=None if address == "auto" else address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, ray.exceptions.RayError) as error:
        raise ConfigError(f"ray: {address}: {_line(error)}; give HOST:PORT of a cluster, auto or local") from error
    try:
        yield ray
    finally:
        with redirect_stdout(sys.stderr):  # what it has not said yet, it says then
            ray.shutdown()


@contextmanager
def _ray_on_stderr() -> Iterator[None]:
    """Keep the standard output for this thread: from another one Ray prints there what it has to say of lost hosts."""
    before, own = sys.stdout, threading.get_ident()

    class Divided:
        def __getattr__(self, name: str) -> Any:
            return getattr(before if threading.get_ident() == own else sys.stderr, name)

    sys.stdout = cast(TextIO, Divided())
    try:
        yield
    finally:
        sys.stdout = before


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".;: ") or type(error).__name__


@dataclass(frozen=True)
class _Order:
    """What a host is told once: what loads the work, and what must be there as it is here."""

    start: Start[Any, Any]
    folder: str = field(default_factory=os.getcwd)
    version: str = mzsr_basicsr.__version__
    token: str = field(default_factory=lambda: secrets.token_hex(8))


_ready: dict[str, Do[Any, Any]] = {}  # of a process of the cluster, by the order it was made for


def _on_a_host(order: _Order, item: Any, again: bool) -> tuple[str, Any]:
    import ray

    host = ray.util.get_node_ip_address()
    if order.token not in _ready:
        if order.version != mzsr_basicsr.__version__:
            was = mzsr_basicsr.__version__
            raise ConfigError(
                f"ray: {host} has mzsr_basicsr {was}, here it is {order.version}; install the same on all"
            )
        try:
            os.chdir(order.folder)  # so that relative paths mean the same on every host
        except OSError as error:
            line = f"ray: {host} has no folder {order.folder} ({error.strerror}); start where all hosts have the folder"
            raise ConfigError(line) from error
        _ready[order.token] = order.start()
        set_threads(1)
    return host, _ready[order.token](item, again)
