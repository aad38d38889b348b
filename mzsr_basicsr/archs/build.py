"""Networks by their names: ours as they are, and all of BasicSR's registry where BasicSR is installed."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from mzsr_basicsr.archs.mzsr_arch import MZSRNet
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.archs.mzsr_unrolled_arch import MZSRNetUnrolled
from mzsr_basicsr.archs.mzsr_wiener_arch import MZSRNetWiener
from mzsr_basicsr.blind.kernel_net import KernelNet
from mzsr_basicsr.errors import MissingBasicSR
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.options.strict import check_keys, check_name

_NETWORKS = (MZSRNet, MZSRNetLR, MZSRNetWiener, MZSRNetUnrolled, KernelNet, TaskEmbedding)
OWN: Mapping[str, type[nn.Module]] = {net.__name__: net for net in _NETWORKS}


def check_network(section: Mapping[str, Any], name: str = "network_g") -> None:
    """Check that a network's section names a known architecture and gives it arguments it knows.

    Raises:
        ConfigError: naming the key and the nearest known one.
        MissingBasicSR: it is none of ours, and BasicSR is not installed.
    """
    kind = section.get("type")
    if not isinstance(kind, str) or kind not in OWN:
        check_name(f"{name}.type", kind, _registry(f"{name}.type {kind!r}"))
    check_keys(name, [key for key in section if key != "type"], network_class(str(kind)))


def network_class(kind: str) -> type[nn.Module]:
    """Give the class of a network that `check_network` has passed."""
    found: type[nn.Module] = OWN[kind] if kind in OWN else _registry(f"the network {kind!r}").get(kind)
    return found


def build_network(section: Mapping[str, Any]) -> nn.Module:
    """Build a network from its section, whose key `type` names it and whose other keys are its arguments."""
    return network_class(section["type"])(**{key: value for key, value in section.items() if key != "type"})


def _registry(what: str) -> Any:
    try:
        import basicsr.archs  # noqa: F401  it fills the registry
        from basicsr.utils.registry import ARCH_REGISTRY
    except ModuleNotFoundError as error:
        if error.name != "basicsr":
            raise
        raise MissingBasicSR(what) from None
    return ARCH_REGISTRY
