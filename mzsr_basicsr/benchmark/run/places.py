"""Weights that a method has for each data set or kernel: `{dataset}` and `{kernel}` in their file's name."""

from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import TypeVar

import msgspec

from mzsr_basicsr.benchmark.run.options import EnsembleOptions, MethodOptions, MZSROptions, NetworkOptions, Weights
from mzsr_basicsr.weights import locate

O = TypeVar("O", bound=MethodOptions)  # noqa: E741
Place = tuple[str, str]  # names of a data set and of a kernel
Where = tuple[str, str, str]  # and before them a method's label


def at_place(options: O, place: Place) -> O:
    """Put the names of a place into those of the weights."""
    if not isinstance(options, (NetworkOptions, MZSROptions)):
        return options
    return msgspec.structs.replace(options, weights=_named(options.weights, place))


def methods_at(methods: Mapping[str, MethodOptions], place: Place) -> dict[str, MethodOptions]:
    """Do so for all methods."""
    return {label: at_place(options, place) for label, options in methods.items()}


def placed(options: MethodOptions) -> bool:
    """Tell whether a method has weights of its own for each data set or kernel."""
    return at_place(options, ("a", "a")) != at_place(options, ("b", "b"))


def without_weights(
    methods: Mapping[str, MethodOptions], datasets: Iterable[str], kernels: Mapping[str, float]
) -> dict[Where, str]:
    """Find the places where such a method has no weights: (label, data set, kernel), and the file that is missing.

    Args:
        methods: by label.
        datasets: names.
        kernels: scales by names.
    """
    places = [(dataset, kernel) for dataset in datasets for kernel in kernels]
    missing: dict[Where, str] = {}
    for label, options in methods.items():
        for place in places if placed(options) else []:
            file, where = _file(at_place(options, place), kernels[place[1]]), (label, *place)
            if file is not None and not Path(locate(file)).is_file():
                missing[where] = file
    for label, options in methods.items():
        members = options.of if isinstance(options, EnsembleOptions) else []
        for place, member in product(places, members):
            where, theirs = (label, *place), (member, *place)
            if theirs in missing:
                missing[where] = missing[theirs]
    return missing


def lines_of(missing: Mapping[Where, str]) -> list[str]:
    """Say for each method which of its weights are missing: one line."""
    lines = []
    for label in dict.fromkeys(label for label, *_ in missing):
        files = sorted({file for (own, *_), file in missing.items() if own == label})
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        lines.append(f"{label}: skipped where its weights are missing: {files[0]}{more}; make them with `mzsr adapt`")
    return lines


def _named(weights: Weights, place: Place) -> Weights:
    if isinstance(weights, str):
        return weights.replace("{dataset}", place[0]).replace("{kernel}", place[1])
    return {scale: name.replace("{dataset}", place[0]).replace("{kernel}", place[1]) for scale, name in weights.items()}


def _file(options: MethodOptions, scale: float) -> str | None:
    weights = getattr(options, "weights", None)
    return weights.get(scale) if isinstance(weights, dict) else weights
