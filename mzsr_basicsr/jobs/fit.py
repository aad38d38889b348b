"""The last look at a file before the work: sources that can be read only once, and results that no file could hold."""

from dataclasses import replace

from mzsr_basicsr.errors import MZSRError, refusal
from mzsr_basicsr.fields.kinds import field_of
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.search import PIPE
from mzsr_basicsr.jobs.streams import read_pipe_in


def judged(job: FileJob, scale: float) -> FileJob:
    """Give a job its fault, if the header of its picture says that the format of the result cannot hold it.

    Args:
        job: clips, files of the field and pipes are left as they are.
        scale: result over source.
    """
    if job.fault or job.piped or job.video or field_of(job.source) is not None:
        return job
    from mzsr_basicsr.pictures.header import check_fits  # brings Pillow

    return replace(job, fault=refusal(check_fits, job.source, job.target, scale))


def read_once(job: FileJob) -> FileJob:
    """Read the source of a job that is a pipe: another process may not have it, and it cannot be read again."""
    if job.fault or not job.piped or job.content is not None:
        return job
    try:
        return replace(job, content=read_pipe_in() if str(job.source) == PIPE else job.source.read_bytes())
    except OSError as error:
        return replace(
            job, fault=f"{job.name}: cannot be read ({error.strerror or error}); give a readable picture file"
        )
    except MZSRError as error:
        return replace(job, fault=str(error))
