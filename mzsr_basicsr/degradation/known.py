"""What follows from a kernel alone is computed once: an image asks for it with each part, each update and each son."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

import torch
from torch import Tensor

from mzsr_basicsr.degradation.record import Degradation

Made = Callable[..., Tensor]


def computed_once(kept: int) -> Callable[[Made], Made]:
    """Make a function of a kernel (n, n), or of a degradation with one, and of numbers remember its last results.

    They are told apart by their values. Kernels on another device than the CPU, those that are learned, and batches
    of them are computed anew. Results are shared: whoever gets one leaves it as it is.

    Args:
        kept: how many results are remembered.

    Example:
        >>> @computed_once(kept=4)
        ... def total(kernel, times):
        ...     print("computed")
        ...     return times * kernel.sum()
        >>> total(torch.ones(2, 2), 3), total(torch.ones(2, 2), 3)
        computed
        (tensor(12.), tensor(12.))
    """

    def decorate(make: Made) -> Made:
        @lru_cache(maxsize=kept)
        def remembered(
            weights: bytes, side: int, dtype: torch.dtype, others: tuple[float, str, float] | None, *numbers: Any
        ) -> Tensor:
            kernel = torch.frombuffer(bytearray(weights), dtype=dtype).reshape(side, side)
            with torch.inference_mode(False), torch.no_grad(), torch.autocast("cpu", enabled=False):
                # fit for any use, whatever the first one is
                return make(kernel if others is None else Degradation(kernel, *others), *numbers)

        @wraps(make)
        def asked(given: Tensor | Degradation, *numbers: Any) -> Tensor:
            kernel = given if isinstance(given, Tensor) else given.kernel
            if kernel.ndim != 2 or kernel.device.type != "cpu" or kernel.requires_grad:
                return make(given, *numbers)
            others = None if isinstance(given, Tensor) else (given.scale, given.subsampling, float(given.noise))
            return remembered(kernel.numpy().tobytes(), kernel.shape[-1], kernel.dtype, others, *numbers)

        return asked

    return decorate
