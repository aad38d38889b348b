"""`mzsr upscale`: photographs and clips, made larger and sharper."""

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mzsr_basicsr.cli.groups import add_command
from mzsr_basicsr.cli.many import add_many, check_not_many, read_many
from mzsr_basicsr.cli.settings import read_settings
from mzsr_basicsr.cli.upscale_choices import add_choices
from mzsr_basicsr.cli.upscale_pipe import goes_out, prepare_pipe
from mzsr_basicsr.cli.upscale_report import say_how_many, tell_all, tell_json, teller
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.file_jobs import FileJob, check_ending, list_jobs, share_of
from mzsr_basicsr.jobs.fit import judged, read_once
from mzsr_basicsr.jobs.interrupt import INTERRUPTED, TERMINATED, ending_at_once, stop_on_sigterm
from mzsr_basicsr.jobs.outputs import is_one_of
from mzsr_basicsr.jobs.policy import FilePolicy, foregone
from mzsr_basicsr.jobs.streams import say
from mzsr_basicsr.pictures.kinds import WRITTEN
from mzsr_basicsr.upscaling.settings import ESTIMATED, UpscaleSettings

_EXAMPLES = """examples:
  mzsr upscale photo.jpg -o out                       the kernel is estimated, the result lies in out/photo.jpg
  mzsr upscale scans/ -o big --scale 4 --format png   a whole folder, four times as large
  mzsr upscale a.png -o b.png --kernel gaussian:2.0,2.0,0   a known kernel: variances in px², angle in radians
  mzsr upscale clip.mp4 -o clip_x2.mkv                a clip; run it again to go on where it was stopped
  mzsr upscale - -o - <a.png >b.png                   in a pipe; one of the two may be a file
"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    line = "enlarge pictures and clips; no training, no option file"
    more = "Enlarge pictures and clips by zero-shot super-resolution: the network adapts to each one."
    parser = add_command(commands, "upscale", line, _EXAMPLES, more)
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="file, folder, glob, or - for the standard input")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        help="folder, or a file name for one single input, or - for the standard output",
    )
    add_choices(parser)
    parser.add_argument("--format", choices=list(WRITTEN), help="of the results (default: as the input)")
    parser.add_argument("--jobs", type=int, default=1, help="files at work side by side (default: %(default)s)")
    add_many(parser, "files")
    there = parser.add_mutually_exclusive_group()
    there.add_argument("--overwrite", action="store_true", help="replace results that are there already")
    there.add_argument("--skip-existing", action="store_true", help="leave results that are there already")
    parser.add_argument("--compare", action="store_true", help="also write NAME_compare.png: bicubic, result, kernel")
    parser.add_argument("--cog", action="store_true", help="write scenes (GeoTIFF) as Cloud Optimized GeoTIFF")
    parser.add_argument("--json", action="store_true", help="one JSON record a file on the standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Upscale what was asked for; the exit status is 0 if all went well, 130 or 143 if interrupted, else 1."""
    try:
        with ending_at_once():
            work = _prepare(arguments)
        stop_on_sigterm()
        return work()
    except (KeyboardInterrupt, SystemExit) as stop:  # the latter from `stop_on_sigterm`
        say("error: interrupted; finished results are whole, the others were not written")
        return TERMINATED if isinstance(stop, SystemExit) else INTERRUPTED


def _prepare(arguments: argparse.Namespace) -> Callable[[], int]:
    """Check all that can be checked at once, and only then load what the work needs."""
    settings = read_settings(arguments)
    if not 1 <= arguments.jobs <= 4 * (os.cpu_count() or 1):
        raise ConfigError(f"jobs: {arguments.jobs} must be from 1 to {4 * (os.cpu_count() or 1)}")
    shard, hands = read_many(arguments)
    settings.check_before_work()
    output = os.path.expanduser(arguments.output)
    if goes_out(output):
        check_not_many(arguments)
        return prepare_pipe(arguments, settings)
    check_ending(output, arguments.format)
    jobs = list_jobs(arguments.inputs, output, arguments.format, arguments.compare, say)
    if arguments.format and any(job.video for job in jobs):
        say(f"warning: --format {arguments.format} is for pictures; clips keep their own kind, or become .mp4")
    _check_memory(settings, jobs)
    if shard is not None:
        files, jobs = len(jobs), share_of(jobs, shard)
        say(f"shard {shard}: {len(jobs)} of {files} files")
    policy = FilePolicy(arguments.overwrite, arguments.skip_existing, arguments.compare, arguments.cog)
    report = tell_json if arguments.json else teller()
    for judge in (lambda job: job, lambda job: judged(job, settings.scale)):  # by names alone, then by headers
        jobs = [judge(job) for job in jobs]
        known = [outcome for job in jobs if (outcome := foregone(job, policy)) is not None]
        if len(known) == len(jobs):
            return lambda: tell_all(jobs, known, report)
    from mzsr_basicsr.jobs.batch import run_batch

    if settings.kernel not in (*ESTIMATED, "bicubic"):
        from mzsr_basicsr.degradation.kernel_files import load_kernel

        load_kernel(settings.kernel)  # a damaged file is said once, not for each picture
    jobs = [read_once(job) for job in jobs]
    hands = replace(hands, processes=min(hands.processes, len(jobs)), gpus=int(settings.device == "cuda"))
    return lambda: say_how_many(run_batch(jobs, settings, policy, hands, report), len(jobs))


def _check_memory(settings: UpscaleSettings, jobs: list[FileJob]) -> None:
    """Refuse a memory that is a picture, or would be written over one."""
    if settings.memory is not None:
        memory = Path(os.path.expanduser(settings.memory))
        if is_one_of(memory, [path for job in jobs for path in (job.source, *job.outputs)]):
            raise ConfigError(f"memory: {memory} is an input or a result, too; give --memory a file of its own")
