"""`mzsr inspect`: show what adaptation did to one image."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mzsr_basicsr.cli.groups import add_command
from mzsr_basicsr.cli.settings import add_setting, read_settings
from mzsr_basicsr.cli.words import number_or_word
from mzsr_basicsr.degradation.kernel_text import ALLOWED
from mzsr_basicsr.inspection.choices import LEARNED, Choices
from mzsr_basicsr.inspection.folder import FORMATS, PAGE, names
from mzsr_basicsr.jobs.interrupt import ending_at_once, stop_on_sigterm
from mzsr_basicsr.jobs.outputs import check_folder
from mzsr_basicsr.jobs.streams import put_out
from mzsr_basicsr.upscaling.settings import UpscaleSettings

if TYPE_CHECKING:
    from mzsr_basicsr.inspection.results import Update

_EXAMPLES = """examples:
  mzsr inspect photo.png -o inspection                                  the kernel is estimated
  mzsr inspect lr.png --gt hr.png --kernel gaussian:2,2 -o inspection   a known kernel and the truth: PSNR too
  mzsr inspect --hr hr.png --kernel gaussian:2,2 -o inspection          the LR image is made from the HR image
"""
_KERNEL = (
    f"auto or auto-free (estimated), bicubic, {ALLOWED}; variances in px^2; the blur is a correlation with "
    "it (default: %(default)s)"
)


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    line = "show what adaptation did to one image: page, numbers, animation"
    more = "Adapt to one image and show every update: loss, PSNR, pictures and which layers moved."
    parser = add_command(commands, "inspect", line, _EXAMPLES, more)
    option = parser.add_argument
    option("lr", nargs="?", type=Path, metavar="LR", help="the LR image")
    option("--gt", type=Path, metavar="FILE", help="its HR image, to measure PSNR and SSIM with (default: not known)")
    option("--hr", type=Path, metavar="FILE", help="instead of LR: an HR image to make it from (default: none)")
    option("-o", "--output", type=Path, required=True, metavar="FOLDER", help="folder, made if it is missing")
    _add_choices(parser)
    option("--crop", type=int, metavar="PX", help="central square of the LR image (default: all, up to 1 megapixel)")
    kinds = [*FORMATS, "none"]
    option(
        "--animation",
        choices=kinds,
        default="webp",
        help="moving picture of the updates (default: %(default)s)",
    )
    option("--overwrite", action="store_true", help="replace an inspection that is there (default: refuse)")
    option("--json", action="store_true", help="print the record of inspect.json (default: the summary)")
    parser.set_defaults(run=run)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    """Add the options of the adaptation."""
    add_setting(parser, "scale", help="of the weights (default: %(default)g)")
    weights = "weights file or shipped:NAME (default: shipped:mzsr_domains_x2, mzsr_x3 or mzsr_x4, by the scale)"
    add_setting(parser, "weights", help=weights)
    add_setting(parser, "kernel", help=_KERNEL)
    add_setting(parser, "subsampling")
    add_setting(parser, "kernel_turned")
    updates = UpscaleSettings().effort.updates
    about = "gradient updates, 0 to 1000 (default: %(default)s)"
    add_setting(parser, "updates", default=updates, metavar=None, help=about)
    add_setting(parser, "signal")
    rates = "of the updates (default: %(default)s)"
    parser.add_argument("--rates", type=number_or_word, default=LEARNED, metavar="learned|RATE", help=rates)
    noise = "standard deviation of the LR image's noise, levels of 0 to 255 (default: auto, estimated; 0 of --hr)"
    add_setting(parser, "noise", help=noise)
    add_setting(parser, "device")
    add_setting(parser, "seed")


def run(arguments: argparse.Namespace) -> None:
    """Inspect one image and write what was found.

    Raises:
        MZSRError: one line; nothing is written.
    """
    with ending_at_once():
        choices = _choices(arguments)
        format = None if arguments.animation == "none" else arguments.animation
        folder = Path(os.path.expanduser(arguments.output))
        inputs = [path for path in (arguments.lr, arguments.gt, arguments.hr) if path is not None]
        check_folder(folder, names(format), inputs, arguments.overwrite)
        choices.check_before_work()
        from mzsr_basicsr.inspection.files import contents, write_all
        from mzsr_basicsr.inspection.numbers import record_of
        from mzsr_basicsr.inspection.run import inspect_file
        from mzsr_basicsr.inspection.words import summarise
    stop_on_sigterm()
    report = inspect_file(choices, _teller(choices.upscale.effort.updates))
    write_all(contents(report, format), folder)
    if arguments.json:
        return put_out(json.dumps(record_of(report), allow_nan=False))
    found = summarise(report.inspection)
    return put_out("\n".join([found.lead, *found.more, *report.subject.notices, f"See {folder / PAGE}"]))


def _choices(arguments: argparse.Namespace) -> Choices:
    paths = (arguments.lr, arguments.gt, arguments.hr)
    return Choices(read_settings(arguments), *paths, arguments.rates, arguments.crop)


def _teller(last: int) -> "Callable[[Update], None]":
    """Show on a terminal how far it is, on one line that is wiped at the end."""
    from mzsr_basicsr.inspection.pictures import caption

    def tell(update: "Update") -> None:
        if sys.stderr.isatty():
            line = f"\r\033[K{caption(update)}, of {last}" if update.number < last else "\r\033[K"
            print(line, end="", file=sys.stderr, flush=True)

    return tell
