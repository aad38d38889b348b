"""Upscale one file, and say in a record what was done."""

from dataclasses import replace
from pathlib import Path
from time import perf_counter

from mzsr_basicsr.degradation.noise import jpeg_noise
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.fields.kinds import field_of
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.outputs import no_folder
from mzsr_basicsr.jobs.policy import FilePolicy, Record, is_wanted, names_of, skipped, to_draw
from mzsr_basicsr.pictures.header import check_can_hold, depth_notice, enlarged
from mzsr_basicsr.pictures.kinds import format_of, said_kind
from mzsr_basicsr.pictures.metadata import lines_about
from mzsr_basicsr.pictures.picture import Picture, upright
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.resized import resized
from mzsr_basicsr.pictures.writing import write_picture
from mzsr_basicsr.upscaling.described import describe_run
from mzsr_basicsr.upscaling.render import Progress
from mzsr_basicsr.upscaling.upscaler import Plan, Upscaler


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
    """Upscale a picture in memory; what belongs to it (ICC profile, EXIF data) stays with it.

    What was learned is to be remembered when its result is written.
    """
    declared = upscaler.settings.nodata
    picture = picture if declared is None else replace(picture, nodata=declared)
    nodata = picture.nodata
    plan = upscaler.plan(picture.pixels, picture.alpha, name, jpeg_noise(picture.quantization), nodata=nodata)
    start = perf_counter()
    pixels = upscaler.apply(picture.pixels, plan, picture.alpha, name, progress, nodata)
    seconds = {**plan.seconds, "upscaling": perf_counter() - start}
    record = describe_run(plan, upscaler.settings, picture.pixels, seconds)
    return resized(picture, pixels, upscaler.settings.scale), plan, record


def _run(job: FileJob, upscaler: Upscaler, policy: FilePolicy, progress: Progress | None) -> Record:
    if job.video:
        from mzsr_basicsr.jobs.clip_job import run_clip  # brings FFmpeg

        _make_folder(job.target.parent)
        return run_clip(job, upscaler, to_draw(job, policy) is not None, progress)
    field = field_of(job.source, job.target)
    if field is not None:
        from mzsr_basicsr.jobs.field_job import run_field  # brings the library of its files

        _make_folder(job.target.parent)
        return run_field(field, job, upscaler, policy, progress)
    return _run_picture(job, upscaler, policy, progress)


def _run_picture(job: FileJob, upscaler: Upscaler, policy: FilePolicy, progress: Progress | None) -> Record:
    picture = read_picture(job.source if job.content is None else job.content, job.name)
    scale, format = upscaler.settings.scale, format_of(job.target)
    check_can_hold(enlarged(picture, scale), format, str(job.target))
    result, plan, record = upscale_picture(picture, upscaler, job.name, progress)
    record["notices"] += notices(picture, job, format)
    _make_folder(job.target.parent)
    place = to_draw(job, policy)
    if place is not None:
        from mzsr_basicsr.jobs.compare import comparison

        drawn = comparison(upright(picture), upright(result), plan.chosen.degradation.kernel, scale)
        write_picture(Picture(drawn), place)
    try:
        left_out = write_picture(result, job.target, then=lambda: record.update(memory=upscaler.remember(plan)))
    except MZSRError:
        if place is not None:
            place.unlink(missing_ok=True)
        raise
    return with_losses(record, job.name, picture.extras.faults, left_out)


def with_losses(record: Record, name: str, faults: tuple[str, ...], left_out: tuple[str, ...]) -> Record:
    """Say in a record what was damaged in a file and what was not kept of it."""
    notices = [*record["notices"], *lines_about(name, faults, left_out)]
    return {**record, "damaged": list(faults), "left_out": list(left_out), "notices": notices}


def notices(picture: Picture, job: FileJob, format: str) -> list[str]:
    """Say what a name does not say of its file, and what the format of the result cannot hold."""
    said, lines = said_kind(job.source), []
    if said is not None and picture.format not in (said, "MPO") and job.content is None:
        lines.append(
            f"{job.name}: is {picture.format} by its content, not {said} as its ending says; its result is {format}"
        )
    lost = depth_notice(picture, format)
    return [*lines, *([f"{job.target}: {lost}"] if lost else [])]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise no_folder(folder, error.strerror) from error
