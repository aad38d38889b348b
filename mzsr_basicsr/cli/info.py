"""`mzsr info`: what a bug report needs: versions, devices, precision, weights, extras."""

import argparse
import json
from typing import Any

from mzsr_basicsr import weights
from mzsr_basicsr.cli import installed, machine
from mzsr_basicsr.cli.groups import add_command
from mzsr_basicsr.jobs.interrupt import ending_at_once
from mzsr_basicsr.jobs.streams import put_out

_AGAIN = "install mzsr_basicsr again"


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `info` to the commands."""
    about = "say what a bug report needs: versions, devices, weights, extras"
    more = "Say what a bug report needs: versions, devices, precision, weights, extras. Nothing is sent."
    parser = add_command(commands, "info", about, more=more)
    parser.add_argument("--json", action="store_true", help="print one record of JSON (default: text)")
    parser.set_defaults(run=_run)


def _run(a: argparse.Namespace) -> None:
    with ending_at_once():
        found = collect()
    put_out(json.dumps(found, indent=2) if a.json else as_text(found))


def collect() -> dict[str, Any]:
    """Gather all that is said; what is missing is said to be, and never an error."""
    processor = machine.processor()
    return {
        "programs": installed.programs(),
        "packages": installed.packages(),
        "basicsr": installed.basicsr(),
        "processor": processor,
        "devices": machine.devices(processor["instructions"]),
        "weights": weights.states(),
        "extras": installed.extras(),
    }


def as_text(found: dict[str, Any]) -> str:
    """Lay the record out for people, a subject a paragraph."""
    lines = [*_pairs(found["programs"]), "", *_packages(found["packages"], found["basicsr"])]
    lines += ["", *_machine(found["processor"], found["devices"]), "", *_weights(found["weights"])]
    return "\n".join([*lines, "", *_extras(found["extras"])])


def _pairs(values: dict[str, Any]) -> list[str]:
    return [f"{name:<14}{value}" for name, value in values.items()]


def _packages(versions: dict[str, str | None], host: dict[str, str | None]) -> list[str]:
    said = {name: value or f"missing: {_AGAIN}" for name, value in versions.items()}
    if not said:
        said = {"packages": "not known: mzsr_basicsr is used from its folder, not installed"}
    training = host["version"] or f"missing, only training needs it: {host['install']}"
    return _pairs({**said, "BasicSR": training})


def _machine(processor: dict[str, Any], devices: dict[str, Any]) -> list[str]:
    unknown = "not known"
    memory = f"{processor['memory_gib']} GiB" if processor["memory_gib"] else unknown
    said = {"processor": f"{processor['name']}, {processor['cores']} cores", "memory": memory}
    said["instructions"] = " ".join(processor["instructions"]) or unknown
    if "error" in devices:
        return _pairs({**said, "devices": f"{unknown}: PyTorch cannot be imported ({devices['error']})"})
    cards = [f"{card['name']}, {card['memory_gib']} GiB, CUDA {card['capability']}" for card in devices["cuda"]]
    short = devices["bfloat16"]
    said |= {
        "threads": devices["threads"],
        "CUDA": "; ".join(cards) or "none",
        "MPS": "yes" if devices["mps"] else "none",
        "--device auto": devices["auto"],
        "precision": f"bfloat16 in hardware ({short})" if short else "float32; no bfloat16 in hardware",
    }
    return _pairs(said)


def _weights(states: dict[str, dict[str, str]]) -> list[str]:
    wide = max(map(len, states))
    lines = []
    for name, one in states.items():
        more = "" if one["state"] == "ok" else f": {_AGAIN}"
        lines.append(f"{'weights':<14}{name:<{wide}}  {one['sha256'][:12]:<12}  {one['state']}{more}")
    return lines


def _extras(extras: dict[str, dict[str, Any]]) -> list[str]:
    lines = []
    for extra, one in extras.items():
        here = [f"{name} {version}" for name, version in one["packages"].items() if version]
        lacks = [name for name, version in one["packages"].items() if not version]
        said = ([", ".join(here)] if here else []) + (
            [f"missing {', '.join(lacks)}: {one['install']}"] if lacks else []
        )
        lines.append(f"{'extra ' + extra:<14}{'; '.join(said)}")
    return lines or [f"{'extras':<14}not known: mzsr_basicsr is used from its folder, not installed"]
