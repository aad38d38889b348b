"""How fast a meta-step could be: its operations by the formula, over the rate of one large convolution.

A forward pass over a set takes f operations. The gradient takes 2 f more. Its gradient, a Hessian times a vector,
takes 6 f: differentiating each convolution's two gradients is four convolutions, and the way back through the forward
pass is two. So K steps of second order with a query loss after the last take K (1 + 2 + 6) f_support + (1 + 2) f_query,
of which "mixed" makes K (1 + 2) f_support + f_query in float32.
"""

import time
from collections.abc import Callable

import torch
from peers import Case
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

SHAPES = ((8, 64, 64), (1, 64, 256), (8, 64, 128))  # images, channels, px: the fastest counts


def operations(case: Case) -> tuple[float, float]:
    """Count a meta-step's operations by the formula: all, and those that "mixed" makes in float32."""
    every = exact = 0.0
    for task in case.tasks:
        forward = []
        for pairs, told in zip((task.support, task.query), case.told(task), strict=True):
            with torch.no_grad(), FlopCounterMode(display=False) as counter:
                case.network(pairs.lq, **told)
            forward.append(counter.get_total_flops())
        every += 9 * case.steps * forward[0] + 3 * forward[1]
        exact += 3 * case.steps * forward[0] + forward[1]
    return every, exact


def rate(device: torch.device, dtype: torch.dtype) -> float:
    """Measure the rate of one large 3x3 convolution, channels last, operations a second: the fastest of some."""
    best = 0.0
    for images, channels, side in SHAPES:
        form = {"device": device, "dtype": dtype}
        image = torch.rand(images, channels, side, side, **form).contiguous(memory_format=torch.channels_last)
        layer = nn.Conv2d(channels, channels, 3, padding=1, **form).to(memory_format=torch.channels_last)
        count = 2 * channels**2 * 9 * images * side**2
        with torch.no_grad():
            best = max(best, *(count / timed(lambda: layer(image), device) for _ in range(6)))  # noqa: B023
    return best


def seconds(case: Case, rates: dict[str, float]) -> dict[str, float]:
    """Give the floor of each precision, s."""
    every, exact = operations(case)
    found = {name: every / rates[name] for name in ("float32", "bfloat16")}
    return {**found, "mixed": exact / rates["float32"] + (every - exact) / rates["bfloat16"]}


def timed(function: Callable[[], object], device: torch.device) -> float:
    """Give the seconds of one call, to the end of the device's work."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    function()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start
