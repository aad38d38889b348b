"""`mzsr degrade`: make the LR pictures of HR pictures."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mzsr_basicsr.degradation.kernel_text import ALLOWED, TURNED
from mzsr_basicsr.degradation.names import SUBSAMPLING_METHODS, usual_subsampling
from mzsr_basicsr.errors import ImageError, MZSRError, refusal
from mzsr_basicsr.jobs.degrade_choices import KERNELS, check_kernel, check_range, check_seed
from mzsr_basicsr.jobs.file_jobs import FileJob, list_jobs
from mzsr_basicsr.jobs.interrupt import ending_at_once, say
from mzsr_basicsr.pictures.kinds import WRITTEN, check_is_there, format_of

if TYPE_CHECKING:
    from mzsr_basicsr.jobs.degraded import Degrading

_EPILOG = """examples:
  mzsr degrade photos -o lr --kernel gaussian:2.0,2.0,0,21 --scale 2 --subsampling direct
  mzsr degrade 'scans/*.tif' -o lr --kernel blur.mat --scale 3 --noise 5 --seed 1 --format tif
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add `degrade` to the commands."""
    parser = commands.add_parser(
        "degrade",
        help="make LR pictures from HR pictures with a blur kernel",
        description="Make LR pictures from HR pictures: blur by a kernel, subsample, add noise.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
        type=Path,
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
    scale = "HR over LR, a number from 1 to 4 (default: %(default)g)"
    parser.add_argument("--scale", type=float, default=2.0, metavar="S", help=scale)
    parser.add_argument(
        "--kernel",
        default="auto",
        metavar="SPEC|FILE",
        help=f"blur kernel, in HR px and px^2, correlated with: auto ({KERNELS['auto']}), bicubic (none but bicubic "
        f"subsampling), {ALLOWED} (default: %(default)s)",
    )
    parser.add_argument("--kernel-turned", action="store_true", help=TURNED)
    parser.add_argument(
        "--subsampling",
        choices=("auto", *SUBSAMPLING_METHODS),
        default="auto",
        help="direct keeps the top-left one of SxS pixels, bicubic averages around their centre; auto: bicubic for the "
        "kernels auto and bicubic, direct for others, as of mzsr upscale (default: %(default)s)",
    )
    parser.add_argument(
        "--noise",
        type=float,
        default=0.0,
        metavar="SIGMA",
        help="standard deviation of white noise, in levels from 0 to 255 (default: %(default)g)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="seed of the noise, an integer from 0; each file has noise of its own, by its name (default: %(default)s)",
    )
    crop = "first cut the HR pictures at the right and at the bottom to a multiple of S (default: keep all pixels)"
    parser.add_argument("--crop-to-multiple", action="store_true", help=crop)
    parser.add_argument(
        "--nodata",
        type=float,
        metavar="VALUE",
        help="pixels of this value hold no data, and do not spread (default: what a GeoTIFF says, and NaN)",
    )


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
        jobs = list_jobs(arguments.inputs, arguments.output, arguments.format)
        refused = [line for job in jobs if (line := refusal(_check_names, job, arguments.overwrite))]
        if len(refused) == len(jobs):
            say("\n".join(f"error: {line}" for line in refused))
            return 1
        how = _choices(arguments)
    failed = False
    for job in jobs:
        try:
            print(degrade_file(job, how, _noise_name(job, arguments.output), arguments.overwrite))
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


def _check_names(job: FileJob, overwrite: bool) -> None:
    """Refuse a file that is no picture by its name, is not there, or whose LR picture may not or cannot be written."""
    if job.video:
        raise ImageError(f"{job.source}: a clip or a GIF; give pictures of another kind, such as PNG")
    if job.target.exists() and not overwrite:
        raise ImageError(f"{job.target}: is there already; give --overwrite or another output")
    check_is_there(job.source)
    format_of(job.target)


def degrade_file(job: FileJob, how: "Degrading", noise_name: str, overwrite: bool) -> str:
    """Make one LR picture.

    Args:
        job: file to read and file to write, whose folder is made.
        how: the choices.
        noise_name: what the noise depends on, beside the seed.
        overwrite: replace a file that is there.

    Returns:
        A line that says what was written.

    Raises:
        MZSRError: one line; nothing half-written stays.
    """
    from mzsr_basicsr.jobs.degraded import degrade_picture
    from mzsr_basicsr.pictures.metadata import lines_about
    from mzsr_basicsr.pictures.reading import read_picture
    from mzsr_basicsr.pictures.writing import turned_for, write_picture

    _check_names(job, overwrite)
    picture = turned_for(read_picture(job.source), job.target)  # so that the kernel lies on the LR picture's axes
    try:
        result = degrade_picture(picture, how, str(job.source), noise_name)
        job.target.parent.mkdir(parents=True, exist_ok=True)
    except MemoryError as error:
        raise ImageError(f"{job.source}: not enough memory to degrade it; cut it into smaller pictures") from error
    except OSError as error:
        raise ImageError(f"{job.target.parent}: cannot be made ({error.strerror}); name another output") from error
    left_out = write_picture(result, job.target)
    for line in lines_about(str(job.source), picture.extras.faults, left_out):
        say(f"warning: {line}")
    return f"{job.source} -> {job.target}, {result.pixels.shape[1]}x{result.pixels.shape[0]} px, {_words(how)}"


def _words(how: "Degrading") -> str:
    """Say how pixels were lost, and what that means for who upscales the picture."""
    if how.degradation.subsampling == "bicubic":
        return "bicubic (centred)"
    return "direct (top-left pixels: upscale it with --subsampling direct, or with its kernel)"


def _noise_name(job: FileJob, output: Path) -> str:
    """Name a file by its place below the output folder, without an ending, or by its own name."""
    inside = job.target.is_relative_to(output) and job.target != output
    name = job.target.relative_to(output) if inside else Path(job.source.name)
    return name.with_suffix("").as_posix()
