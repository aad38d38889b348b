"""What becomes of a file, as far as its names alone tell: whether there is anything to do, or why it cannot be done.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mzsr_basicsr.clips.kinds import check_names
from mzsr_basicsr.errors import ImageError, MZSRError
from mzsr_basicsr.fields.kinds import OWN_KIND, check_field, field_of
from mzsr_basicsr.files.leftovers import tidy_up
from mzsr_basicsr.jobs.file_jobs import FileJob
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
    if policy.compare and os.path.realpath(compare_path(job.target)) == os.path.realpath(job.source):
        raise ImageError(f"{job.source}: --compare would write its picture over it; choose another output")
    if os.path.exists(job.target):
        if policy.skip_existing:
            tidy_up(job.target)
            return False
        if not policy.overwrite:
            raise ImageError(f"{job.target}: is there already; give --overwrite or --skip-existing")
    if job.video:
        check_names(job.source, job.target)
    else:
        check_is_there(job.source)
        field = field_of(job.source)
        if field is not None and field in OWN_KIND:
            check_field(job.source, job.target, field)
        else:
            format_of(job.target)
    _check_folder(job.target.parent)
    return True


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


def no_folder(folder: Path, reason: str | None) -> ImageError:
    """Make the error of a folder that cannot be made."""
    return ImageError(f"{folder}: cannot make this folder ({reason}); choose another output")


def _check_folder(folder: Path) -> None:
    """Refuse a folder that cannot be made, since something else stands in its place or above it."""
    for path in (folder, *folder.parents):
        if os.path.isdir(path):
            return
        if os.path.lexists(path):
            raise no_folder(folder, os.strerror(errno.EEXIST if path == folder else errno.ENOTDIR))


def compare_path(target: Path) -> Path:
    """Name the comparison picture beside a result."""
    return target.with_name(f"{target.stem}_compare.png")
