"""Weights files averaged: of several files of one network, one file of the mean of all their tensors."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.files.digest import file_sha256
from mzsr_basicsr.weights import locate
from mzsr_basicsr.weights.files import read_file
from mzsr_basicsr.weights.manner import manner_as_plain, manner_of
from mzsr_basicsr.weights.pretrained import load_pretrained

AVERAGE_OF = "average_of"  # key of `about`: names and checksums of the files that an average was made of
_OF_ONE_FILE = (AVERAGE_OF, "iteration")  # of `about`: what may differ between files of one training
_COUNTERS = "num_batches_tracked"  # of batch normalisations; nothing is computed from them


class Source(NamedTuple):
    """A weights file to average: its path as given, all that it holds, and its SHA-256."""

    path: str
    content: dict[str, Any]
    sha256: str


def read_source(path: str) -> Source:
    """Read a weights file that is to be averaged.

    Args:
        path: a file that says which network it is for, or "shipped:NAME".

    Raises:
        MZSRError: it does not load, or holds a number that is not finite.
    """
    load_pretrained(path)
    file = locate(path)
    content = read_file(file, "weights file")
    for name, value in _tensors(content):
        if not bool(torch.isfinite(value).all()):
            raise WeightsError(f"{path}: {name} holds weights that are NaN or infinite; replace the file")
        if name == "rates" and bool((value < 0).any()):
            raise WeightsError(f"{path}: its learned rates must not be negative; replace the file")
    return Source(path, content, file_sha256(file))


def check_alike(sources: Sequence[Source]) -> None:
    """Refuse files that have no average: of another network, scale or manner, or with other tensors than the first.

    Raises:
        WeightsError: one line that says where they differ first.
    """
    first = sources[0]
    for other in sources[1:]:
        for mine, theirs in zip(_parts(first), _parts(other), strict=True):
            found = _difference(mine, theirs, "")
            if found:
                raise WeightsError(
                    f"{other.path}: {found} in {first.path}; average files of one network, scale and manner, with the "
                    "same tensors"
                )


def average(sources: Sequence[Source]) -> dict[str, Any]:
    """Average weights files element by element; learned rates in their logarithm, by the geometric mean.

    Args:
        sources: one or more that `check_alike` has passed.

    Returns:
        The content of a weights file: all that the files hold, averaged in float64 and of the first file's types; its
        `about` lists the files.
    """
    first = sources[0]
    made: dict[str, Any] = _mean([_parts(source)[1] for source in sources], "")
    origin = [{"file": Path(locate(s.path)).name, "sha256": s.sha256} for s in sources]
    about = {key: value for key, value in first.content["about"].items() if key not in _OF_ONE_FILE}
    return {**made, "about": {**about, AVERAGE_OF: origin}}


def _parts(source: Source) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what a file says about itself, its manner in full, and all else that it holds."""
    about = {key: value for key, value in source.content["about"].items() if key not in _OF_ONE_FILE}
    about["manner"] = manner_as_plain(manner_of(about.get("manner"), source.path))
    return {"about": about}, {key: value for key, value in source.content.items() if key != "about"}


def _tensors(value: object, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """Yield all tensors of mappings and lists in each other, with the keys that lead to them."""
    if isinstance(value, Tensor):
        yield name, value
    for key, inner in (_inner(value) or {}).items():
        yield from _tensors(inner, _inside(name, key))


def _inner(value: object) -> Mapping[Any, Any] | None:
    """Give what a mapping or a list holds, by key or number; None of anything else."""
    if isinstance(value, (list, tuple)):
        return dict(enumerate(value))
    return value if isinstance(value, Mapping) else None


def _inside(name: str, key: object) -> str:
    return f"{name}.{key}" if name else str(key)


def _difference(mine: Any, theirs: Any, name: str) -> str | None:
    """Say what forbids to average two values, in words that "in FILE" can follow; None if nothing does."""
    ours, others = _inner(mine), _inner(theirs)
    if ours is not None and others is not None:
        for key in [*ours, *others]:
            if key not in ours or key not in others:
                return f"{_inside(name, key)} {'is not there, but is' if key in ours else 'is there, but not'}"
            found = _difference(ours[key], others[key], _inside(name, key))
            if found:
                return found
        return None
    if isinstance(mine, Tensor) and isinstance(theirs, Tensor):
        return _tensor_difference(mine, theirs, name)
    if any(isinstance(value, Tensor) or _inner(value) is not None for value in (mine, theirs)):
        return f"{name} is a {type(theirs).__name__}, but a {type(mine).__name__}"
    return None if mine == theirs else f"{name} is {theirs!r}, but {mine!r}"


def _tensor_difference(mine: Tensor, theirs: Tensor, name: str) -> str | None:
    sizes = ["x".join(map(str, value.shape)) or "one number" for value in (theirs, mine)]
    if sizes[0] != sizes[1]:
        return f"{name} is {sizes[0]}, but {sizes[1]}"
    kinds = [value.dtype.is_floating_point for value in (theirs, mine)]
    if kinds[0] != kinds[1]:
        return f"{name} is {theirs.dtype}, but {mine.dtype}"
    if all(kinds) or name.endswith(_COUNTERS) or torch.equal(mine, theirs):
        return None
    return f"{name} holds other whole numbers, which have no average, than"


def _mean(values: Sequence[Any], name: str) -> Any:
    first = values[0]
    if isinstance(first, Tensor) and first.dtype.is_floating_point:
        stacked = torch.stack([value.double() for value in values])
        return (stacked.log().mean(0).exp() if name == "rates" else stacked.mean(0)).to(first.dtype)
    inner = _inner(first)
    if inner is None:
        return first
    made = {key: _mean([value[key] for value in values], _inside(name, key)) for key in inner}
    return made if isinstance(first, Mapping) else type(first)(made.values())
