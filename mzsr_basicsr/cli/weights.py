"""`mzsr weights`: average weights files, or join those of two domains."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mzsr_basicsr.cli import weights_join
from mzsr_basicsr.cli.groups import add_command, add_output
from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.degrade_choices import check_seed
from mzsr_basicsr.jobs.interrupt import ending_at_once
from mzsr_basicsr.jobs.outputs import check_output
from mzsr_basicsr.jobs.streams import put_out
from mzsr_basicsr.weights import check_is_there, locate

if TYPE_CHECKING:
    from mzsr_basicsr.weights.average import Source
    from mzsr_basicsr.weights.soup import Soup

_EPILOG = """examples:
  mzsr weights average net_g_9000.pth net_g_10000.pth -o average.pth
  mzsr weights average models/net_g_*.pth -o soup.pth --soup photos --tasks 32
"""
_MOST = {"tasks": 10_000, "updates": 1000}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `weights` with its action to the commands."""
    parser = add_command(commands, "weights", "average or join weights files")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    about = "average weights files of one network, all or those by which PSNR gets no worse"
    _add_average(add_command(actions, "average", about, _EPILOG))
    weights_join.add(actions)


def _add_average(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("files", nargs="+", metavar="FILE", help="weights files of one network, scale and manner, or shipped:NAME")
    add_output(parser, "weights file to write", (".pth",))
    option(
        "--soup",
        metavar="PHOTOS",
        help="a folder of photographs that no file was trained on: take the files in by their PSNR, best first, and "
        "keep those by which the average gets no worse (default: average all)",
    )
    option("--tasks", type=int, default=16, help="of --soup: squares of photographs, 1 to 10000 (default: %(default)s)")
    option(
        "--updates",
        type=int,
        nargs="+",
        default=[0, 10],
        help="of --soup: PSNR is the mean over these numbers of updates, 0 to 1000 (default: 0 10)",
    )
    option("--seed", type=int, default=0, help="of --soup: seed of squares, kernels and noise (default: %(default)s)")
    parser.set_defaults(run=_average)


def _average(a: argparse.Namespace) -> None:
    with ending_at_once():
        _check(a)
        from mzsr_basicsr.weights.average import average, check_alike, read_source
        from mzsr_basicsr.weights.files import save_atomically
    sources = [read_source(path) for path in a.files]
    check_alike(sources)
    if a.soup is None:
        save_atomically(average(sources), a.output)
        put_out(f"{a.output}: average of {len(sources)} files")
        return
    made = _cook(sources, a)
    save_atomically(made.content, a.output)
    kept = sum(one.kept for one in made.tasted)
    put_out(_table(made))
    put_out(f"{a.output}: average of {kept} of {len(sources)} files, {made.worth:.3f} dB over {a.tasks} tasks")


def _check(a: argparse.Namespace) -> None:
    """Refuse what needs no file to be read."""
    if len(a.files) < 2:
        raise ConfigError(f"weights average: {a.files[0]} is one file; give two or more")
    files = [locate(path) for path in a.files]
    for path, file in zip(a.files, files, strict=True):
        check_is_there(file, "weights file")
        if [Path(other).resolve() for other in files].count(Path(file).resolve()) > 1:
            raise ConfigError(f"weights average: {path} is given more than once; give each file once")
    check_output(a.output, a.endings, [Path(file) for file in files], a.overwrite)
    for name, low, values in (("tasks", 1, [a.tasks]), ("updates", 0, a.updates)):
        for value in values:
            if not low <= value <= _MOST[name]:
                raise ConfigError(f"{name}: {value} must be from {low} to {_MOST[name]}")
    check_seed(a.seed)
    if a.soup is not None:
        list_photographs(a.soup, "soup")


def _cook(sources: "Sequence[Source]", a: argparse.Namespace) -> "Soup":
    """Draw the validation tasks, and make the greedy soup, with a bar that shows how far it is."""
    from tqdm import tqdm

    from mzsr_basicsr.data.photos import Photos
    from mzsr_basicsr.weights.judging import draw_tasks
    from mzsr_basicsr.weights.soup import greedy_soup, judge_by

    about: dict[str, Any] = sources[0].content["about"]
    tasks = draw_tasks(Photos(a.soup, "disk", "soup"), about["scale"], a.tasks, a.seed)
    with tqdm(total=(2 * len(sources) - 1) * len(tasks), unit="task", desc="soup", leave=False) as bar:
        return greedy_soup(sources, judge_by(tasks, sorted(set(a.updates)), bar.update))


def _table(made: "Soup") -> str:
    """Lay out as Markdown what each file is worth alone and in the average, PSNR in dB."""
    lines = ["| file | alone, dB | kept | average with it, dB |", "| --- | ---: | --- | ---: |"]
    for one in made.tasted:
        lines.append(f"| {one.path} | {one.own:.3f} | {'yes' if one.kept else 'no'} | {one.together:.3f} |")
    return "\n".join(lines)
