"""`mzsr upscale FILE -o -`: one picture to the standard output, or into a pipe or a device with a name."""

import argparse
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.fields.kinds import field_of
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.fit import read_once
from mzsr_basicsr.jobs.search import PIPE, is_pipe
from mzsr_basicsr.jobs.streams import check_pipe_out, put_out, say
from mzsr_basicsr.pictures.kinds import WRITTEN, check_is_there
from mzsr_basicsr.upscaling.settings import UpscaleSettings

_STDOUT = (PIPE, "/dev/stdout", "/dev/fd/1")


def goes_out(output: str) -> bool:
    """Tell whether an output is a stream: -, a pipe such as the shell's >(COMMAND), or a device."""
    if output in _STDOUT or is_pipe(Path(output)):
        return True
    try:
        return stat.S_ISCHR(os.stat(output).st_mode)
    except (OSError, ValueError):
        return False


def prepare_pipe(arguments: argparse.Namespace, settings: UpscaleSettings) -> Callable[[], int]:
    """Check what a pipe needs, and give what does the work and gives the exit status.

    Raises:
        MZSRError: one line.
    """
    job = _checked(arguments)
    from mzsr_basicsr.jobs.worker import notices, upscale_picture, with_losses
    from mzsr_basicsr.pictures.header import check_can_hold, enlarged
    from mzsr_basicsr.pictures.reading import read_picture
    from mzsr_basicsr.pictures.writing import encode, prepare
    from mzsr_basicsr.upscaling.upscaler import Upscaler

    def work() -> int:
        read = read_once(job)
        if read.fault is not None:
            raise ConfigError(read.fault)
        picture = read_picture(job.source if read.content is None else read.content, job.name)
        own = {"JPEG": "jpg", "TIFF": "tif"}.get(picture.format, picture.format.lower())
        format = arguments.format or (own if own in WRITTEN else "png")
        check_can_hold(enlarged(picture, settings.scale), format, f"{format} output")
        upscaler = Upscaler(settings)
        result, plan, record = upscale_picture(picture, upscaler, job.name)
        content = encode(result, format)
        record["memory"] = upscaler.remember(plan)
        left_out = prepare(result, format, f"{format} output").extras.left_out
        record = with_losses(record, job.name, picture.extras.faults, left_out)
        _write(content, arguments.output)
        for notice in [*record["notices"], *notices(picture, read, format)]:
            say(f"warning: {notice}")
        if arguments.json:
            say(json.dumps(record))
        return 0

    return work


def _checked(arguments: argparse.Namespace) -> FileJob:
    """Refuse what cannot go into a pipe, and give the one picture."""
    if len(arguments.inputs) != 1 or os.path.isdir(arguments.inputs[0]):
        raise ConfigError(f"upscale: -o {arguments.output} writes one picture; give one file, or - for one")
    for name in ("compare", "cog", "overwrite", "skip_existing"):
        if getattr(arguments, name):
            say(f"warning: --{name.replace('_', '-')} is for files, and -o {arguments.output} writes none")
    job = FileJob(Path(os.path.expanduser(arguments.inputs[0])), Path(arguments.output))
    if not job.piped:
        check_is_there(job.source)
        if job.video or field_of(job.source) is not None:
            raise ImageError(f"{job.source}: no picture of the kinds that go into a pipe; give -o a file or a folder")
    if arguments.output in _STDOUT:
        check_pipe_out()
    return job


def _write(content: bytes, output: str) -> None:
    if output in _STDOUT:
        return put_out(content)
    try:
        Path(output).write_bytes(content)
    except OSError as error:
        raise ImageError(f"{output}: cannot be written ({error.strerror}); let it be read") from error
    return None
