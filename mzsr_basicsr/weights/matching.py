"""Find a network's weights in a file, whoever wrote it: under which key, and behind which prefix of their names."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

Shapes = dict[str, tuple[int, ...]]
_DEPTH = 4  # of mappings in mappings that are looked into
_OLD_FILES_LACK = "num_batches_tracked"  # of batch normalisations; nothing is computed from it


class Candidate(NamedTuple):
    """Tensors of a file that may be a network's: where they stand, the prefix taken off their names, and they."""

    key: str
    prefix: str
    weights: dict[str, Tensor]

    def __str__(self) -> str:
        where = self.key or "the file itself"
        return f"{where}, names without `{self.prefix}`" if self.prefix else where


def best_match(content: Mapping[str, Any], own: Mapping[str, Tensor], key: str | None, ema: bool) -> Candidate | None:
    """Choose the tensors of a file that are most like a network's.

    Args:
        content: of the file.
        own: the network's state dict.
        key: where they must stand, with parts joined by dots; None looks everywhere.
        ema: of two that are alike, prefer the moving average, else prefer the other.

    Returns:
        The best, or None where nothing there is a mapping of tensors.
    """
    shapes = shapes_of(own)
    found = [c for c in _candidates(content, shapes) if key is None or c.key == key]
    return min(found, key=lambda c: _rank(c, shapes, ema), default=None)


def shapes_of(weights: Mapping[str, Tensor]) -> Shapes:
    """List the shape of each tensor."""
    return {name: tuple(value.shape) for name, value in weights.items()}


def differences(weights: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> list[str]:
    """Say what a network lacks, has too much of, or has of another shape; empty where the tensors are its own."""
    ours, theirs = shapes_of(own), shapes_of(weights)
    lacking = [name for name in ours if name not in theirs and name.rpartition(".")[2] != _OLD_FILES_LACK]
    found = [f"missing {name} {ours[name]}" for name in lacking]
    found += [f"unexpected {name} {shape}" for name, shape in theirs.items() if name not in ours]
    both = [name for name in theirs if name in ours]
    return found + [f"{name} is {theirs[name]}, needs {ours[name]}" for name in both if ours[name] != theirs[name]]


def _rank(candidate: Candidate, own: Shapes, ema: bool) -> tuple[int, int, bool, bool, int]:
    """Rank the best lowest: most tensors that fit, most names, the average or not, BasicSR's own keys first."""
    theirs = shapes_of(candidate.weights)
    fit = sum(own.get(name) == shape for name, shape in theirs.items())
    known = sum(name in own for name in theirs)
    averaged = "ema" in f"{candidate.key}.{candidate.prefix}".lower()
    others = candidate.key not in ("params", "params_ema")
    return -fit, -known, averaged != ema, others, len(theirs) - known


def _candidates(content: Mapping[str, Any], own: Shapes) -> Iterator[Candidate]:
    for key, weights in _state_dicts(content, "", _DEPTH):
        for prefix in sorted({"", *_prefixes(weights, own)}):
            inside = {name[len(prefix) :]: value for name, value in weights.items() if name.startswith(prefix)}
            yield Candidate(key, prefix, inside)


def _state_dicts(content: Mapping[Any, Any], key: str, depth: int) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Yield every mapping that holds tensors by name, with the keys that lead to it."""
    tensors = {k: v for k, v in content.items() if isinstance(k, str) and isinstance(v, torch.Tensor)}
    if tensors:
        yield key, tensors
    for name, value in content.items():
        if depth and isinstance(name, str) and isinstance(value, Mapping):
            yield from _state_dicts(value, f"{key}.{name}" if key else name, depth - 1)


def _prefixes(weights: Mapping[str, Tensor], own: Shapes) -> set[str]:
    """Collect what stands before one of the network's own names, as `module.` or `generator.` does."""
    found = set()
    for name in weights:
        parts = name.split(".")
        for cut in range(1, len(parts)):
            if ".".join(parts[cut:]) in own:
                found.add(".".join(parts[:cut]) + ".")
    return found
