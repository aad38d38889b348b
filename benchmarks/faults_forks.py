"""A process that has loaded the package forks one for each try: it runs a command, and may be killed at any moment.

To import PyTorch takes seconds, a fork some milliseconds; a campaign of thousands of tries is possible only so. What a
fork does not show is a kill during Python's own start, when nothing of ours has run. The command has a session of its
own, so that it can be killed with all the processes that it has started.
"""

import atexit
import contextlib
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # what is tried is the tree that this lies in
CRASHED = 70  # status of a command that ended by an exception that is not its own to raise
Work = Callable[[], object]


@dataclass(frozen=True)
class End:
    """How a command ended: its status (-N: by signal N), its standard output and error, and the seconds it took."""

    status: int
    out: str
    err: str
    seconds: float


class Running:
    """One command that was started in a folder.

    Args:
        folder: to work in.
        work: what it does.
        user: number of the user that it runs as; None for the one of this process.
        said: the file, with other endings, that takes its output; None for one beside the folder.
    """

    def __init__(self, folder: Path, work: Work, user: int | None = None, said: Path | None = None) -> None:
        self._texts = [(said or folder).with_suffix(ending) for ending in (".out", ".err")]
        self._begun = time.perf_counter()
        self.pid = os.fork()
        if not self.pid:
            _be_the_command(folder, work, self._texts, user)

    def ended(self) -> bool:
        """Tell whether it has ended by itself."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self, seconds: float) -> End:
        """Wait for its end; after so many seconds it is killed, with all of its processes."""
        until = time.perf_counter() + seconds
        while not self.ended() and time.perf_counter() < until:
            time.sleep(0.002)
        took = time.perf_counter() - self._begun
        if not self.ended():
            self.kill()
        found = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        status = 0 if found is None else found.si_status * (1 if found.si_code == os.CLD_EXITED else -1)
        out, err = (path.read_text(errors="replace") if path.is_file() else "" for path in self._texts)
        return End(status, out, err, took)

    def kill(self) -> None:
        """Kill all of its processes. Its number is not another's yet: that is given back by `close`."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """End all that is left of it."""
        self.kill()
        os.waitpid(self.pid, 0)

    def members(self) -> list[int]:
        """List the processes of the command that are alive: itself and those that it has started."""
        return _sessions().get(self.pid, [])


def run(folder: Path, work: Work, seconds: float = 120, user: int | None = None, said: Path | None = None) -> End:
    """Run a command to its end, see `Running`, and end what it left behind."""
    running = Running(folder, work, user, said)
    end = running.wait(seconds)
    running.close()
    return end


def _sessions() -> dict[int, list[int]]:
    """List the living processes of each session."""
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, _, _, session = entry.read_text().rpartition(")")[2].split()[:4]
            if state not in "ZX":
                found.setdefault(int(session), []).append(int(entry.parent.name))
    return found


def _be_the_command(folder: Path, work: Work, texts: list[Path], user: int | None) -> None:
    """Be the new process until its end."""
    os.setsid()
    os.chdir(folder)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for target, path in enumerate(texts, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), target)
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    os._exit(ended_as_python(work))


def ended_as_python(work: Work) -> int:
    """Do the work and give the exit status, printing as Python does."""
    status = 0
    try:
        work()
        atexit._run_exitfuncs()
    except SystemExit as stop:
        atexit._run_exitfuncs()
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001  a traceback is a find, whatever it is of
        traceback.print_exc()
        status = CRASHED
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    return status


def command(*words: object) -> Work:
    """Give the work of `mzsr WORDS`. Worker processes are forked, too, where the command would spawn them."""

    def work() -> None:
        from mzsr_basicsr.cli import main

        sys.argv = ["mzsr", *map(str, words)]
        multiprocessing.get_context = partial(_forking, multiprocessing.get_context)  # type: ignore[assignment]
        main.main()

    return work


def _forking(get: Callable[[str | None], object], kind: str | None = None) -> object:
    return get("fork" if kind == "spawn" else kind)


def ranks(count: int, port: int, work: Work) -> Work:
    """Give the work of several processes of one training, as torchrun starts them."""

    def together() -> None:
        children = []
        for rank in range(count):
            pid = os.fork()
            if not pid:
                os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count)}
                os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
                os._exit(ended_as_python(work))
            children.append(pid)
        found = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
        sys.exit(next((status for status in found if status), 0))

    return together


def load_all() -> None:
    """Load all that commands need, with one thread: a process with more of them must not fork."""
    import importlib

    import torch

    import mzsr_basicsr.host.compat

    torch.set_num_threads(1)
    jobs = ("jobs.batch", "jobs.processes", "jobs.worker", "jobs.clip_job", "jobs.degraded")
    for name in ("cli.commands", *jobs, "collection.adapt", "benchmark.study"):
        importlib.import_module(f"mzsr_basicsr.{name}")
    for name in ("fields.pages_stack", "fields.scene_run", "fields.dicom.upscale", "fields.nifti.upscale"):
        importlib.import_module(f"mzsr_basicsr.{name}")
    importlib.import_module("basicsr.train")
    importlib.import_module("mzsr_basicsr.models.mzsr_model")
    for name in ("multiprocessing.popen_fork", "multiprocessing.synchronize", "multiprocessing.resource_tracker"):
        importlib.import_module(name)  # another user may not read Python's own files
    mzsr_basicsr.host.compat.mend()
