"""Run the tasks of a benchmark, one by one or in processes side by side; a failed one does not stop the rest."""

import multiprocessing
import os
import shutil
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path

import torch

from mzsr_basicsr.benchmark.run.bench import Bench
from mzsr_basicsr.benchmark.run.cell import Task
from mzsr_basicsr.benchmark.run.plan import Plan
from mzsr_basicsr.jobs.interrupt import shielding_children, stop_worker_on_sigterm, stoppable, wait_for_the_parent
from mzsr_basicsr.jobs.streams import never_raise

Outcome = tuple[Task, str | None]  # the line that says why it failed, or None
KILLED = "its process was killed, maybe for lack of memory; give --jobs 1, or leave this image out"


def run_tasks(
    tasks: list[Task], plan: Plan, folder: Path, device: torch.device, jobs: int, threads: int
) -> Iterator[Outcome]:
    """Yield each task when it is done.

    Args:
        tasks: what to do.
        plan: the methods.
        folder: of the results.
        device: to work on.
        jobs: processes; with one, this process does the work.
        threads: of each process.
    """
    if jobs == 1:
        torch.set_num_threads(threads)
        bench = Bench(plan, folder, device)
        yield from ((task, bench.attempt(task)) for task in tasks)
        return
    shutil.rmtree(folder / "begun", ignore_errors=True)  # of a run that was killed as a whole
    waiting = tasks
    while waiting:
        suspects: list[Task] = []
        done: set[str] = set()
        with closing(_one_pool(waiting, suspects, plan, folder, device, jobs, threads)) as outcomes:
            for task, line in outcomes:
                done.add(task.key)
                yield task, line
        for task in suspects:  # one of them killed its process: by itself, only that one does it again
            with closing(_one_pool([task], [], plan, folder, device, 1, threads)) as outcomes:
                yield next(outcomes, (task, KILLED))
            done.add(task.key)
        waiting = [task for task in waiting if task.key not in done]
    shutil.rmtree(folder / "begun", ignore_errors=True)


def _one_pool(
    tasks: list[Task], suspects: list[Task], plan: Plan, folder: Path, device: torch.device, jobs: int, threads: int
) -> Generator[Outcome, None, None]:
    """Run tasks until they are done or a process is killed; then the tasks that were begun are the suspects."""
    context = multiprocessing.get_context("spawn")
    start = (plan, folder, device, threads, os.getpid())
    pool = ProcessPoolExecutor(min(jobs, len(tasks)), context, _start_process, start)
    try:
        with shielding_children():
            futures: dict[Future[str | None], Task] = {pool.submit(_in_process, task): task for task in tasks}
        for future in as_completed(futures):
            try:
                yield futures[future], future.result()
            except BrokenProcessPool:
                suspects.extend(task for task in tasks if _mark(folder, task).exists())
                suspects.extend([] if suspects else [futures[future]])
                return
        pool.shutdown()
    finally:  # on Ctrl-C nobody waits for what is not done
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()


_bench: tuple[Bench, Path] | None = None  # of a worker process, set once when it starts


def _start_process(plan: Plan, folder: Path, device: torch.device, threads: int, parent: int) -> None:
    global _bench
    never_raise()
    wait_for_the_parent(parent)
    torch.set_num_threads(threads)
    _bench = Bench(plan, folder, device), folder
    stop_worker_on_sigterm()


def _in_process(task: Task) -> str | None:
    if _bench is None:
        raise RuntimeError("a worker process that was not started by _start_process")
    bench, folder = _bench
    mark = _mark(folder, task)  # it stays where this process is killed
    mark.parent.mkdir(exist_ok=True)
    mark.touch()
    try:
        return stoppable(lambda: bench.attempt(task))
    finally:
        mark.unlink(missing_ok=True)


def _mark(folder: Path, task: Task) -> Path:
    return folder / "begun" / task.key
