"""`mzsr weights join`: two networks of one kind in one file, chosen between image by image."""

import argparse
from pathlib import Path

from mzsr_basicsr.cli.groups import add_command, add_output
from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.degrade_choices import check_seed
from mzsr_basicsr.jobs.interrupt import ending_at_once
from mzsr_basicsr.jobs.outputs import check_output
from mzsr_basicsr.jobs.streams import put_out
from mzsr_basicsr.weights import check_is_there, locate

ABOUT = "join a network with one of another domain, which takes its place where an image is of that domain"
_EPILOG = """examples:
  mzsr weights join shipped:mzsr_x2 graphics.pth --photos datasets/train_hr -o mzsr_x2.pth
  mzsr weights join shipped:mzsr_x2 scans.pth --photos datasets/train_hr --others scans --least 0 -o both.pth
"""
_MOST = {"tasks": 10_000, "centres": 100}


def add(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `join` to the actions of `mzsr weights`."""
    parser = add_command(actions, "join", ABOUT, _EPILOG)
    option = parser.add_argument
    option("base", metavar="FILE", help="weights file for most images, or shipped:NAME; it is used as it is")
    option("other", metavar="OTHER", help="weights file of the same network, trained on another domain")
    option("--photos", required=True, metavar="FOLDER", help="images of the first one's domain, searched recursively")
    option("--others", metavar="FOLDER", help="images of the other domain (default: drawn graphics)")
    add_output(parser, "weights file to write", (".pth",))
    option("--tasks", type=int, default=480, help="examples of either domain, 8 to 10000 (default: %(default)s)")
    option("--centres", type=int, default=8, help="clusters of either domain, 1 to 100 (default: %(default)s)")
    option(
        "--least",
        type=float,
        default=0.15,
        help="share of an image that its four commonest grey levels must fill for the other domain, 0 to 1; 0 for "
        "domains that are not drawn (default: %(default)s)",
    )
    option("--seed", type=int, default=0, help="of examples and clusters (default: %(default)s)")
    parser.set_defaults(run=_join)


def _join(a: argparse.Namespace) -> None:
    with ending_at_once():
        _check(a)
        from mzsr_basicsr.data.photos import Photos
        from mzsr_basicsr.task_tools.joining import Choice, check_pair, join
        from mzsr_basicsr.weights.average import read_source
        from mzsr_basicsr.weights.files import save_atomically
        from mzsr_basicsr.weights.judging import draw_graphics_tasks, draw_tasks
        from mzsr_basicsr.weights.task_embedding import load_embedding
    pair = read_source(a.base), read_source(a.other)
    check_pair(*pair)
    scale = pair[0].content["about"]["scale"]
    ours = draw_tasks(Photos(a.photos, "disk", "photos"), scale, a.tasks, a.seed)
    if a.others is None:
        theirs = draw_graphics_tasks(scale, a.tasks, a.seed)
    else:
        theirs = draw_tasks(Photos(a.others, "disk", "others"), scale, a.tasks, a.seed)
    made = join(pair, (ours, theirs), load_embedding(), Choice(a.centres, a.least, a.seed))
    save_atomically(made.content, a.output)
    shares = [f"{share:.1%}" for share in made.wrong]
    put_out(
        f"{a.output}: {a.base} and {a.other}; of tasks kept to test it, {shares[0]} of the first domain's are taken"
    )
    put_out(f"for the other's, and {shares[1]} of the other's for the first's, before the image itself is asked")


def _check(a: argparse.Namespace) -> None:
    """Refuse what needs no file to be read."""
    for path in (a.base, a.other):
        check_is_there(locate(path), "weights file")
    check_output(a.output, a.endings, [Path(locate(path)) for path in (a.base, a.other)], a.overwrite)
    for name, low in (("tasks", 8), ("centres", 1)):
        if not low <= getattr(a, name) <= _MOST[name]:
            raise ConfigError(f"{name}: {getattr(a, name)} must be from {low} to {_MOST[name]}")
    if 2 * a.centres > a.tasks:
        raise ConfigError(f"centres: {a.centres} are too many for {a.tasks} tasks; give more --tasks")
    if not 0 <= a.least <= 1:
        raise ConfigError(f"least: {a.least:g} must be from 0 to 1")
    check_seed(a.seed)
    for key in ("photos", "others"):
        if getattr(a, key) is not None:
            list_photographs(getattr(a, key), key)
