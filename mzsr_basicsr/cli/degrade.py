"""`mzsr degrade`: make the LR pictures of HR pictures."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mzsr_basicsr.cli.groups import add_command
from mzsr_basicsr.cli.settings import add_setting
from mzsr_basicsr.degradation.kernel_text import ALLOWED
from mzsr_basicsr.degradation.names import SUBSAMPLING_METHODS, usual_subsampling
from mzsr_basicsr.errors import MZSRError, refusal
from mzsr_basicsr.jobs.degrade_choices import KERNELS, check_kernel, check_range, check_seed
from mzsr_basicsr.jobs.degrade_job import check_job, degrade_file
from mzsr_basicsr.jobs.file_jobs import FileJob, list_jobs
from mzsr_basicsr.jobs.fit import judged, read_once
from mzsr_basicsr.jobs.interrupt import ending_at_once
from mzsr_basicsr.jobs.streams import put_out, say
from mzsr_basicsr.pictures.kinds import WRITTEN

if TYPE_CHECKING:
    from mzsr_basicsr.jobs.degraded import Degrading

_EPILOG = """examples:
  mzsr degrade photos -o lr --kernel gaussian:2.0,2.0,0,21 --scale 2 --subsampling direct
  mzsr degrade 'scans/*.tif' -o lr --kernel blur.mat --scale 3 --noise 5 --seed 1 --format tif
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add `degrade` to the commands."""
    line = "make LR pictures from HR pictures with a blur kernel"
    more = "Make LR pictures from HR pictures: blur by a kernel, subsample, add noise."
    parser = add_command(commands, "degrade", line, _EPILOG, more)
    _add_files(parser)
    _add_choices(parser)
    parser.set_defaults(run=run)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs", nargs="+", metavar="INPUT", help="picture files, folders (with all folders below them), or globs"
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="folder, made if it is missing; for one input, also a file name with an ending of a picture",
    )
    parser.add_argument(
        "--format",
        choices=list(WRITTEN),
        default="png",
        help="kind of the pictures in the folder OUT (default: %(default)s)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there (default: refuse)")


def _add_choices(parser: argparse.ArgumentParser) -> None:
    about = "HR over LR, a number from 1 to 4 (default: %(default)g)"
    add_setting(parser, "scale", metavar="S", help=about)
    add_setting(
        parser,
        "kernel",
        help=f"blur kernel, in HR px and px^2, correlated with: auto ({KERNELS['auto']}), bicubic (none but bicubic "
        f"subsampling), {ALLOWED} (default: %(default)s)",
    )
    add_setting(parser, "kernel_turned")
    add_setting(
        parser,
        "subsampling",
        choices=("auto", *SUBSAMPLING_METHODS),
        help="direct keeps the top-left one of SxS pixels, bicubic averages around their centre; auto: bicubic for the "
        "kernels auto and bicubic, direct for others, as of mzsr upscale (default: %(default)s)",
    )
    noise = "standard deviation of white noise, in levels from 0 to 255 (default: %(default)g)"
    add_setting(parser, "noise", type=float, default=0.0, metavar="SIGMA", help=noise)
    seed = "seed of the noise, an integer from 0; each file has noise of its own, by its name (default: %(default)s)"
    add_setting(parser, "seed", help=seed)
    crop = "first cut the HR pictures at the right and at the bottom to a multiple of S (default: keep all pixels)"
    parser.add_argument("--crop-to-multiple", action="store_true", help=crop)
    nodata = "pixels of this value hold no data, and do not spread (default: what a GeoTIFF says, and NaN)"
    add_setting(parser, "nodata", help=nodata)


def run(arguments: argparse.Namespace) -> int | None:
    """Make all LR pictures; a bad file is one line on the standard error, and the others go on.

    Returns:
        1 if a file failed, else None.

    Raises:
        MZSRError: a choice, the kernel, or the inputs as a whole are wrong; nothing is written.
    """
    with ending_at_once():
        check_kernel(arguments.kernel, arguments.kernel_turned)
        check_range(arguments.scale, arguments.noise)
        check_seed(arguments.seed)
        output = os.path.expanduser(arguments.output)
        jobs = list_jobs(arguments.inputs, output, arguments.format, tell=say)
        for judge in (lambda job: job, lambda job: judged(job, 1 / arguments.scale)):  # by names, then by headers
            jobs = [judge(job) for job in jobs]
            refused = [line for job in jobs if (line := refusal(check_job, job, arguments.overwrite))]
            if len(refused) == len(jobs):
                say("\n".join(f"error: {line}" for line in refused))
                return 1
        how = _choices(arguments)
    failed = False
    for job in jobs:
        try:
            put_out(degrade_file(read_once(job), how, _noise_name(job, Path(output)), arguments.overwrite))
        except MZSRError as error:
            failed = True
            say(f"error: {error}")
    return 1 if failed else None


def _choices(arguments: argparse.Namespace) -> "Degrading":
    from mzsr_basicsr.degradation.record import Degradation
    from mzsr_basicsr.jobs.degraded import Degrading

    kernel = arguments.kernel
    method = usual_subsampling(kernel) if arguments.subsampling == "auto" else arguments.subsampling
    degradation = Degradation(KERNELS.get(kernel, kernel), arguments.scale, method, arguments.noise / 255)
    return Degrading(
        degradation=degradation.turned() if arguments.kernel_turned else degradation,
        seed=arguments.seed,
        crop=arguments.crop_to_multiple,
        nodata=arguments.nodata,
    )


def _noise_name(job: FileJob, output: Path) -> str:
    """Name a file by its place below the output folder, without an ending, or by its own name."""
    inside = job.target.is_relative_to(output) and job.target != output
    name = job.target.relative_to(output) if inside else Path(job.source.name)
    return name.with_suffix("").as_posix()
