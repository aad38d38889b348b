"""One share of many files, for one of several commands that have nothing but a folder in common.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from mzsr_basicsr.errors import ConfigError

_HOW = "write --shard 3/16 for the third of sixteen, or auto in a Slurm array, auto/16 in an indexed Kubernetes job"
_TEXT = re.compile(r"(auto|[0-9]{1,9})(?:/([0-9]{1,9}))?")


@dataclass(frozen=True)
class Shard:
    """Share `number`, from 1 on, of `count`."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def holds(self, name: str) -> bool:
        """Tell whether a name is of this share; see `shard_of`."""
        return shard_of(name, self.count) == self.number


def shard_of(name: str, count: int) -> int:
    """Give the share, 1 to `count`, that a name falls to, on any host and whatever else there is.

    It is one more than the rest of a division by `count`, of the first 8 bytes of the SHA-256 of the name's bytes, read
    as a big-endian number.

    Args:
        name: path of a file below the folder that was given, with "/" between its parts.
        count: number of shares.
    """
    return 1 + int.from_bytes(hashlib.sha256(os.fsencode(name)).digest()[:8], "big") % count


def read_shard(text: str, environment: Mapping[str, str]) -> Shard:
    """Read what `--shard` says: "3/16", or "auto" or "auto/16", which ask the environment.

    Args:
        text: of the option.
        environment: in a Slurm array SLURM_ARRAY_TASK_ID, _MIN, _MAX, _STEP and _COUNT; in an indexed Kubernetes job
            JOB_COMPLETION_INDEX, from 0 on, beside which the count must be given.

    Raises:
        ConfigError: no such share, or an environment that does not say it.
    """
    found = _TEXT.fullmatch(text)
    if found is None or (found[1] != "auto" and found[2] is None):
        raise ConfigError(f"shard: {text!r} is no share; {_HOW}")
    count = None if found[2] is None else int(found[2])
    if found[1] != "auto":
        return _checked(text, int(found[1]), int(found[2]))
    if "SLURM_ARRAY_TASK_ID" in environment:
        return _of_slurm(text, environment, count)
    if "JOB_COMPLETION_INDEX" in environment:
        if count is None:
            raise ConfigError("shard: auto: Kubernetes does not say how many completions there are; write auto/16")
        return _checked(text, 1 + _number(environment, "JOB_COMPLETION_INDEX"), count)
    raise ConfigError(f"shard: {text}: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set here; {_HOW}")


def _of_slurm(text: str, environment: Mapping[str, str], count: int | None) -> Shard:
    """Number the tasks of an array from 1 on, whatever it begins with; an array with gaps is refused."""
    names = ("ID", "MIN", "MAX", "STEP", "COUNT")
    task, first, last, step, tasks = (_number(environment, f"SLURM_ARRAY_TASK_{name}") for name in names)
    if step < 1 or 1 + (last - first) // step != tasks:
        raise ConfigError(f"shard: {text}: the array's {tasks} tasks do not follow each other; write --shard 3/16")
    if count is not None and tasks != count:
        raise ConfigError(
            f"shard: {text}: the array has {tasks} tasks, not {count}; write --shard 3/{count} for a part"
        )
    return _checked(text, 1 + (task - first) // step, tasks)


def _number(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name, "")
    if not re.fullmatch("[0-9]{1,9}", text):
        raise ConfigError(f"shard: auto: {name} is {text!r}, no whole number; write --shard 3/16")
    return int(text)


def _checked(text: str, number: int, count: int) -> Shard:
    if not 1 <= number <= count:
        allowed = f"the first number must be from 1 to {count}" if count else "there must be one share or more"
        raise ConfigError(f"shard: {text}: there is no share {number} of {count}; {allowed}")
    return Shard(number, count)
