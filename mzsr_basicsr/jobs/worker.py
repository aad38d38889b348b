"""Upscale one file, and say in a record what was done."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from mzsr_basicsr.degradation.noise import jpeg_noise
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.fields.kinds import field_of
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.policy import FilePolicy, Record, compare_path, is_wanted, names_of, no_folder, skipped
from mzsr_basicsr.pictures.picture import Picture, upright
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import write_picture
from mzsr_basicsr.upscaling.memory import digest
from mzsr_basicsr.upscaling.record import adaptation_of, describe_run, numbers_of, offset_of
from mzsr_basicsr.upscaling.render import Progress
from mzsr_basicsr.upscaling.upscaler import Plan, Upscaler

CLIP_ARTEFACTS = 2 / 255  # σ; clips are compressed, and do not say how much


def run_job(job: FileJob, upscaler: Upscaler, policy: FilePolicy, progress: Progress | None = None) -> Record:
    """Upscale one file.

    Args:
        job: source and target; the target's folder is made.
        upscaler: the network and its choices.
        policy: about files that are there already.
        progress: called with (done, in all), in px or frames.

    Returns:
        A record for people and machines; `{"skipped": True}` in it where the target is there already.

    Raises:
        MZSRError: one line; nothing half-written stays.
    """
    if not is_wanted(job, policy):
        return skipped(job)
    start = perf_counter()
    record = _run(job, upscaler, policy, progress)
    return {**names_of(job), **record, "seconds_in_all": round(perf_counter() - start, 3)}


def upscale_picture(
    picture: Picture, upscaler: Upscaler, name: str, progress: Progress | None = None
) -> tuple[Picture, Plan, Record]:
    """Upscale a picture in memory; what belongs to it (ICC profile, EXIF data) stays with it."""
    declared = upscaler.settings.nodata
    picture = picture if declared is None else replace(picture, nodata=declared)
    nodata = picture.nodata
    plan = upscaler.plan(picture.pixels, picture.alpha, name, jpeg_noise(picture.quantization), nodata=nodata)
    start = perf_counter()
    pixels = upscaler.apply(picture.pixels, plan, picture.alpha, name, progress, nodata)
    seconds = {**plan.seconds, "upscaling": perf_counter() - start}
    record = {**describe_run(plan, upscaler.settings, picture.pixels, seconds), "memory": upscaler.remember(plan)}
    return replace(picture, pixels=pixels), plan, record


def _run(job: FileJob, upscaler: Upscaler, policy: FilePolicy, progress: Progress | None) -> Record:
    if job.video:
        return _run_clip(job, upscaler, progress)
    field = field_of(job.source)
    if field is not None:
        from mzsr_basicsr.jobs.field_job import run_field  # brings the library of its files

        _make_folder(job.target.parent)
        return run_field(field, job, upscaler, policy, progress)
    return _run_picture(job, upscaler, policy, progress)


def _run_picture(job: FileJob, upscaler: Upscaler, policy: FilePolicy, progress: Progress | None) -> Record:
    picture = read_picture(job.source)
    result, plan, record = upscale_picture(picture, upscaler, str(job.source), progress)
    _make_folder(job.target.parent)
    if policy.compare:
        from mzsr_basicsr.jobs.compare import comparison

        drawn = comparison(upright(picture), upright(result), plan.chosen.degradation.kernel, upscaler.settings.scale)
        write_picture(Picture(drawn), compare_path(job.target))
    try:
        write_picture(result, job.target)
    except MZSRError:
        if policy.compare:
            compare_path(job.target).unlink(missing_ok=True)
        raise
    return record


def _run_clip(job: FileJob, upscaler: Upscaler, progress: Progress | None) -> Record:
    """Upscale a clip: each shot is adapted to by its first frame.

    All ask the memory as it is before the clip, and what they learned is written when the clip is: a run that was
    stopped and goes on then finds the same.
    """
    from mzsr_basicsr.clips.video import upscale_video  # brings FFmpeg

    plans: list[Plan] = []
    known = upscaler.memory.known() if upscaler.memory is not None else None

    def adapt(first: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        plan = upscaler.plan(first, name=str(job.source), artefacts=CLIP_ARTEFACTS, known=known)
        plans.append(plan)
        return lambda frame: upscaler.apply(frame, plan, name=str(job.source))

    _make_folder(job.target.parent)
    settings = upscaler.settings.as_record()
    knows = None if known is None else digest(known)
    depends = json.dumps({**settings, "weights": upscaler.fingerprint, "memory": knows}, sort_keys=True)
    report = upscale_video(job.source, job.target, adapt, progress, fingerprint=depends)
    found = [plan.chosen.degradation for plan in plans]
    kernels = [{**numbers_of(one.kernel), "offset": offset_of(one, upscaler.settings.scale)} for one in found]
    notices = sorted({plan.notice for plan in plans if plan.notice})
    told = {"kernels": kernels, "signal": upscaler.manner.signal.name, "rule": upscaler.manner.rule, "notices": notices}
    told["adaptations"] = [{**adaptation_of(plan), "memory": upscaler.remember(plan)} for plan in plans]
    return {"settings": settings, "quality": upscaler.settings.quality, "clip": asdict(report), **told}


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise no_folder(folder, error.strerror) from error
