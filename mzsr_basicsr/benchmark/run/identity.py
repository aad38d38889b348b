"""What a method is made of, and what a benchmark ran on: for the records' keys, and for people."""

import json
import os
import platform
import sys
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import torch

from mzsr_basicsr.benchmark.run.networks import weights_file
from mzsr_basicsr.benchmark.run.options import (
    EnsembleOptions,
    MethodOptions,
    MZSROptions,
    NetworkOptions,
    ZSSRMethodOptions,
)
from mzsr_basicsr.benchmark.run.places import at_place, placed
from mzsr_basicsr.benchmark.run.plan import Plan
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.files.digest import file_sha256
from mzsr_basicsr.files.whole import is_part
from mzsr_basicsr.jobs.crew import Hands
from mzsr_basicsr.pages import write_whole
from mzsr_basicsr.weights import locate
from mzsr_basicsr.weights.kernel_net import SHIPPED as KERNEL_NET

CONFIGURATION = "configuration.json"
_PACKAGES = ("mzsr_basicsr", "basicsr", "torch", "numpy", "opencv-python")
_FREE = ("jobs", "output", "page_mb", "reference", "published", "metrics")  # they decide no SR image


def method_identity(label: str, methods: Mapping[str, MethodOptions], scale: float, seed: int) -> dict[str, Any]:
    """Collect what decides a method's results: its options, its weights' SHA-256, the seed, our version.

    Of an ensemble that is the same of all its members.

    Args:
        label: of the method.
        methods: all options, by label.
        scale: magnification.
        seed: of random weights.
    """
    options = methods[label]
    content = {"label": label, "options": msgspec.to_builtins(options, str_keys=True), "ours": version("mzsr_basicsr")}
    content["options"].pop("weights", None)
    if isinstance(options, (NetworkOptions, MZSROptions)):
        content["weights"] = weights_sha256(options, scale, label)
    if getattr(options, "kernel", "known") == "auto":
        content["estimator"] = file_sha256(locate(KERNEL_NET))
    if isinstance(options, EnsembleOptions):
        content["members"] = [method_identity(member, methods, scale, seed) for member in options.of]
    return {**content, "seed": seed} if isinstance(options, ZSSRMethodOptions) else content


def weights_sha256(options: NetworkOptions | MZSROptions, scale: float, label: str) -> str:
    """Give the SHA-256 of a method's weights file."""
    return file_sha256(locate(weights_file(options, scale, f"methods.{label}")))


def about(plan: Plan, device: torch.device, hands: Hands) -> dict[str, str]:
    """Describe versions, hardware, seed and weights for people."""
    facts = {"date": datetime.now().astimezone().isoformat(" ", "minutes")}
    facts |= {name: _version(name) for name in _PACKAGES}
    facts["python"] = platform.python_version()
    facts["processor"] = _processor()
    facts["device"] = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    side_by_side = "a Ray cluster's" if hands.ray else str(hands.processes)
    facts["processes x threads"] = f"{side_by_side} x {hands.threads}, of {os.cpu_count()} cores"
    facts["seed"] = str(plan.options.seed)
    for label, options in plan.methods.items():
        if isinstance(options, (NetworkOptions, MZSROptions)):
            facts |= _weights(plan, label, options)
    return facts


def _weights(plan: Plan, label: str, options: NetworkOptions | MZSROptions) -> dict[str, str]:
    """Name a method's weights for each scale, or for each place that has its own."""
    places = {(f"x{d.scale:g}", "", ""): d.scale for d in sorted(plan.degradations, key=lambda d: d.scale)}
    if placed(options):
        every = product(plan.datasets, plan.degradations)
        places = {(f"{name}, {d.name}", name, d.name): d.scale for name, d in every}
    facts = {}
    for (where, *place), scale in places.items():
        if (label, *place) not in plan.without:
            own = at_place(options, (place[0], place[1]))
            digest = weights_sha256(own, scale, label)
            facts[f"weights of {label}, {where}"] = f"{weights_file(own, scale, label)}, SHA-256 {digest}"
    return facts


def claim_folder(plan: Plan, folder: Path, update: bool) -> None:
    """Note the configuration in the results folder, or compare it with the one that is there.

    Args:
        plan: with the options.
        folder: of the results; made if it is missing.
        update: take the folder over from another configuration.

    Raises:
        ConfigError: the folder is of another configuration, or holds other things.
    """
    file = folder / CONFIGURATION
    mine = _configuration(plan)
    if file.is_file() and not update:
        theirs = _read(file)
        if theirs != mine:
            key, was, now = _difference(theirs, mine)
            raise ConfigError(
                f"{folder}: holds the results of another configuration: its `{key}` is {was}, here it is {now}; give "
                "this benchmark another `name` or --output, or --update to go on in that folder"
            )
    elif not file.is_file() and folder.is_dir() and _others_in(folder) and not file.is_file():  # another shard's by now
        raise ConfigError(f"{folder}: holds other things than results of a benchmark; choose another --output")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(json.dumps(mine, indent=1), file)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written ({error.strerror}); choose another --output") from error


def _others_in(folder: Path) -> bool:
    """Tell whether a folder holds more than what another run has only begun to write."""
    return any(not is_part(path) for path in folder.iterdir())


def _configuration(plan: Plan) -> Any:
    """Give the options that decide SR images, as JSON gives them back; of data sets the names."""
    options = msgspec.to_builtins(plan.options, str_keys=True)
    kept = {key: value for key, value in options.items() if key not in _FREE}
    return json.loads(json.dumps({**kept, "datasets": list(plan.options.datasets)}))


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise ConfigError(f"{file}: is damaged; give --update to write it again") from None


def _difference(theirs: Any, mine: Any, path: str = "") -> tuple[str, str, str]:
    """Find the first place where two configurations differ: its keys, and both values."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for key in [*mine, *theirs]:
            if theirs.get(key) != mine.get(key):
                return _difference(theirs.get(key), mine.get(key), f"{path}.{key}".lstrip("."))
    was, now = ("missing" if value is None else json.dumps(value) for value in (theirs, mine))
    return path, was, now


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _processor() -> str:
    if sys.platform.startswith("linux"):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")
    return platform.processor() or platform.machine()
