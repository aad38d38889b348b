"""What happens when a visitor uses the page."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import gradio as gr

from mzsr_basicsr.errors import ConfigError, MZSRError
from mzsr_basicsr.web import words
from mzsr_basicsr.web.choices import FILE, GAUSSIAN, PATH, Chosen, command_line, corners, gaussian_text, settings_of
from mzsr_basicsr.web.desk import Desk
from mzsr_basicsr.web.eta import Eta
from mzsr_basicsr.web.messages import LAST, Done, Event, Refused, Stopped, Task, Waiting, Working
from mzsr_basicsr.web.visits import Visit, Visits

Updates = tuple[Any, ...]
_OFTEN = 0.2  # seconds between two words about the same step


@dataclass(frozen=True)
class Results:
    """The components of the right side, by what they are for."""

    status: Any
    stop: Any
    compare: Any
    row: Any
    download: Any
    kernel: Any
    details: Any


class Acts:
    """What the events of the page do; each visitor is told apart by the name that Gradio gives the page.

    Args:
        visits: the visitors.
        desk: where their tasks are done.
    """

    def __init__(self, visits: Visits, desk: Desk) -> None:
        self.visits, self._desk = visits, desk

    def take_file(self, path: str | None, scale: float, request: gr.Request) -> Updates:
        """Take a photo or clip: what it is, or why it is refused."""
        if path is None:
            return gr.update(visible=False), words.WELCOME
        try:
            upload = self.visits.take_file(_name(request), path)
        except MZSRError as error:
            return gr.update(visible=False), words.error(str(error))
        return gr.update(value=words.facts(upload, scale), visible=True), words.note("Ready: press Enlarge.")

    def forget_file(self, request: gr.Request) -> Updates:
        """Remove the photo or clip."""
        self.visits.forget_file(_name(request))
        return gr.update(visible=False), words.WELCOME

    def measure(self, scale: float, request: gr.Request) -> Any:
        """Say how large the result will be."""
        upload = self.visits.of(_name(request)).upload
        return gr.skip() if upload is None else words.facts(upload, scale)

    def take_kernel(self, path: str | None, request: gr.Request) -> str:
        """Take a kernel's file; it is read when the work begins."""
        if path is None:
            return ""
        try:
            return words.note(f"{self.visits.take_kernel(_name(request), path).name}: will be used")
        except MZSRError as error:
            return words.error(str(error))

    def forget_kernel(self, request: gr.Request) -> str:
        """Remove the kernel's file."""
        self.visits.forget_kernel(_name(request))
        return ""

    def stop(self, request: gr.Request) -> Any:
        """Stop the work."""
        self.visits.stop(_name(request))
        return gr.skip()

    def leave(self, request: gr.Request) -> None:
        """Stop the work of a browser that has gone, and remove its files."""
        self.visits.leave(_name(request))

    async def run(
        self,
        scale: float,
        quality: str,
        kernel: str,
        width1: float,
        width2: float,
        degrees: float,
        path: str,
        noise: str,
        updates: str,
        request: gr.Request,
    ) -> AsyncIterator[Updates]:
        """Upscale the visitor's file, and say how it goes."""
        name, done = _name(request), False
        try:
            visit = self.visits.of(name)
            gaussian = gaussian_text(width1, width2, degrees) if kernel == GAUSSIAN else ""
            given = {GAUSSIAN: gaussian, PATH: "delta", FILE: str(visit.kernel)}.get(kernel, kernel)
            _check(visit, kernel)
            settings = settings_of(Chosen(scale, quality, given, noise, updates))
            points = corners(path) if kernel == PATH else None
            visit, folder, ticket = self.visits.begin(name)
        except MZSRError as error:
            yield _ended(words.error(str(error)))
            return
        try:
            task = Task(_source(visit), folder, settings, points)
            shown = {PATH: "kernel.npy", FILE: "" if visit.kernel is None else visit.kernel.name}.get(kernel, given)
            async for event, updated in self._told(task, ticket, shown):
                done = isinstance(event, Done)
                yield updated
        finally:
            self.visits.end(name, folder, done)

    async def _told(self, task: Task, ticket: Any, kernel: str) -> AsyncIterator[tuple[Event, Updates]]:
        eta, since, last = Eta(), monotonic(), ("", 0.0)
        async for event in self._desk.serve(task, ticket):
            if isinstance(event, Working):
                left, now = eta.left(event), monotonic()
                if event.step == last[0] and now - last[1] < _OFTEN:
                    continue
                last = event.step, now
                yield event, _busy(words.working(event, left))
            elif isinstance(event, Waiting):
                since = monotonic()
                yield event, _busy(words.waiting(event))
            elif isinstance(event, LAST):
                yield event, _last(event, task, kernel, monotonic() - since)


def _name(request: gr.Request) -> str:
    if not request.session_hash:
        raise ConfigError("this page has no name; load it again")
    return str(request.session_hash)


def _source(visit: Visit) -> Path:
    if visit.upload is None:
        raise ConfigError("drop a photo or a clip first")
    return visit.upload.path


def _check(visit: Visit, kernel: str) -> None:
    _source(visit)
    if kernel == FILE and visit.kernel is None:
        raise ConfigError("kernel: choose its file first, below More choices")


def _busy(status: str) -> Updates:
    """Give the page while work is done, in the order of its outputs."""
    hidden = gr.update(visible=False)
    return status, gr.update(interactive=False), gr.update(visible=True), hidden, hidden, gr.skip(), gr.skip(), hidden


def _ended(status: str) -> Updates:
    return status, gr.update(interactive=True), gr.update(visible=False), *[gr.skip()] * 5


def _last(event: Event, task: Task, kernel: str, seconds: float) -> Updates:
    """Give the page when work has ended."""
    if isinstance(event, Stopped):
        return _ended(words.note("Stopped; nothing was kept."))
    if isinstance(event, Refused):
        return _ended(words.error(event.line))
    if not isinstance(event, Done):
        raise TypeError(type(event))
    command = command_line(task.source, event.result, task.settings, kernel)
    status, run, stop = _ended(words.finished(event, seconds))[:3]
    pair = None if event.before is None else (str(event.before), str(event.after))
    return (
        status,
        run,
        stop,
        gr.update(value=pair, visible=pair is not None),
        gr.update(visible=True),
        gr.update(value=str(event.result)),
        gr.update(value=None if event.kernel_file is None else str(event.kernel_file)),
        gr.update(value=words.details(event, command), visible=True),
    )
