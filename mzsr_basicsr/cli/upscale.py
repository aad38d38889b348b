"""`mzsr upscale`: photographs and clips, made larger and sharper."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from mzsr_basicsr.cli.upscale_choices import add_choices, choices
from mzsr_basicsr.cli.upscale_report import say_how_many, tell_all, tell_json, teller
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.file_jobs import check_ending, list_jobs
from mzsr_basicsr.jobs.interrupt import INTERRUPTED, TERMINATED, ending_at_once, put_out, say, stop_on_sigterm
from mzsr_basicsr.jobs.policy import FilePolicy, foregone
from mzsr_basicsr.pictures.kinds import WRITTEN
from mzsr_basicsr.upscaling.settings import ESTIMATED, UpscaleSettings

_EXAMPLES = """examples:
  mzsr upscale photo.jpg -o out                       the kernel is estimated, the result lies in out/photo.jpg
  mzsr upscale scans/ -o big --scale 4 --format png   a whole folder, four times as large
  mzsr upscale a.png -o b.png --kernel gaussian:2.0,2.0,0   a known kernel: variances in px², angle in radians
  mzsr upscale clip.mp4 -o clip_x2.mkv                a clip; run it again to go on where it was stopped
  mzsr upscale - -o - <a.png >b.png                   in a pipe
"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser(
        "upscale",
        help="enlarge pictures and clips; no training and no option file needed",
        description="Enlarge pictures and clips by zero-shot super-resolution: the network adapts to each one.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    d = UpscaleSettings()
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
    there = parser.add_mutually_exclusive_group()
    there.add_argument("--overwrite", action="store_true", help="replace results that are there already")
    there.add_argument("--skip-existing", action="store_true", help="leave results that are there already")
    parser.add_argument("--compare", action="store_true", help="also write NAME_compare.png: bicubic, result, kernel")
    parser.add_argument("--cog", action="store_true", help="write scenes (GeoTIFF) as Cloud Optimized GeoTIFF")
    parser.add_argument("--json", action="store_true", help="one JSON record a file on the standard output")
    parser.set_defaults(run=run, device=d.device)


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
    settings = choices(arguments)
    if not 1 <= arguments.jobs <= 4 * (os.cpu_count() or 1):
        raise ConfigError(f"jobs: {arguments.jobs} must be from 1 to {4 * (os.cpu_count() or 1)}")
    settings.check_before_work()
    if "-" in (*arguments.inputs, arguments.output):
        return _prepare_pipe(arguments, settings)
    output = Path(os.path.expanduser(arguments.output))
    check_ending(output, arguments.format)
    jobs = list_jobs(arguments.inputs, output, arguments.format)
    if arguments.format and any(job.video for job in jobs):
        say(f"warning: --format {arguments.format} is for pictures; clips keep their own kind, or become .mp4")
    policy = FilePolicy(arguments.overwrite, arguments.skip_existing, arguments.compare, arguments.cog)
    report = tell_json if arguments.json else teller()
    known = [outcome for job in jobs if (outcome := foregone(job, policy)) is not None]
    if len(known) == len(jobs):
        return lambda: tell_all(jobs, known, report)
    from mzsr_basicsr.degradation.kernel_files import load_kernel
    from mzsr_basicsr.jobs.batch import run_batch

    if settings.kernel not in (*ESTIMATED, "bicubic"):
        load_kernel(settings.kernel)  # a damaged file is said once, not for each picture
    return lambda: say_how_many(run_batch(jobs, settings, policy, arguments.jobs, report), len(jobs))


def _prepare_pipe(arguments: argparse.Namespace, settings: UpscaleSettings) -> Callable[[], int]:
    """Prepare to read one picture from the standard input, and to write it to the standard output."""
    if len(arguments.inputs) != 1 or arguments.inputs[0] != "-" or arguments.output != "-":
        raise ConfigError("upscale: - reads one picture and writes one: mzsr upscale - -o - [--format png] <IN >OUT")
    from mzsr_basicsr.jobs.worker import upscale_picture, with_losses
    from mzsr_basicsr.pictures.reading import read_picture
    from mzsr_basicsr.pictures.writing import encode, prepare
    from mzsr_basicsr.upscaling.upscaler import Upscaler

    def work() -> int:
        picture = read_picture(sys.stdin.buffer.read(), "standard input")
        result, _, record = upscale_picture(picture, Upscaler(settings), "standard input")
        own = {"JPEG": "jpg", "TIFF": "tif"}.get(picture.format, picture.format.lower())
        format = arguments.format or (own if own in WRITTEN else "png")
        put_out(encode(result, format))
        left_out = prepare(result, format, "standard output").extras.left_out
        record = with_losses(record, "standard input", picture.extras.faults, left_out)
        for notice in record["notices"]:
            say(f"warning: {notice}")
        if arguments.json:
            say(json.dumps(record))
        return 0

    return work
