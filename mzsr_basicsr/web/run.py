"""One task of a visitor: upscaled as `mzsr upscale` does it, with progress, and pictures of what was done."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from mzsr_basicsr.adaptation.limits import heard
from mzsr_basicsr.degradation.kernel_files import save_kernel
from mzsr_basicsr.degradation.path import path_kernel
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.jobs.file_jobs import FileJob, list_jobs
from mzsr_basicsr.jobs.fit import judged
from mzsr_basicsr.jobs.policy import FilePolicy
from mzsr_basicsr.jobs.worker import run_job
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Plan, Upscaler
from mzsr_basicsr.web.messages import Done, Event, Refused, Task, Working
from mzsr_basicsr.web.pictures import kernel_picture, shown_pair
from mzsr_basicsr.web.plot import losses_plot

KERNEL = "kernel.npy"


class Watched(Upscaler):
    """An upscaler that says what it is at, and keeps the first plan it makes."""

    tell: Callable[[Working], None] = staticmethod(lambda event: None)
    first: Plan | None = None

    def plan_from(self, *given: Any, **more: Any) -> Plan:
        """Do as an upscaler does."""
        known = self.settings.kernel not in ("auto", "auto-free")
        self.tell(Working("Reading the picture" if known else "Finding the blur"))
        updates = self.settings.effort.updates
        with heard(lambda made: self.tell(Working("Learning from the picture", made, updates, "updates"))):
            plan = super().plan_from(*given, **more)
        self.first = self.first or plan
        return plan


class Runner:
    """Does tasks, one after the other; the network of the last choices is kept.

    Args:
        tell: takes events on the way.
    """

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self._upscaler = lru_cache(maxsize=1)(Watched)

    def run(self, task: Task) -> Event:
        """Do a task; whatever is wrong with its file becomes the line of `Refused`."""
        try:
            return self._run(task)
        except MZSRError as error:
            return Refused(plain(str(error), task))
        except MemoryError:
            return Refused("not enough memory for this file; try a smaller picture or a smaller scale")
        except OSError as error:
            return Refused(f"the result cannot be written ({error.strerror or error}); free space on the server's disk")

    def _run(self, task: Task) -> Event:
        self._tell(Working("Reading the picture"))
        settings = task.settings
        if task.path is not None:
            drawn = task.folder / KERNEL
            save_kernel(path_kernel(task.path), drawn)
            settings = replace(settings, kernel=str(drawn))
        settings.check_before_work()
        job = judged(job_of(task.source, task.folder / "result", settings.scale), settings.scale)
        upscaler = self._upscaler(settings)
        upscaler.tell, upscaler.first = self._tell, None
        record = run_job(job, upscaler, FilePolicy(), lambda done, total: self._tell(_progress(job, done, total)))
        self._tell(Working("Drawing the comparison"))
        return _told(job, task.folder, settings, upscaler.first, record)


def job_of(source: Path, folder: Path, scale: float) -> FileJob:
    """Name the result of a file as `mzsr upscale -o FOLDER` does, with the scale behind its stem."""
    (job,) = list_jobs([str(source)], folder)
    own = source.name[: len(source.name) - len("".join(source.suffixes[-2:]))] if _double(source) else source.stem
    ending = job.target.name.removeprefix(own)
    return replace(job, target=job.target.with_name(f"{own}_x{scale:g}{ending}"))


def plain(line: str, task: Task) -> str:
    """Take the server's folders out of a line."""
    for folder in (task.folder / "result", task.folder, task.source.parent):
        line = re.sub(rf"{re.escape(str(folder))}(/|(?![\w.-]))", "", line)
    return line


def _double(source: Path) -> bool:
    return source.name.lower().endswith(".nii.gz")


def _progress(job: FileJob, done: int, total: int) -> Working:
    return Working("Upscaling", done, total, "frames" if job.video else "")


def _told(job: FileJob, folder: Path, settings: UpscaleSettings, plan: Plan | None, record: dict[str, Any]) -> Done:
    shown = shown_pair(job, folder, settings.scale)
    drawn, file, plot = None, folder / KERNEL, ""
    if plan is not None:
        kernel = plan.chosen.degradation.kernel
        drawn = kernel_picture(kernel, folder / "kernel.png")
        save_kernel(kernel, file)
        plot = losses_plot(plan.adapted.losses, plan.adapted.held_out, plan.adapted.kept)
    said = {**record, "notices": [plain(line, Task(job.source, folder, settings)) for line in record["notices"]]}
    before, after, reduced = shown or (None, None, 1)
    return Done(job.target, said, before, after, reduced, drawn, file if plan is not None else None, plot)
