"""What changes when a training is resumed with other options: each in one line of the log, with both values."""

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_AFRESH = "to start afresh with it, give the run another `name` and its network as path.pretrain_network_g"
_OF_THE_STATE = (
    "train.optim_g.",
    "train.scheduler.",
    "train.meta.rates_lr",
    "train.meta.learner_lr",
    "train.meta.learn_rates",
)
_OF_THIS_CALL = ("time_budget", "progress", "num_worker_per_gpu", "prefetch_mode", "num_prefetch_queue", "pin_memory")
_COUNTED = ("initial_lr", "lr", "params")  # of an optimizer's group: what a schedule moves, and what is no option


def held_back(names: Sequence[str], optimizers: Sequence[Any], schedulers: Sequence[Any], state: Any) -> list[str]:
    """List what an option file asks of optimizers and schedules, but their state knows otherwise and goes on with.

    Args:
        names: section of each optimizer, as "train.optim_g".
        optimizers: as the option file has made them, before they take the state.
        schedulers: likewise.
        state: of the training; its lists are as long.
    """
    lines = []
    for name, optimizer, saved in zip(names, optimizers, state["optimizers"], strict=True):
        groups = zip(optimizer.param_groups, saved["param_groups"], strict=False)
        for number, (now, was) in enumerate(groups):
            lines += list(_of_a_group(name if number == 0 else "", now, was))
    for scheduler, saved in zip(schedulers, state["schedulers"], strict=True):
        lines += list(_of_a_schedule(scheduler, saved))
    return list(dict.fromkeys(lines))  # a network's and its discriminator's schedule are one section


def _of_a_group(section: str, now: Mapping[str, Any], was: Mapping[str, Any]) -> Iterator[str]:
    lr = f"{section}.lr" if section else f"train.meta.{now.get('key', 'rates_lr')}"
    if "initial_lr" in was and was["initial_lr"] != now.get("initial_lr", now["lr"]):
        yield _held(lr, was["initial_lr"], now.get("initial_lr", now["lr"]))
    for key, value in now.items() if section else ():
        if key not in _COUNTED and key in was and _plain(was[key]) != _plain(value):
            yield _held(f"{section}.{key}", was[key], value)


def _of_a_schedule(scheduler: Any, saved: Mapping[str, Any]) -> Iterator[str]:
    parameters = list(inspect.signature(type(scheduler)).parameters)
    keys = [key for key in parameters if key not in ("optimizer", "last_epoch")]
    if not all(key in saved for key in keys):
        kind = type(scheduler).__name__
        yield f"train.scheduler.type: the state is of another kind; the option file's {kind} goes on from its rates"
        return
    for key in keys:
        was, now = _listed(saved[key]), _listed(getattr(scheduler, key))
        if was != now:
            yield _held(f"train.scheduler.{key}", was, now)


def _held(key: str, was: Any, now: Any) -> str:
    return f"{key}: the state's {_plain(was)} goes on, the option file says {_plain(now)}; {_AFRESH}"


def _listed(value: Any) -> Any:
    """Write milestones, which a scheduler counts, as the list they were given as."""
    elements = getattr(value, "elements", None)
    return sorted(elements()) if elements is not None else _plain(value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def flattened(opt: Mapping[str, Any], world: int) -> dict[str, Any]:
    """List the options that decide how a training goes, by dotted key, to be kept with its states."""
    data = opt.get("datasets") or {}
    sections = {"train": opt.get("train"), **{f"datasets.{name}": data.get(name) for name in ("train", "val_tasks")}}
    flat = {key: value for name, section in sections.items() for key, value in _leaves(name, section or {})}
    kept = {key: value for key, value in flat.items() if key.rpartition(".")[2] not in _OF_THIS_CALL}
    return dict(json.loads(json.dumps({**kept, "processes": world}, default=str)))


def _leaves(name: str, section: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from _leaves(f"{name}.{key}", value)
        else:
            yield f"{name}.{key}", value


def taken_over(was: Mapping[str, Any], now: Mapping[str, Any], learned: bool) -> list[str]:
    """List the options that hold from here on, though the training was begun with others.

    Args:
        was: `flattened` options of the state; empty in states that have none.
        now: of this run.
        learned: whether the inner rates are; then those of the state go on.
    """
    lines = []
    for key in sorted({*was, *now}) if was else ():
        if was.get(key) == now.get(key) or key.startswith(_OF_THE_STATE):
            continue
        if key == "train.meta.inner_rate" and learned:
            lines.append(f"{key}: the learned rates of the state go on, the option file says {now.get(key)}; {_AFRESH}")
        else:
            lines.append(f"{key}: was {_said(was, key)}, is {_said(now, key)} from here on")
    return lines


def _said(options: Mapping[str, Any], key: str) -> str:
    return str(options[key]) if key in options else "not given"
