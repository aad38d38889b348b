"""The options of `UpscaleSettings`: how each is written, once for all commands that have it."""

import argparse
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mzsr_basicsr.cli.words import number_or_word, scale
from mzsr_basicsr.degradation.kernel_text import TURNED
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.upscaling.allowed import SIGNALS
from mzsr_basicsr.upscaling.settings import SHIPPED, UpscaleSettings

_SIGNAL = (
    "what the updates learn from: son (the image degraded once more), scale (smaller copies of the network's own "
    "estimate), mixed (both), or auto: what the weights were meta-trained for (default: auto)"
)
_SUBSAMPLING = "after the blur; auto: bicubic for the kernels auto and bicubic, else direct (default: %(default)s)"
_SHARED: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "scale": {"type": scale},
        "kernel": {"metavar": "SPEC|FILE"},
        "kernel_turned": {"action": "store_true", "help": TURNED},
        "subsampling": {"choices": ["auto", "direct", "bicubic"], "help": _SUBSAMPLING},
        "noise": {"type": number_or_word, "metavar": "auto|SIGMA"},
        "nodata": {"type": float, "metavar": "VALUE"},
        "updates": {"type": int, "metavar": "N"},
        "signal": {"choices": SIGNALS, "help": _SIGNAL},
        "back_projection": {"type": int, "metavar": "N"},
        "device": {"choices": ["auto", "cpu", "cuda", "mps"], "help": "(default: %(default)s)"},
        "seed": {"type": int, "help": "of all chance (default: %(default)s)"},
    }
)


def add_setting(parser: argparse.ArgumentParser, name: str, **own: Any) -> None:
    """Add the option of a field of `UpscaleSettings`, with its default.

    Args:
        parser: of a command.
        name: of the field.
        own: what is the command's own, as of `add_argument`: it goes before what all share.
    """
    shared = {"default": getattr(UpscaleSettings(), name), **_SHARED.get(name, {})}
    parser.add_argument(f"--{name.replace('_', '-')}", **{**shared, **own})


def add_network(parser: argparse.ArgumentParser, what: str = "weights") -> None:
    """Add `--scale` and `--weights` of a command that takes the weights' own scale; `what` names them in the help."""
    add_setting(parser, "scale", default=None, help="2, 3 or 4, of the weights (default: theirs, or 2)")
    add_setting(parser, "weights", help=f"{what} file or shipped:NAME (default: the shipped ones of the scale)")


def read_settings(arguments: argparse.Namespace) -> UpscaleSettings:
    """Read the options of `add_setting`; those that a command lacks, and those left at None, are as by default.

    Raises:
        ConfigError: a value outside its range.
    """
    found = {name: getattr(arguments, name, None) for name in UpscaleSettings.__dataclass_fields__}
    return UpscaleSettings(**{name: value for name, value in found.items() if value is not None})


def read_network_settings(arguments: argparse.Namespace) -> UpscaleSettings:
    """Read the options of a command that has those of `add_network`.

    Raises:
        ConfigError: a value outside its range, a scale that no network has.
    """
    if arguments.scale not in (None, *SHIPPED):
        allowed = ", ".join(map(str, SHIPPED))
        raise ConfigError(f"scale: {arguments.scale:g}; allowed: {allowed}, as networks have them")
    return read_settings(arguments)
