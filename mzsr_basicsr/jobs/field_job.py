"""Upscale one file of the field by the module of `mzsr_basicsr.fields` that knows its kind."""

from importlib import import_module
from typing import Any

from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.policy import FilePolicy
from mzsr_basicsr.upscaling.render import Progress
from mzsr_basicsr.upscaling.upscaler import Upscaler


def run_field(
    field: str, job: FileJob, upscaler: Upscaler, policy: FilePolicy, progress: Progress | None
) -> dict[str, Any]:
    """Upscale a file of the field.

    Args:
        field: see `field_of`; its module has `upscale_file(source, target, upscaler, progress)`, which gives a record.
        job: source and target; the target's folder is there.
        upscaler: the network and its choices.
        policy: what else to write.
        progress: called with (done, in all).

    Raises:
        MZSRError: one line; nothing half-written stays.
    """
    module = import_module(f"mzsr_basicsr.fields.{field}")
    more = {"cog": policy.cog} if field == "scene" else {}
    record: dict[str, Any] = module.upscale_file(job.source, job.target, upscaler, progress, **more)
    if policy.compare:
        record["notices"].append(f"--compare draws nothing for files of the kind {field}")
    return record
