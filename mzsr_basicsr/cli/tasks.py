"""`mzsr tasks`: show what tasks look like to the embedding, and sort them into clusters."""

import argparse
from pathlib import Path

from mzsr_basicsr.cli.groups import add_command, add_output
from mzsr_basicsr.cli.words import whole_scale
from mzsr_basicsr.jobs.interrupt import ending_at_once
from mzsr_basicsr.jobs.outputs import check_output
from mzsr_basicsr.jobs.streams import put_out
from mzsr_basicsr.task_tools.choices import CLUSTER_ENDINGS, MAP_ENDINGS, SCALES, TaskChoices, check_clusters

_EPILOG = """examples:
  mzsr tasks map photographs satellite text -o map.html
  mzsr tasks cluster photographs satellite text -k 4 -o clusters.pth
"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `tasks` with its two actions to the commands."""
    parser = add_command(commands, "tasks", "draw tasks, show them on a map, and sort them into clusters", _EPILOG)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    shown = add_command(actions, "map", "draw the embedding of many tasks in two dimensions", _EPILOG)
    _add_common(shown, "map to write: a picture, or a page that says what each point is", MAP_ENDINGS, 200)
    shown.set_defaults(run=_map)
    sorted_ = add_command(actions, "cluster", "sort tasks into clusters by k-means over their embedding", _EPILOG)
    sorted_.add_argument("-k", "--clusters", type=int, required=True, metavar="K", help="number of clusters")
    _add_common(sorted_, "file of clusters to write", CLUSTER_ENDINGS, 256)
    sorted_.set_defaults(run=_cluster)


def _add_common(parser: argparse.ArgumentParser, about: str, endings: tuple[str, ...], tasks: int) -> None:
    option = parser.add_argument
    option("photos", nargs="+", type=Path, metavar="PHOTOS", help="folder of photographs; each is a domain of its own")
    add_output(parser, about, endings)
    option("--tasks", type=int, default=tasks, metavar="N", help="tasks to draw (default: %(default)s)")
    option("--seed", type=int, default=0, help="of all chance (default: %(default)s)")
    option("--scale", type=whole_scale, choices=SCALES, default=2, help="HR over LR (default: %(default)s)")
    option(
        "--weights",
        default="shipped:task_embedding",
        metavar="FILE",
        help="of the embedding, a file or shipped:NAME (default: %(default)s)",
    )


def _checked(a: argparse.Namespace) -> TaskChoices:
    check_output(a.output, a.endings, a.photos, a.overwrite)
    choices = TaskChoices(tuple(a.photos), a.tasks, a.seed, a.scale, a.weights)
    choices.check()
    return choices


def _map(a: argparse.Namespace) -> None:
    with ending_at_once():
        choices = _checked(a)
        from mzsr_basicsr.task_tools.map import write_map
    put_out(write_map(choices, a.output))


def _cluster(a: argparse.Namespace) -> None:
    with ending_at_once():
        check_clusters(a.clusters, a.tasks)
        choices = _checked(a)
        from mzsr_basicsr.task_tools.clustering import write_clusters
    put_out(write_clusters(choices, a.clusters, a.output))
