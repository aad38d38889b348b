"""Upscale many files, one by one or side by side, with progress; a bad file does not stop the rest."""

import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from types import TracebackType

from tqdm import tqdm

from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.jobs.crew import Do, Done, Hands, begun_again, spread
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.policy import FilePolicy, Record
from mzsr_basicsr.jobs.streams import say
from mzsr_basicsr.upscaling.settings import UpscaleSettings


def run_batch(
    jobs: list[FileJob],
    settings: UpscaleSettings,
    policy: FilePolicy,
    hands: Hands,
    report: Callable[[FileJob, Record | str], None],
) -> int:
    """Upscale files and report each as it is done.

    Args:
        jobs: what to do.
        settings: how.
        policy: about files that are there already.
        hands: who works.
        report: called with each file and its record, or with the line that says why it failed.

    Returns:
        How many failed.

    Raises:
        MZSRError: the choices themselves do not work, before any file is read.
    """
    failed = again = 0
    with _Bar(len(jobs)) as bar:
        here = hands.ray is None and hands.processes == 1
        start = Upscaling(settings, policy, bar.part if here else None)
        with closing(spread(jobs, start, _lost, hands)) as outcomes:
            for done in outcomes:
                failed += isinstance(done.result, str)
                again += done.tries > 1
                bar.finish()
                with tqdm.external_write_mode(file=sys.stderr):
                    report(done.item, _with_host(done))
    if again:
        say(f"note: {begun_again(again, 'file')}")
    return failed


@dataclass(frozen=True)
class Upscaling:
    """What a process needs to upscale files: the choices, and what is called with (done, in all) of the present one."""

    settings: UpscaleSettings
    policy: FilePolicy
    progress: Callable[[int, int], None] | None = None

    def __call__(self) -> Do[FileJob, Record | str]:
        """Load the network, and give what upscales a file; bad input becomes its one line."""
        from mzsr_basicsr.jobs.worker import run_job
        from mzsr_basicsr.upscaling.upscaler import Upscaler

        upscaler = Upscaler(self.settings)

        def do(job: FileJob, again: bool) -> Record | str:
            try:
                return run_job(job, upscaler, self._allowed(again), self.progress)
            except MZSRError as error:
                return str(error)

        return do

    def _allowed(self, again: bool) -> FilePolicy:
        """Let a file that was begun before be written: the process that was lost may have done so just before."""
        return replace(self.policy, overwrite=True) if again and not self.policy.skip_existing else self.policy


def _with_host(done: Done[FileJob, Record | str]) -> Record | str:
    """Say in a record which host of a cluster did the work, and how often it was begun."""
    if isinstance(done.result, str) or not done.host:
        return done.result
    return {**done.result, "host": done.host, "tries": done.tries}


def _lost(job: FileJob) -> Record | str:
    return f"{job.source}: its process was killed, maybe for lack of memory; give a smaller --tile, or fewer --jobs"


class _Bar:
    """A progress bar over files on the standard error; the share of the file at work counts, so the ETA is smooth."""

    def __init__(self, total: int) -> None:
        form = "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total} [{elapsed}<{remaining}]"
        self._bar = tqdm(total=total, desc="upscale", unit="file", bar_format=form, disable=None)
        self._whole = 0

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.close()

    def part(self, done: int, total: int) -> None:
        """Note how much of the present file is done."""
        self._to(self._whole + min(1.0, done / max(1, total)))

    def finish(self) -> None:
        """Note that a file is done."""
        self._whole += 1
        self._to(self._whole)

    def _to(self, place: float) -> None:
        self._bar.update(place - self._bar.n)
