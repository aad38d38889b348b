"""The options that spread a command over several hosts: `--shard`, one command on each, and `--ray`, one for all."""

import argparse
import os

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.crew import Hands
from mzsr_basicsr.jobs.shard import Shard, read_shard


def add_many(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the options; `what` names the things that are spread."""
    shard = (
        f"do only the third of sixteen shares of the {what}, told by their names (also auto, auto/16; docs/scale.md)"
    )
    parser.add_argument("--shard", metavar="3/16", help=shard)
    ray = f"spread the {what} over a Ray cluster: HOST:PORT, auto or local (needs the extra ray; docs/scale.md)"
    parser.add_argument("--ray", metavar="ADDRESS", help=ray)


def read_many(arguments: argparse.Namespace) -> tuple[Shard | None, Hands]:
    """Read the options, and `--jobs`.

    Raises:
        ConfigError: one line.
    """
    shard = None if arguments.shard is None else read_shard(arguments.shard, os.environ)
    if arguments.ray is not None and (arguments.jobs or 1) > 1:
        raise ConfigError("ray: the cluster's CPUs say how many are at work side by side; leave --jobs out")
    if arguments.ray is not None and not arguments.ray.strip():
        raise ConfigError("ray: an empty address; give HOST:PORT of a cluster, auto or local")
    return shard, Hands(arguments.jobs or 1, ray=arguments.ray)


def check_not_many(arguments: argparse.Namespace) -> None:
    """Refuse the options where there is only one thing to do."""
    for name in ("shard", "ray"):
        if getattr(arguments, name) is not None:
            raise ConfigError(f"{name}: -o {arguments.output} writes one picture; leave --{name} out, or name a folder")
