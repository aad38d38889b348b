"""The state of a run, in a hidden file beside its output: whole or not at all, and of that run alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mzsr_basicsr.collection.learning import Way
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.files.digest import file_sha256
from mzsr_basicsr.weights.files import read_file, save_atomically

KIND = "state of mzsr adapt"
ANEW = "or --overwrite to begin anew"


@dataclass(eq=False)
class State:
    """What a run goes on from.

    Attributes:
        path: of the file.
        choices: all that decides what is learned, in plain values.
        kernels: how each picture was made, by the hash of its file.
        pictures: hash of all of them; empty before they are read.
        way: where the learning stands; None before it began.
        wrote: SHA-256 of the last two contents of each file that the run wrote, by its name.
    """

    path: Path
    choices: dict[str, Any]
    kernels: dict[str, Degradation] = field(default_factory=dict)
    pictures: str = ""
    way: Way | None = None
    wrote: dict[str, str] = field(default_factory=dict)

    def save(self) -> None:
        """Write the file.

        Raises:
            WeightsError: it cannot be written.
        """
        kernels = {digest: (one.kernel, one.scale, one.subsampling, one.noise) for digest, one in self.kernels.items()}
        about = {"kind": KIND, **self.choices}
        way = None if self.way is None else dict(vars(self.way))
        save_atomically(
            {"about": about, "kernels": kernels, "pictures": self.pictures, "way": way, "wrote": self.wrote}, self.path
        )

    def remove(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)

    def owns(self, file: Path) -> bool:
        """Tell whether a file that is there is what the run has written."""
        return file.is_file() and file_sha256(file) in self.wrote.get(file.name, "").split()

    def announce(self, file: Path, part: Path) -> None:
        """Save what is about to be written, so that a run that is killed at that moment knows it as its own.

        Args:
            file: its name.
            part: what will be it.

        Raises:
            WeightsError: the state cannot be written.
        """
        known = [*self.wrote.get(file.name, "").split(), file_sha256(part)]
        self.wrote[file.name] = " ".join(dict.fromkeys(known[-2:]))
        self.save()


def load_state(path: Path, choices: dict[str, Any], start: Mapping[str, Tensor], anew: bool) -> State:
    """Read the state of a run, or begin one where there is none.

    Args:
        path: of the file.
        choices: of this run.
        start: the starting weights.
        anew: begin anew where the state is damaged or another run's.

    Raises:
        WeightsError: it is damaged, or another run's.
    """
    fresh = State(path, choices)
    if not path.exists():
        return fresh
    try:
        return _read(path, choices, start)
    except WeightsError:
        if anew:
            return fresh
        raise


def _read(path: Path, choices: dict[str, Any], start: Mapping[str, Tensor]) -> State:
    try:
        content = read_file(path, KIND)
        about = dict(content["about"])
        if about.pop("kind") != KIND:
            raise KeyError(KIND)
        changed = next((name for name in choices if about.get(name) != choices[name]), None)
        if changed is not None:
            raise another_run(path, f"{changed}: {about.get(changed)} there, {choices[changed]} here")
        kernels = {digest: Degradation(*parts) for digest, parts in content["kernels"].items()}
        way = None if content["way"] is None else _checked(Way(**content["way"]), start)
        return State(path, choices, kernels, str(content["pictures"]), way, dict(content["wrote"]))
    except WeightsError as error:
        raise error if ANEW in str(error) else _damaged(path) from None
    except (LookupError, TypeError, ValueError, AttributeError):
        raise _damaged(path) from None


def _checked(way: Way, start: Mapping[str, Tensor]) -> Way:
    """Bring what was learned to where the start lies; a damaged file raises."""
    params, average, best = (_like(one, start) for one in (way.params, way.average, way.best))
    rule = dict(way.rule)
    if rule:
        rule["means"] = list(_like(dict(zip(start, rule["means"], strict=True)), start).values())
    if not isinstance(way.step, int) or way.kept not in dict(way.history) or dict(way.history).get(0) is None:
        raise TypeError("history")
    return replace(way, params=params, average=average, rule=rule, best=best)


def _like(params: Mapping[str, Tensor], start: Mapping[str, Tensor]) -> dict[str, Tensor]:
    if list(params) != list(start) or any(params[name].shape != value.shape for name, value in start.items()):
        raise KeyError("parameters")
    if not all(bool(torch.isfinite(value).all()) for value in params.values()):
        raise ValueError("not finite")
    return {name: params[name].to(value) for name, value in start.items()}


def another_run(path: Path, why: str) -> WeightsError:
    """Make the error of a state that this run cannot go on from."""
    return WeightsError(f"{path}: of another run ({why}); give the same options and pictures to go on, {ANEW}")


def _damaged(path: Path) -> WeightsError:
    return WeightsError(f"{path}: damaged, or no {KIND}; remove it, {ANEW}")
