"""Saving and resuming: files appear whole or not at all, and a damaged one falls back to the one before it."""

import inspect
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from basicsr.utils import check_resume
from torch import Tensor
from torch.optim import Optimizer

from mzsr_basicsr.data import task_stream
from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.models.changes import flattened
from mzsr_basicsr.options.learner import MetaOptions, choices_of
from mzsr_basicsr.options.numbers import as_numbers
from mzsr_basicsr.options.strict import parse
from mzsr_basicsr.weights.files import read_file

_OWN = ("name", "scale", "network_g", "model_type")  # what makes a run that run; the rest may be changed on resume


def fingerprint(opt: Mapping[str, Any]) -> str:
    """Describe the run in one JSON line that is saved with its states."""
    described = {key: opt.get(key) for key in _OWN} | _optimized(opt)
    return json.dumps(described | {"options": flattened(opt, opt.get("world_size", 1))}, sort_keys=True, default=str)


def _optimized(opt: Mapping[str, Any]) -> dict[str, Any]:
    """What the optimizer's state was made for; the inner steps count only where each has learned rates."""
    train = opt.get("train") or {}
    meta = parse(MetaOptions, "train.meta", as_numbers(train.get("meta") or {}))
    choices = choices_of(meta)
    learned = choices.rates != "fixed"
    return {
        "train.optim_g.type": (train.get("optim_g") or {}).get("type"),
        "train.meta.start": choices.start,
        "train.meta.rule": "lstm" if choices.rule == "lstm" else "no parameters",
        "train.meta.learn_rates": learned,
        "train.meta.inner_steps": meta.inner_steps if learned else None,
    }


def load_resume_state(opt: dict[str, Any]) -> dict[str, Any] | None:
    """Find, check and load the state to resume from; takes the place of BasicSR's function of the same name.

    BasicSR's asks for a CUDA device, looks in ./experiments only, and ends with a traceback where the newest file is
    damaged. This one looks in the run's own folder, loads on the CPU, and goes back to the newest state that can be
    read together with its networks.

    Args:
        opt: BasicSR's options; `path.resume_state` and the networks' paths are set in it, as BasicSR does.

    Returns:
        The state, or None where there is nothing to resume.
    """
    task_stream.resume_at(0)
    folder = Path(opt["path"].get("training_states") or Path("experiments") / opt["name"] / "training_states")
    given = opt["path"].get("resume_state")
    if not opt["auto_resume"] and not given:
        return None
    candidates = _newest_first(folder) if opt["auto_resume"] else [Path(given), *_older(Path(given))]
    problems = []
    for path in candidates:
        try:
            state = read_file(path, "training state")
            _check_networks(opt, state, path)
            _run_of(state, path)
        except WeightsError as error:
            problems.append(str(error))
            print(f"WARNING: cannot resume from {path} ({error}); trying the state before it", flush=True)
            continue
        _check_same_run(opt, state, path)
        opt["path"]["resume_state"] = str(path)
        _choose_networks(opt, state["iter"])
        task_stream.resume_at(state["iter"])  # also for stage 1, whose model is BasicSR's own
        return state
    if problems:
        raise WeightsError(f"no usable training state in {folder}; last problem: {problems[-1]}")
    return None


def _choose_networks(opt: dict[str, Any], iteration: int) -> None:
    """Let the networks be those saved with the state: their weights, whatever average was asked for at the start."""
    asked = {key: value for key, value in opt["path"].items() if key.startswith("param_key_")}
    ignored = opt["path"].get("ignore_resume_networks") or []
    check_resume(opt, iteration)
    for key, value in asked.items():
        opt["path"][key] = value if f"network_{key.removeprefix('param_key_')}" in ignored else "params"


def _iteration(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else -1


def _newest_first(folder: Path) -> list[Path]:
    states = [path for path in folder.glob("*.state") if _iteration(path) >= 0]
    return sorted(states, key=_iteration, reverse=True)


def _older(path: Path) -> list[Path]:
    return [other for other in _newest_first(path.parent) if _iteration(other) < _iteration(path)]


def _check_networks(opt: Mapping[str, Any], state: Mapping[str, Any], path: Path) -> None:
    """A state serves only with the networks saved beside it: they must be there and readable."""
    moments = state.get("optimizers")
    loadable = isinstance(moments, list) and all(
        isinstance(one, dict) and {"state", "param_groups"} <= set(one) for one in moments
    )
    if not {"iter", "epoch", "schedulers"} <= set(state) or not loadable:
        raise WeightsError(f"{path}: no training state of BasicSR")
    ignored = opt["path"].get("ignore_resume_networks") or []
    for name in (key for key in opt if key.startswith("network_") and key not in ignored):
        read_file(Path(opt["path"]["models"]) / f"net_{name[len('network_') :]}_{state['iter']}.pth", "network")


def _run_of(state: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Read what `fingerprint` has described."""
    try:
        return dict(json.loads(state["run"])) if "run" in state else {}
    except (ValueError, TypeError):
        raise WeightsError(f"{path}: damaged: it does not say of which run it is; replace the file") from None


def check_moments(optimizers: Sequence[Optimizer]) -> None:
    """Check what optimizers have loaded against what they would make: the first step would end over it.

    Raises:
        WeightsError: they have been given something else.
    """
    for optimizer in optimizers:
        kind = type(optimizer)
        if not kind.__module__.startswith("torch.optim"):
            continue  # a user's may take other arguments
        probe = torch.nn.Parameter(torch.zeros(1))
        probe.grad = torch.zeros(1)
        taken = inspect.signature(kind).parameters
        fresh = kind([probe], **{name: value for name, value in optimizer.defaults.items() if name in taken})
        fresh.step()
        expected = fresh.state[probe]
        for parameter, found in optimizer.state.items():
            alike = set(found) == set(expected) and all(
                isinstance(found[name], type(value)) and _fits(found[name], value, parameter)
                for name, value in expected.items()
            )
            if not alike:
                raise WeightsError(
                    f"the training state is damaged: no {kind.__name__} has {', '.join(map(str, found))}, or not of "
                    "these sizes; remove its file and go on from the state before it"
                )


def _fits(found: Any, expected: Any, parameter: Tensor) -> bool:
    """Tell whether a moment has the shape of its parameter; counts have none."""
    return not isinstance(expected, Tensor) or found.shape == (parameter.shape if expected.ndim else expected.shape)


def _check_same_run(opt: Mapping[str, Any], state: Mapping[str, Any], path: Path) -> None:
    saved = _run_of(state, path)
    now = json.loads(fingerprint(opt))
    different = [key for key in (*_OWN, *_optimized(opt)) if key in saved and saved[key] != now[key]]
    if different:
        key = different[0]
        raise WeightsError(
            f"{path}: belongs to another run: its `{key}` is {saved[key]}, the option file's is {now[key]}; "
            "give this run another `name`, or resume with the options it was started with"
        )
