"""`mzsr export`: a network with its kernel baked in, as ONNX or TorchScript."""

import argparse
import json
import os
from pathlib import Path

from mzsr_basicsr.cli.groups import add_command
from mzsr_basicsr.cli.settings import add_network, add_setting, read_network_settings
from mzsr_basicsr.degradation.kernel_text import ALLOWED
from mzsr_basicsr.exporting.choices import ENDINGS, ExportChoices
from mzsr_basicsr.jobs.interrupt import ending_at_once
from mzsr_basicsr.jobs.outputs import file_name
from mzsr_basicsr.jobs.streams import put_out, say

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
    option = parser.add_argument
    endings = f"file to write, ending: {' or '.join(ENDINGS)}"
    option("-o", "--output", type=file_name, required=True, metavar="FILE", help=endings)
    image = "a picture of the camera or scanner, to estimate from and to adapt to (default: none, no adaptation)"
    option("--image", type=Path, metavar="FILE", help=image)
    add_setting(parser, "updates", help="on the image, 0 for none (default: 10 where there is an image)")
    add_network(parser)
    add_setting(parser, "kernel", help=_KERNEL)
    add_setting(parser, "kernel_turned")
    add_setting(parser, "subsampling")
    noise = "levels of 0 to 255; auto: estimated from --image, 0 without (default: %(default)s)"
    add_setting(parser, "noise", help=noise)
    add_setting(parser, "back_projection", default=0, help="rounds, baked in (default: %(default)s)")
    option("--uint8", action="store_true", help="take and give (N, H, W, 3) of 8 bits (default: (N, 3, H, W) float32)")
    add_setting(parser, "seed")
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
    image = None if a.image is None else Path(os.path.expanduser(a.image))
    return ExportChoices(a.output, read_network_settings(a), a.scale, image, a.uint8, a.overwrite)
