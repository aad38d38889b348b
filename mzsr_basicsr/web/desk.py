"""The desk: visitors wait in line, and one worker process does what they want, one after the other.

The worker is a process of its own, so that a stop ends the work at once, whatever it is at, and a lack of memory
kills it alone. What it had written lies in the task's folder, which is removed by whoever asked.
"""

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from mzsr_basicsr.jobs.interrupt import shielding_children
from mzsr_basicsr.web.messages import LAST, Event, Refused, Stopped, Task, Waiting
from mzsr_basicsr.web.worker import work

_OFTEN = 0.05  # seconds between two looks


class Ticket:
    """A place in the line; `stopped` gives it back."""

    stopped = False


class Desk:
    """A line of visitors before a worker process.

    Args:
        places: how many may wait.
        temporary: folder for the worker's own temporary files.
    """

    def __init__(self, places: int, temporary: Path) -> None:
        self._places, self._temporary = places, temporary
        self._line: list[Ticket] = []
        self._worker: tuple[BaseProcess, Connection] | None = None

    async def serve(self, task: Task, ticket: Ticket) -> AsyncIterator[Event]:
        """Wait, have a task done, and say how it goes; the last event is `Done`, `Refused` or `Stopped`."""
        if len(self._line) > self._places:
            yield Refused(f"{len(self._line)} are waiting already, and no more may; try again later")
            return
        self._line.append(ticket)
        try:
            async for event in self._served(task, ticket):
                yield event
        finally:
            self._line.remove(ticket)

    def warm_up(self) -> tuple[BaseProcess, Connection]:
        """Start the worker, if none is there, so that the first visitor need not wait for its imports."""
        if self._worker is None or not self._worker[0].is_alive():
            self.close()
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs, os.getpid(), self._temporary), daemon=True)
            with shielding_children():
                process.start()
            theirs.close()
            self._worker = process, ours
        return self._worker

    def close(self) -> None:
        """End the worker at once."""
        if self._worker is not None:
            process, pipe = self._worker
            self._worker = None
            process.kill()
            process.join()
            pipe.close()

    async def _served(self, task: Task, ticket: Ticket) -> AsyncIterator[Event]:
        before = -1
        while (place := self._line.index(ticket)) > 0:
            if ticket.stopped:
                yield Stopped()
                return
            if place != before:
                before = place
                yield Waiting(place)
            await asyncio.sleep(_OFTEN)
        finished = False
        try:
            async for event in self._done(task, ticket):
                finished = isinstance(event, LAST) and not isinstance(event, Stopped)
                yield event
        finally:
            if not finished:
                self.close()
                self.warm_up()

    async def _done(self, task: Task, ticket: Ticket) -> AsyncIterator[Event]:
        process, pipe = self.warm_up()
        pipe.send(task)
        while not ticket.stopped:
            try:
                if pipe.poll():
                    event = pipe.recv()
                    yield event
                    if isinstance(event, LAST):
                        return
                    continue
            except (EOFError, OSError):
                process.join(1)
                yield Refused("the work was killed, maybe for lack of memory; try a smaller picture or a smaller scale")
                return
            await asyncio.sleep(_OFTEN)
        yield Stopped()
