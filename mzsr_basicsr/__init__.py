"""MZSR (Soh, Cho, Cho: Meta-Transfer Learning for Zero-Shot Super-Resolution, CVPR 2020) as a plug-in for BasicSR.

`upscale` enlarges one image; it needs no BasicSR. An option file of BasicSR loads the plug-in with its first line,
`plugin: !!python/name:mzsr_basicsr.PLUGIN`: reading `PLUGIN` registers all parts (see `mzsr_basicsr.host`). Importing
the package loads nothing heavy, neither PyTorch nor BasicSR.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mzsr_basicsr import host

if TYPE_CHECKING:
    from mzsr_basicsr.degradation.record import Degradation
    from mzsr_basicsr.upscaling.api import Result, upscale

    PLUGIN: str

__version__ = "0.2.0"
__all__ = ["PLUGIN", "Degradation", "Result", "__version__", "upscale"]

# public name: the module it is taken from when it is used
_HOMES = {"Degradation": "degradation.record", "Result": "upscaling.api", "upscale": "upscaling.api"}


def __getattr__(name: str) -> Any:
    if name == "PLUGIN":
        host.register()
        return f"mzsr_basicsr {__version__}"  # a plain string: BasicSR deep-copies and prints its options
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


host.watch()
