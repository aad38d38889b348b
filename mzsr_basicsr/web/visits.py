"""Visitors: each page that is open has a folder, a file, and at most one task, and none sees another's."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.web.desk import Ticket
from mzsr_basicsr.web.folders import Folders
from mzsr_basicsr.web.limits import Limits
from mzsr_basicsr.web.upload import Upload, examine

_SOURCE, _KERNEL, _WORK = "in", "kernel", "out"
_KERNEL_BYTES = 20 * 10**6


@dataclass
class Visit:
    """What belongs to one page that is open."""

    folder: Path
    upload: Upload | None = None
    kernel: Path | None = None
    ticket: Ticket | None = field(default=None, repr=False)


class Visits:
    """All visitors, by the names that Gradio gives their pages.

    Args:
        folders: of the server.
        limits: what is taken.
    """

    def __init__(self, folders: Folders, limits: Limits) -> None:
        self.limits = limits
        self._folders = folders
        self._visits: dict[str, Visit] = {}

    def of(self, name: str) -> Visit:
        """Give the visitor of a page; a new one at its first word."""
        if name not in self._visits:
            self._visits[name] = Visit(self._folders.visitor())
        return self._visits[name]

    def take_file(self, name: str, path: str) -> Upload:
        """Take the photo or clip of a visitor, in the place of the last one.

        Raises:
            MZSRError: it cannot be upscaled, or was not sent here.
        """
        visit = self.of(name)
        visit.upload = None
        own = self._folders.take(path, visit.folder, _SOURCE)
        try:
            visit.upload = examine(own, self.limits)
        finally:
            if visit.upload is None:
                self._folders.drop(visit.folder, _SOURCE)
        return visit.upload

    def take_kernel(self, name: str, path: str) -> Path:
        """Take a kernel's file.

        Raises:
            ConfigError: it is too large, or was not sent here.
        """
        visit = self.of(name)
        visit.kernel = None
        own = self._folders.take(path, visit.folder, _KERNEL)
        if own.stat().st_size > _KERNEL_BYTES:
            self._folders.drop(visit.folder, _KERNEL)
            raise ConfigError(f"{own.name}: more than 20 MB; a kernel's file is small")
        visit.kernel = own
        return own

    def forget_file(self, name: str) -> None:
        """Remove a visitor's photo or clip."""
        visit = self.of(name)
        visit.upload = None
        self._folders.drop(visit.folder, _SOURCE)

    def forget_kernel(self, name: str) -> None:
        """Remove a visitor's kernel file."""
        visit = self.of(name)
        visit.kernel = None
        self._folders.drop(visit.folder, _KERNEL)

    def begin(self, name: str) -> tuple[Visit, Path, Ticket]:
        """Give an empty folder for a task of a visitor, and the ticket that stops it.

        Raises:
            ConfigError: another task of this page is at work.
        """
        visit = self.of(name)
        if visit.ticket is not None:
            raise ConfigError("this page has a file at work already; stop it first, or wait")
        folder = visit.folder / _WORK
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        visit.ticket = Ticket()
        return visit, folder, visit.ticket

    def end(self, name: str, folder: Path, done: bool) -> None:
        """Note that a task has ended; what it made in its folder stays where it was done and its visitor is there."""
        visit = self._visits.get(name)
        if visit is None:  # the worker may have made a folder after it was removed, and before it was stopped
            return shutil.rmtree(folder.parent, ignore_errors=True)
        visit.ticket = None
        if not done:
            shutil.rmtree(folder, ignore_errors=True)
        return None

    def stop(self, name: str) -> None:
        """Stop what is at work, or waits, for a visitor."""
        visit = self._visits.get(name)
        if visit is not None and visit.ticket is not None:
            visit.ticket.stopped = True

    def leave(self, name: str) -> None:
        """Stop a visitor's work, and remove all that belongs to the visitor."""
        self.stop(name)
        visit = self._visits.pop(name, None)
        if visit is not None:
            self._folders.leave(visit.folder)
