"""What becomes of a file, as far as its names alone tell: whether there is anything to do, or why it cannot be done.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mzsr_basicsr.clips.kinds import check_names
from mzsr_basicsr.errors import ImageError, MZSRError
from mzsr_basicsr.fields.kinds import OWN_KIND, check_field, field_of
from mzsr_basicsr.files.leftovers import tidy_up
from mzsr_basicsr.jobs.file_jobs import FileJob, compare_path
from mzsr_basicsr.jobs.outputs import fault_of_file, is_one_of
from mzsr_basicsr.pictures.kinds import check_is_there, format_of

Record = dict[str, Any]


@dataclass(frozen=True)
class FilePolicy:
    """What to do about files that are there, and what to write beside the result."""

    overwrite: bool = False
    skip_existing: bool = False
    compare: bool = False
    cog: bool = False


def is_wanted(job: FileJob, policy: FilePolicy) -> bool:
    """Tell whether a file is to be upscaled; it is not where its result is there and such files are skipped.

    Raises:
        ImageError: it cannot be upscaled: it is not there, or its result may not or cannot be written.
    """
    if job.fault is not None:
        raise ImageError(job.fault)
    drawn = to_draw(job, policy)
    if drawn is not None and is_one_of(drawn, [job.source]):
        raise ImageError(f"{job.name}: --compare would write its picture over it; choose another output")
    if os.path.exists(job.target):
        if policy.skip_existing:
            tidy_up(job.target)
            return False
        if not policy.overwrite:
            raise ImageError(f"{job.target}: is there already; give --overwrite or --skip-existing")
    if drawn is not None and os.path.lexists(drawn) and not policy.overwrite:
        raise ImageError(f"{drawn}: is there already, and --compare would replace it; give --overwrite, or move it")
    check_kinds(job)
    check_places(job.target, drawn)
    return True


def to_draw(job: FileJob, policy: FilePolicy) -> Path | None:
    """Give where a comparison is to be drawn; None for none. One that is there is skipped where results are."""
    if not policy.compare:
        return None
    path = job.comparison or compare_path(job.target)
    return None if policy.skip_existing and os.path.lexists(path) else path


def check_kinds(job: FileJob) -> None:
    """Refuse a file that is not there, and one of a kind that is not read, or not written as asked.

    Raises:
        MZSRError: one line.
    """
    if job.piped:
        format_of(job.target)
    elif job.video:
        check_names(job.source, job.target)
    else:
        check_is_there(job.source)
        field = field_of(job.source)
        if field is not None and field in OWN_KIND:
            check_field(job.source, job.target, field)
        else:
            format_of(job.target)


def check_places(*paths: Path | None) -> None:
    """Refuse files that cannot be written where they shall lie; None stands for one that is not written.

    Raises:
        ImageError: one line.
    """
    for path in paths:
        fault = None if path is None else fault_of_file(path)
        if fault is not None:
            raise ImageError(fault)


def names_of(job: FileJob) -> Record:
    """Begin the record of a file."""
    return {"source": str(job.source), "target": str(job.target)}


def skipped(job: FileJob) -> Record:
    """Make the record of a file whose result is there already."""
    return {**names_of(job), "skipped": True}


def foregone(job: FileJob, policy: FilePolicy) -> Record | str | None:
    """Give the record of a file that is skipped, or the line that refuses it; None: only work will tell."""
    try:
        return None if is_wanted(job, policy) else skipped(job)
    except MZSRError as error:
        return str(error)
