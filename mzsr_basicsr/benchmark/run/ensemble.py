"""An ensemble: the mean of the SR images that other methods of a benchmark make of one LR image."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mzsr_basicsr.benchmark.run.methods import updates_of
from mzsr_basicsr.benchmark.run.options import EnsembleOptions, MethodOptions
from mzsr_basicsr.benchmark.run.output import Method, Output
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.strict import nearest


def check_members(methods: Mapping[str, MethodOptions]) -> None:
    """Check what the ensembles of an option file are of.

    Raises:
        ConfigError: fewer than two methods, one twice, one that is not there, an ensemble, or one with a memory.
    """
    joint = {label for label, options in methods.items() if getattr(options, "memory", False)}
    several = {label for label, options in methods.items() if isinstance(options, EnsembleOptions)}
    single = [label for label in methods if label not in several | joint]
    for label, options in methods.items():
        if not isinstance(options, EnsembleOptions):
            continue
        section = f"methods.{label}.of"
        if len(set(options.of)) < max(2, len(options.of)):
            raise ConfigError(f"{section}: {options.of}; name two or more methods, each once")
        for member in options.of:
            if member not in single:
                why = "is an ensemble" if member in several else "has a memory, of other images"
                what = why if member in methods else "is no method"
                raise ConfigError(f"{section}: {member!r} {what}; {nearest(member, single)}")


def columns(label: str, methods: Mapping[str, MethodOptions]) -> Sequence[int | None]:
    """List after how many updates a method gives a result.

    An ensemble gives one after every number of updates that all its methods have alike; where they have other numbers,
    one alone, of the last of each.
    """
    options = methods[label]
    if not isinstance(options, EnsembleOptions):
        return updates_of(options)
    each = [columns(member, methods) for member in options.of]
    return each[0] if all(updates == each[0] for updates in each) else [None]


def ensemble(methods: Sequence[Method]) -> Method:
    """Make the method that averages others; see `columns`. Its seconds are the sum of theirs."""

    def run(lq: Tensor, degradation: Degradation) -> list[Output]:
        each = [method(lq, degradation) for method in methods]
        updates = [output.updates for output in each[0]]
        if all([output.updates for output in outputs] == updates for outputs in each):
            return [_mean(number, outputs) for number, *outputs in zip(updates, *each, strict=True)]
        return [_mean(None, [outputs[-1] for outputs in each])]

    return run


def _mean(updates: int | None, outputs: Sequence[Output]) -> Output:
    image = torch.stack([output.image for output in outputs]).mean(0)
    return Output(updates, image, sum(output.seconds for output in outputs))
