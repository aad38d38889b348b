"""Layers that work differently in training: batch statistics, random choices, power iterations."""

from collections.abc import Iterator
from types import CodeType

from torch import nn

_CHANCES = ("p", "dropout", "drop_prob")  # attributes by which random layers say how often they act; 0 is never


def layers_with_a_mode(network: nn.Module) -> dict[str, str]:
    """Name the layers whose output or state depends on whether the network is in training or in eval mode.

    A layer is one of them where its own code, or a hook of it, looks at `training`. Random layers that never act, and
    normalisations without running statistics, are none.

    Returns:
        Name in the network -> class; for a hook (as of the old `spectral_norm`) the hook's class.
    """
    found = {name: type(module).__name__ for name, module in network.named_modules() if _has_a_mode(module)}
    for name, module in network.named_modules():
        for hook in (*module._forward_pre_hooks.values(), *module._forward_hooks.values()):
            codes = _codes(type(hook)) if not hasattr(hook, "__code__") else [hook.__code__]
            if any("training" in code.co_names for code in codes):
                found[name] = getattr(hook, "__name__", type(hook).__name__)
    return found


def _has_a_mode(module: nn.Module) -> bool:
    if not any("training" in code.co_names for code in _codes(type(module))):
        return False
    if isinstance(module, nn.modules.batchnorm._NormBase):
        return module.track_running_stats
    chances = [getattr(module, name) for name in _CHANCES if hasattr(module, name)]
    return not chances or any(bool(chance) for chance in chances)


def _codes(kind: type) -> Iterator[CodeType]:
    """Yield the code of all methods of a class and its bases below `nn.Module`."""
    for base in kind.__mro__:
        if base not in (nn.Module, object):
            yield from (value.__code__ for value in vars(base).values() if hasattr(value, "__code__"))
