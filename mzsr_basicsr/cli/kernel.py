"""`mzsr kernel`: estimate, draw, convert and compare blur kernels."""

import argparse
import json
from pathlib import Path

from mzsr_basicsr.cli.groups import add_command, add_output
from mzsr_basicsr.cli.settings import add_setting
from mzsr_basicsr.cli.words import whole_scale
from mzsr_basicsr.degradation.kernel_text import ALLOWED, files_of, read_text
from mzsr_basicsr.errors import ConfigError, MZSRError, refusal
from mzsr_basicsr.jobs.interrupt import ending_at_once
from mzsr_basicsr.jobs.outputs import check_output
from mzsr_basicsr.jobs.streams import put_out, say
from mzsr_basicsr.pictures.kinds import TARGETS, check_is_there
from mzsr_basicsr.upscaling.settings import ESTIMATED, UpscaleSettings

_KERNELS = (".npy", ".mat", ".png")
_KERNEL = f"{ALLOWED}; variances in px^2; the blur is a correlation with it"
_CHANGES = {
    "--clip": "set negative weights to 0 where they are 10 %% of the others at most (default: refuse them)",
    "--pad": "add zeros to an odd and square side, below and to the right, as scipy's centre is (default: refuse)",
    "--normalise": "divide by the sum of the weights (default: refuse sums other than 1)",
    "--turn": "by 180 degrees: from convolution to correlation, or back (default: as it is)",
    "--recentre": "shift it by whole px, its centre of mass to within half a px of the centre (default: leave it)",
}
_SIDES = (16, 4096)  # px
_EPILOG = """examples:
  mzsr kernel estimate photo.jpg --scale 2 -o photo_kernel.npy
  mzsr kernel compare photo_kernel.npy gaussian:2.0 -o difference.png
"""
_ESTIMATE_EPILOG = """examples:
  mzsr kernel estimate photo.jpg
  mzsr kernel estimate a.png b.png --kernel auto-free --scale 4 --json
"""
_DRAW_EPILOG = """examples:
  mzsr kernel draw blur.mat -o blur.png
  mzsr kernel draw gaussian:4.0,1.0,-0.5,21 -o kernel.png --side 800
"""
_CONVERT_EPILOG = """examples:
  mzsr kernel convert usrnet.mat -o k.npy --turn --recentre
  mzsr kernel convert 'kernels.mat[3]' -o third.npy --clip --pad --normalise
"""
_COMPARE_EPILOG = """examples:
  mzsr kernel compare true.mat estimated.npy
  mzsr kernel compare gaussian:2.0 disk:2.5 -o both.png
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add `kernel` with its four actions to the commands."""
    about = "estimate, draw, convert and compare blur kernels"
    parser = add_command(commands, "kernel", about, _EPILOG)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_estimate(add_command(actions, "estimate", "estimate the blur kernel of pictures", _ESTIMATE_EPILOG))
    draw = add_command(actions, "draw", "draw a kernel as a picture for people", _DRAW_EPILOG)
    draw.add_argument("kernel", metavar="SPEC|FILE", help=_KERNEL)
    add_output(draw, "picture to write", TARGETS)
    _add_side(draw, 480)
    draw.set_defaults(run=_draw)
    convert = add_command(actions, "convert", "write a kernel as a file of another kind", _CONVERT_EPILOG)
    convert.add_argument("kernel", metavar="SPEC|FILE", help=_KERNEL)
    add_output(convert, "kernel file to write; .npy and .mat are exact, .png has 16 bits", _KERNELS)
    for option, about in _CHANGES.items():
        convert.add_argument(option, action="store_true", help=about)
    convert.set_defaults(run=_convert)
    compare = add_command(actions, "compare", "say how kernel B differs from kernel A", _COMPARE_EPILOG)
    compare.add_argument("first", metavar="A", help=f"the kernel to compare with: {_KERNEL}")
    compare.add_argument("second", metavar="B", help="the kernel to judge, given likewise")
    add_output(compare, "picture of A, B and their difference (default: none)", TARGETS, required=False)
    _add_side(compare, 320)
    compare.set_defaults(run=_compare)


def _add_estimate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="picture file, of LR")
    parser.add_argument(
        "--scale",
        type=whole_scale,
        choices=(1, 2, 3, 4),
        default=2,
        help="HR over LR; the kernel is in px of the HR image (default: %(default)s)",
    )
    kernel = "auto: a Gaussian, a disk or a motion by KernelNet, auto-free: a free kernel by it (default: %(default)s)"
    add_setting(parser, "kernel", choices=ESTIMATED, metavar=None, help=kernel)
    lost = "how pixels were lost after the blur; auto: bicubic for the kernel auto, direct for the others"
    add_setting(parser, "subsampling", help=f"{lost} (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON for each image (default: text)")
    about = "kernel file to write, of one image; draw it with `mzsr kernel draw` (default: none)"
    add_output(parser, about, _KERNELS, required=False)
    parser.set_defaults(run=_estimate)


def _add_side(parser: argparse.ArgumentParser, default: int) -> None:
    low, high = _SIDES
    text = f"side of a drawn kernel, {low} to {high} px (default: %(default)s)"
    parser.add_argument("--side", type=int, default=default, metavar="PX", help=text)


def _check_side(side: int) -> None:
    low, high = _SIDES
    if not low <= side <= high:
        raise ConfigError(f"side: {side} must be from {low} to {high} px")


def _estimate(a: argparse.Namespace) -> int | None:
    with ending_at_once():
        if a.output is not None:
            if len(a.images) > 1:
                raise ConfigError(f"output: {a.output} is one kernel file, for {len(a.images)} images; give one image")
            check_output(a.output, a.endings, a.images, a.overwrite)
        settings = UpscaleSettings(scale=a.scale, kernel=a.kernel, subsampling=a.subsampling)
        refused = [line for path in a.images if (line := refusal(_check_estimate, path, settings))]
        if len(refused) == len(a.images):
            say("\n".join(f"error: {line}" for line in refused))
            return 1
        from mzsr_basicsr.degradation.kernel_files import save_kernel
        from mzsr_basicsr.kernel_tools.actions import estimate_text
        from mzsr_basicsr.kernel_tools.report import estimate_file
    failed = False
    for path in a.images:
        try:
            found = estimate_file(path, settings)
            if a.output is not None:
                save_kernel(found.degradation.kernel, a.output)
        except MZSRError as error:
            failed = True
            say(f"error: {error}")
            continue
        about = {"image": str(path), "scale": a.scale, "kernel": a.kernel}
        put_out(json.dumps({**about, **found.record()}) if a.json else estimate_text(about, found))
    return 1 if failed else None


def _check_estimate(path: Path, settings: UpscaleSettings) -> None:
    """Refuse an image that is not there, and choices that do not go together."""
    check_is_there(path)
    settings.estimated_subsampling()


def _draw(a: argparse.Namespace) -> None:
    with ending_at_once():
        _check_side(a.side)
        check_output(a.output, a.endings, files_of(a.kernel), a.overwrite)
        from mzsr_basicsr.kernel_tools.actions import draw_titled
        from mzsr_basicsr.pictures.picture import Picture
        from mzsr_basicsr.pictures.writing import write_picture
    write_picture(Picture(draw_titled(a.kernel, a.side)), a.output)


def _convert(a: argparse.Namespace) -> None:
    with ending_at_once():
        check_output(a.output, a.endings, files_of(a.kernel), a.overwrite)
        from mzsr_basicsr.kernel_tools.convert import convert
    changes = [option for option in _CHANGES if getattr(a, option.removeprefix("--"))]
    if done := convert(a.kernel, a.output, changes):
        put_out(f"{a.output}: {'; '.join(done)}")


def _compare(a: argparse.Namespace) -> None:
    with ending_at_once():
        _check_side(a.side)
        if a.output is not None:
            check_output(a.output, a.endings, files_of(a.first, a.second), a.overwrite)
        read_text(a.first)
        read_text(a.second)
        from mzsr_basicsr.kernel_tools.actions import compare_text, draw_comparison
        from mzsr_basicsr.pictures.picture import Picture
        from mzsr_basicsr.pictures.writing import write_picture
    if a.output is not None:
        write_picture(Picture(draw_comparison(a.first, a.second, a.side)), a.output)
    put_out(compare_text(a.first, a.second))
