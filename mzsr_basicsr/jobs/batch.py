"""Upscale many files, one by one or side by side, with progress; a bad file does not stop the rest."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from types import TracebackType

import torch
from tqdm import tqdm

from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.interrupt import shielding_children, stop_worker_on_sigterm, stoppable, wait_for_the_parent
from mzsr_basicsr.jobs.policy import FilePolicy, Record
from mzsr_basicsr.jobs.streams import never_raise
from mzsr_basicsr.jobs.worker import run_job
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler

Outcome = tuple[FileJob, Record | str]  # a record, or the line that says what is wrong


def run_batch(
    jobs: list[FileJob],
    settings: UpscaleSettings,
    policy: FilePolicy,
    processes: int,
    report: Callable[[FileJob, Record | str], None],
) -> int:
    """Upscale files and report each as it is done.

    Args:
        jobs: what to do.
        settings: how.
        policy: about files that are there already.
        processes: how many work side by side.
        report: called with each file and its record, or with the line that says why it failed.

    Returns:
        How many failed.

    Raises:
        MZSRError: the choices themselves do not work, before any file is read.
    """
    failed = 0
    with _Bar(len(jobs)) as bar:
        if processes == 1 or len(jobs) == 1:
            outcomes = _one_by_one(jobs, settings, policy, bar)
        else:
            outcomes = _side_by_side(jobs, settings, policy, processes)
        with closing(outcomes):
            for job, outcome in outcomes:
                failed += isinstance(outcome, str)
                bar.finish()
                with tqdm.external_write_mode(file=sys.stderr):
                    report(job, outcome)
    return failed


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


def _one_by_one(
    jobs: list[FileJob], settings: UpscaleSettings, policy: FilePolicy, bar: _Bar
) -> Generator[Outcome, None, None]:
    upscaler = Upscaler(settings)
    for job in jobs:
        yield job, _attempt(job, upscaler, policy, bar.part)


def _side_by_side(
    jobs: list[FileJob], settings: UpscaleSettings, policy: FilePolicy, processes: int
) -> Generator[Outcome, None, None]:
    Upscaler(settings)  # a wrong choice is said once, not by every process
    count = min(processes, len(jobs))
    threads = max(1, torch.get_num_threads() // count)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, context, _start_process, (settings, policy, threads, os.getpid()))
    try:
        with shielding_children():
            futures = {pool.submit(_in_process, job): job for job in jobs}
        for future in as_completed(futures):
            try:
                yield futures[future], future.result()
            except BrokenProcessPool:
                yield futures[future], f"{futures[future].source}: its process was killed, maybe for lack of memory"
        pool.shutdown()
    finally:  # on Ctrl-C nobody waits for the files that are not done: their processes clean up and end
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()


def _attempt(
    job: FileJob, upscaler: Upscaler, policy: FilePolicy, progress: Callable[[int, int], None] | None = None
) -> Record | str:
    """Run a job; bad input becomes its one line."""
    try:
        return run_job(job, upscaler, policy, progress)
    except MZSRError as error:
        return str(error)


_process: tuple[Upscaler, FilePolicy] | None = None  # of a worker process, set once when it starts


def _start_process(settings: UpscaleSettings, policy: FilePolicy, threads: int, parent: int) -> None:
    global _process
    never_raise()
    wait_for_the_parent(parent)
    torch.set_num_threads(threads)
    _process = Upscaler(settings), policy
    stop_worker_on_sigterm()


def _in_process(job: FileJob) -> Record | str:
    if _process is None:
        raise RuntimeError("a worker process that was not started by _start_process")
    upscaler, policy = _process
    return stoppable(lambda: _attempt(job, upscaler, policy))
