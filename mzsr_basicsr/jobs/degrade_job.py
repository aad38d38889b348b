"""Make the LR picture of one file, and say in a line what was written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.policy import check_kinds, check_places
from mzsr_basicsr.jobs.streams import say
from mzsr_basicsr.pictures.kinds import format_of, said_kind

if TYPE_CHECKING:
    from mzsr_basicsr.jobs.degraded import Degrading
    from mzsr_basicsr.pictures.picture import Picture


def check_job(job: FileJob, overwrite: bool) -> None:
    """Refuse a file that is no picture by its name, is not there, or whose LR picture may not or cannot be written.

    Raises:
        MZSRError: one line.
    """
    if job.fault is not None:
        raise ImageError(job.fault)
    if job.video:
        raise ImageError(f"{job.source}: a clip or a GIF; give pictures of another kind, such as PNG")
    if os.path.exists(job.target) and not overwrite:
        raise ImageError(f"{job.target}: is there already; give --overwrite or another output")
    check_kinds(job)
    check_places(job.target)


def degrade_file(job: FileJob, how: Degrading, noise_name: str, overwrite: bool) -> str:
    """Make one LR picture.

    Args:
        job: file to read and file to write, whose folder is made.
        how: the choices.
        noise_name: what the noise depends on, beside the seed.
        overwrite: replace a file that is there.

    Returns:
        A line that says what was written.

    Raises:
        MZSRError: one line; nothing half-written stays.
    """
    from mzsr_basicsr.jobs.degraded import degrade_picture
    from mzsr_basicsr.pictures.header import check_can_hold, enlarged
    from mzsr_basicsr.pictures.metadata import lines_about
    from mzsr_basicsr.pictures.reading import read_picture
    from mzsr_basicsr.pictures.writing import turned_for, write_picture

    check_job(job, overwrite)
    read = read_picture(job.source if job.content is None else job.content, job.name)
    check_can_hold(enlarged(read, 1 / how.degradation.scale), format_of(job.target), str(job.target))
    picture = turned_for(read, job.target)  # so that the kernel lies on the LR picture's axes
    try:
        result = degrade_picture(picture, how, job.name, noise_name)
        job.target.parent.mkdir(parents=True, exist_ok=True)
    except MemoryError as error:
        raise ImageError(f"{job.source}: not enough memory to degrade it; cut it into smaller pictures") from error
    except OSError as error:
        raise ImageError(f"{job.target.parent}: cannot be made ({error.strerror}); name another output") from error
    left_out = write_picture(result, job.target)
    for line in lines_about(job.name, read.extras.faults, left_out):
        say(f"warning: {line}")
    height, width, _ = result.pixels.shape
    return f"{job.name} -> {job.target}, {width}x{height} px, {_words(how)}{_lie(read, job)}"


def _words(how: Degrading) -> str:
    """Say how pixels were lost, and what that means for who upscales the picture."""
    if how.degradation.subsampling == "bicubic":
        return "bicubic (centred)"
    return "direct (top-left pixels: upscale it with --subsampling direct, or with its kernel)"


def _lie(read: Picture, job: FileJob) -> str:
    """Say what a file is whose ending says something else."""
    said = said_kind(job.source)
    lies = said is not None and read.format not in (said, "MPO") and job.content is None
    return f"; it is {read.format} by its content, not {said}" if lies else ""
