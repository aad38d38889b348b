"""`mzsr export`: a network with its kernel baked in, as ONNX or TorchScript."""

import argparse
import json
import os
from pathlib import Path

from mzsr_basicsr.cli.groups import add_command
from mzsr_basicsr.cli.words import number_or_word, scale
from mzsr_basicsr.degradation.kernel_text import ALLOWED, TURNED
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.exporting.choices import ENDINGS, ExportChoices
from mzsr_basicsr.jobs.interrupt import ending_at_once
from mzsr_basicsr.jobs.outputs import file_name
from mzsr_basicsr.jobs.streams import put_out, say
from mzsr_basicsr.upscaling.settings import UpscaleSettings

_EXAMPLES = """examples:
  mzsr export -o camera.onnx --image photo.png                    kernel, noise and adaptation of one photograph
  mzsr export -o scanner.onnx --weights scanner.pth --kernel gaussian:2,2 --uint8   a known kernel, 8 bits in and out
  mzsr export -o x4.pt --scale 4 --kernel bicubic                 TorchScript
"""
_KERNEL = f"auto or auto-free (estimated from --image), bicubic, {ALLOWED} (default: %(default)s)"


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    line = "write a network with its kernel baked in, as ONNX or TorchScript"
    parser = add_command(commands, "export", line, _EXAMPLES)
    d = UpscaleSettings()
    option = parser.add_argument
    endings = f"file to write, ending: {' or '.join(ENDINGS)}"
    option("-o", "--output", type=file_name, required=True, metavar="FILE", help=endings)
    image = "a picture of the camera or scanner, to estimate from and to adapt to (default: none, no adaptation)"
    option("--image", type=Path, metavar="FILE", help=image)
    option("--updates", type=int, metavar="N", help="on the image, 0 for none (default: 10 where there is an image)")
    option("--scale", type=scale, help="2, 3 or 4, of the weights (default: theirs, or 2)")
    option("--weights", help="weights file or shipped:NAME (default: the shipped ones of the scale)")
    option("--kernel", default=d.kernel, metavar="SPEC|FILE", help=_KERNEL)
    option("--kernel-turned", action="store_true", help=TURNED)
    option(
        "--subsampling",
        choices=["auto", "direct", "bicubic"],
        default=d.subsampling,
        help="after the blur; auto: bicubic for the kernels auto and bicubic, else direct (default: %(default)s)",
    )
    noise = "levels of 0 to 255; auto: estimated from --image, 0 without (default: %(default)s)"
    option("--noise", type=number_or_word, default=d.noise, metavar="auto|SIGMA", help=noise)
    option("--back-projection", type=int, default=0, metavar="N", help="rounds, baked in (default: %(default)s)")
    option("--uint8", action="store_true", help="take and give (N, H, W, 3) of 8 bits (default: (N, 3, H, W) float32)")
    option("--seed", type=int, default=d.seed, help="of all chance (default: %(default)s)")
    option("--overwrite", action="store_true", help="replace a file that is there (default: refuse)")
    option("--json", action="store_true", help="print a record in JSON (default: lines for people)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Export.

    Raises:
        MZSRError: one line.
    """
    with ending_at_once():
        choices = _choices(arguments)
        choices.check()
        from mzsr_basicsr.exporting.export import export, record_of, said
    report = export(choices)
    for notice in report.notices:
        say(f"note: {notice}")
    put_out(json.dumps(record_of(choices, report)) if arguments.json else "\n".join(said(choices, report)))


def _choices(a: argparse.Namespace) -> ExportChoices:
    names = [name for name in UpscaleSettings.__dataclass_fields__ if hasattr(a, name) and name != "scale"]
    if a.scale is not None and not 1 <= a.scale <= 4:
        raise ConfigError(f"scale: {a.scale:g}; allowed: 2, 3, 4, as networks have them")
    upscale = UpscaleSettings(scale=a.scale or 2.0, **{name: getattr(a, name) for name in names})
    output = Path(os.path.expanduser(a.output))
    image = None if a.image is None else Path(os.path.expanduser(a.image))
    return ExportChoices(output, upscale, a.scale, image, a.uint8, a.overwrite)
