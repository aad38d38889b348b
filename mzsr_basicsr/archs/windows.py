"""Networks that take certain sizes only, such as multiples of a window: padded for them, and cropped again."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.archs.build import OWN
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta.task import network_inputs

FAILURES = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_USUAL = (1, 2, 4, 8, 16, 32, 64)
_LEAST = 16  # px of the images that are tried


def fit_sizes(network: nn.Module, name: str = "network_g") -> nn.Module:
    """Let a network take images of any size: those that it cannot take are padded by mirroring, at bottom and right.

    What it can take is tried. Its parameters keep their names, since only hooks are added.

    Args:
        network: maps (B, C, h, w) to (B, C, s h, s w).
        name: section of the option file that describes it, for messages.

    Returns:
        The same network.

    Raises:
        ConfigError: it takes no RGB image at all.
    """
    if type(network) in OWN.values() or any(isinstance(hook, _Cropping) for hook in network._forward_hooks.values()):
        return network
    side = _multiple(network, name)
    if side > 1:
        padding = _Padding(side)
        network.register_forward_pre_hook(padding)
        network.register_forward_hook(_Cropping(padding))
    return network


class _Padding:
    """Pads what a network is given, and remembers the extents for `_Cropping`."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.before: tuple[int, int] = (0, 0)
        self.after: tuple[int, int] = (0, 0)

    def __call__(self, network: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        height, width = given[0].shape[-2:]
        down, right = -height % self.side, -width % self.side
        mode = "reflect" if down < height and right < width else "replicate"
        padded = F.pad(given[0], (0, right, 0, down), mode=mode) if down or right else given[0]
        self.before, self.after = (height, width), (height + down, width + right)
        return (padded, *given[1:])


class _Cropping:
    """Cuts off what became of the padding."""

    def __init__(self, padding: _Padding) -> None:
        self._padding = padding

    def __call__(self, network: nn.Module, given: tuple[Any, ...], output: Any) -> Any:
        before, after = self._padding.before, self._padding.after
        if before == after or not isinstance(output, Tensor) or output.ndim != 4:
            return output
        height, width = (out * b // a for out, b, a in zip(output.shape[-2:], before, after, strict=True))
        return output[..., :height, :width]


def _multiple(network: nn.Module, name: str) -> int:
    """Find the smallest number whose odd multiples the network takes as extents."""
    windows = [getattr(module, "window_size", None) for module in network.modules()]
    known = {window for window in windows if isinstance(window, int) and window > 0}
    trouble: dict[int, Exception] = {}
    training = network.training
    network.eval()
    try:
        for side in sorted({*_USUAL, *known, *(2 * window for window in known)}):
            try:
                _try(network, side)
            except FAILURES as error:
                trouble[side] = error
            else:
                return side
    finally:
        network.train(training)
    first = trouble[max(trouble)]
    line = f"{type(first).__name__}: {' '.join(str(first).split())}".removesuffix(": ")
    raise ConfigError(
        f"{name}: {type(network).__name__} takes no RGB image, tried up to {max(trouble)} px and multiples ({line}); "
        "it must map (B, 3, h, w) alone to (B, 3, s h, s w): check its arguments, as num_in_ch: 3"
    ) from first


def _try(network: nn.Module, side: int) -> None:
    """Run the network on an image whose extents are odd multiples of a number."""
    parameter = next(network.parameters(), torch.zeros(()))
    times = -(-_LEAST // side) // 2 * 2 + 1
    image = torch.full((1, 3, side * times, side * (times + 2)), 0.5, dtype=parameter.dtype, device=parameter.device)
    told = Degradation("gaussian:1.0", float(getattr(network, "scale", 2) or 2))
    with torch.no_grad():
        network(image, **network_inputs(network, image, told))
