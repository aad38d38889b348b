"""`mzsr adapt`: weights for a folder of pictures of one camera, scanner or domain."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from mzsr_basicsr.cli.groups import add_command
from mzsr_basicsr.cli.settings import add_network, add_setting, read_network_settings
from mzsr_basicsr.collection.choices import AdaptChoices, list_files
from mzsr_basicsr.degradation.kernel_text import ALLOWED
from mzsr_basicsr.jobs.interrupt import INTERRUPTED, TERMINATED, ending_at_once, stop_on_sigterm
from mzsr_basicsr.jobs.outputs import file_name
from mzsr_basicsr.jobs.streams import put_out, say

if TYPE_CHECKING:
    from mzsr_basicsr.collection.learning import Way

_EXAMPLES = """examples:
  mzsr adapt scans/ -o scanner.pth --minutes 10                then: mzsr upscale new.png -o out --weights scanner.pth
  mzsr adapt slides/ -o slides.pth --kernel gaussian:2,2 --page slides.html   a known kernel; a page with the curve
"""
_KERNEL = f"of all pictures: auto or auto-free (estimated, each its own), bicubic, {ALLOWED} (default: %(default)s)"


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    line = "adapt weights to the pictures of one camera, scanner or domain"
    more = "Learn from all pictures of a folder by themselves, and write weights for pictures like them."
    parser = add_command(commands, "adapt", line, _EXAMPLES, more)
    option = parser.add_argument
    option("folder", type=Path, metavar="FOLDER", help="the pictures; searched recursively")
    option("-o", "--output", type=file_name, required=True, metavar="FILE", help="weights file to write, ending: .pth")
    minutes = "that this call may take; the same command then goes on (default: %(default)g)"
    option("--minutes", type=float, default=10.0, metavar="M", help=minutes)
    steps = "in all calls together, at most; the same on any machine (default: as many as serve)"
    option("--steps", type=int, metavar="N", help=steps)
    _add_choices(parser)
    page = "also write an HTML page: the learning curve, and each held-out picture (default: none)"
    option("--page", type=file_name, metavar="FILE", help=page)
    replace = "replace what is there, and begin anew where a run for it cannot go on (default: refuse)"
    option("--overwrite", action="store_true", help=replace)
    option("--json", action="store_true", help="print a record in JSON (default: lines for people)")
    parser.set_defaults(run=run)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    """Add what says how the pictures came about, and what is begun with."""
    add_network(parser, "weights to begin with, a")
    add_setting(parser, "kernel", help=_KERNEL)
    add_setting(parser, "kernel_turned")
    add_setting(parser, "subsampling")
    add_setting(parser, "noise", help="levels of 0 to 255 (default: auto)")
    add_setting(parser, "nodata", help="of pixels without data (default: what a file says, and NaN)")
    add_setting(parser, "device")
    add_setting(parser, "seed")


def run(arguments: argparse.Namespace) -> int:
    """Adapt; the exit status is 0, or 130 or 143 if interrupted.

    Raises:
        MZSRError: one line.
    """
    with ending_at_once():
        choices = _choices(arguments)
        choices.check()
        from mzsr_basicsr.collection.adapt import adapt
        from mzsr_basicsr.collection.result import record_of, said
    stop_on_sigterm()
    try:
        with _progress(choices) as tell:
            report = adapt(choices, tell)
    except (KeyboardInterrupt, SystemExit) as stop:  # the latter from `stop_on_sigterm`
        say("error: interrupted; what was learned so far is kept, and the same command goes on")
        return TERMINATED if isinstance(stop, SystemExit) else INTERRUPTED
    for notice in report.notices:
        say(f"warning: {notice}")
    put_out(json.dumps(record_of(report), allow_nan=False) if arguments.json else "\n".join(said(report)))
    return 0


def _choices(a: argparse.Namespace) -> AdaptChoices:
    folder = Path(os.path.expanduser(a.folder))
    return AdaptChoices(folder, a.output, read_network_settings(a), a.scale, a.minutes, a.steps, a.page, a.overwrite)


@contextmanager
def _progress(choices: AdaptChoices) -> "Iterator[Callable[[Way | None], None]]":
    """Show on a terminal how far it is: pictures that are read, then the time that is used, with an ETA."""
    from tqdm import tqdm

    pictures, limit = len(list_files(choices.folder).pictures), round(60 * choices.minutes)
    begun = perf_counter()
    form = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total} s [{elapsed}<{remaining}]"
    with (
        tqdm(total=pictures, desc="reading", unit="picture", leave=False, disable=None, file=sys.stderr) as reading,
        tqdm(total=limit, bar_format=form, desc="learning", leave=False, disable=None, file=sys.stderr) as learning,
    ):

        def tell(way: "Way | None") -> None:
            if way is None:
                reading.update()
                return
            learning.set_description(f"step {way.step}, {way.promised:+.2f} dB at {way.kept}", refresh=False)
            learning.update(min(limit, perf_counter() - begun) - learning.n)

        yield tell
