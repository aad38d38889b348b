"""How a step is made of a gradient: rules, by name. A step moves a parameter tensor by its rate times a direction."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mzsr_basicsr.meta.lstm import LSTMRule

State = dict[str, Any]  # what a rule remembers of the steps before; empty at first
Rule = Callable[[list[Tensor], State], list[Tensor]]  # (gradient of each tensor, state) -> direction of each tensor

MOMENTUM = 0.8
ADAM = (0.9, 0.999)
BIAS = 0.05  # root mean square of the direction of a tensor that is no matrix, such as a bias
_ROUNDS = ((3.4445, -4.7750, 2.0315),) * 5  # Newton and Schulz's iteration, with coefficients that rise fast from 0


def gradient(slope: list[Tensor], state: State) -> list[Tensor]:
    """Give the gradient itself: plain gradient descent, the paper's."""
    return slope


def orthogonal(slope: list[Tensor], state: State) -> list[Tensor]:
    """Give the orthogonal matrix nearest to the gradient's average (Jordan et al. 2024, "Muon").

    Every singular direction of a layer moves alike, however small its gradient is, so that ten steps reach what a step
    along the gradient reaches in many. The average over the steps is Nesterov's, of `MOMENTUM`, without its bias
    towards 0. A convolution's weights are a matrix of outputs by inputs and taps; vectors are scaled to `BIAS`.
    """
    step = state["step"] = state.get("step", 0) + 1
    means = state.setdefault("means", [torch.zeros_like(part) for part in slope])
    state["means"] = means = [MOMENTUM * m + (1 - MOMENTUM) * g for m, g in zip(means, slope, strict=True)]
    whole = 1 - MOMENTUM**step
    ahead = [MOMENTUM * m / whole + (1 - MOMENTUM) * g for m, g in zip(means, slope, strict=True)]
    numbers = [i for i, part in enumerate(ahead) if part.ndim > 1]
    directions = [BIAS * _over(m, m.square().mean().sqrt()) for m in (_over(m, m.abs().amax()) for m in ahead)]
    for places in _alike([ahead[i].flatten(1).shape for i in numbers], numbers):
        matrices = nearest_orthogonal(torch.stack([ahead[i].flatten(1) for i in places]))
        for place, matrix in zip(places, matrices, strict=True):
            directions[place] = matrix.view_as(slope[place])
    return directions


def nearest_orthogonal(matrices: Tensor) -> Tensor:
    """Bring the singular values of matrices (n, rows, columns) near to 1, between 0.68 and 1.21; 0 stays 0.

    Those below 0.2 % of a matrix's Frobenius norm grow several hundredfold and stay below. It is computed in the
    matrices' own precision, in a bfloat16 training too.
    """
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.transpose(-1, -2) if tall else matrices
    x = _over(x, x.abs().amax((-2, -1), keepdim=True))
    x = _over(x, torch.linalg.matrix_norm(x, keepdim=True))
    with torch.autocast(x.device.type, enabled=False):
        for a, b, c in _ROUNDS:
            square = x @ x.transpose(-1, -2)
            x = a * x + (b * square + c * square @ square) @ x
    return x.transpose(-1, -2) if tall else x


def _alike(shapes: list[torch.Size], places: list[int]) -> list[list[int]]:
    """Group places by shape: matrices of one shape are brought to orthogonality together."""
    groups: dict[torch.Size, list[int]] = {}
    for shape, place in zip(shapes, places, strict=True):
        groups.setdefault(shape, []).append(place)
    return list(groups.values())


def _over(part: Tensor, size: Tensor) -> Tensor:
    """Divide by a size; 0 stays 0. By the largest number first, or squares of tiny ones would vanish."""
    return part / size.clamp_min(float(torch.finfo(part.dtype).tiny) * 1e3)


def adam(slope: list[Tensor], state: State) -> list[Tensor]:
    """Give Adam's direction (Kingma, Ba 2015): a running mean over the root of the running mean of squares."""
    step = state["step"] = state.get("step", 0) + 1
    means = state.setdefault("means", [torch.zeros_like(part) for part in slope])
    squares = state.setdefault("squares", [torch.zeros_like(part) for part in slope])
    state["means"] = [ADAM[0] * m + (1 - ADAM[0]) * g for m, g in zip(means, slope, strict=True)]
    state["squares"] = [ADAM[1] * s + (1 - ADAM[1]) * g.square() for s, g in zip(squares, slope, strict=True)]
    first, second = 1 - ADAM[0] ** step, 1 - ADAM[1] ** step
    pairs = zip(state["means"], state["squares"], strict=True)
    return [m / first / ((s / second).sqrt() + 1e-8) for m, s in pairs]


RULES: dict[str, Rule | type[LSTMRule]] = {  # a class makes a rule that has parameters, and is learned
    "gradient": gradient,
    "learned_rates": gradient,  # with a rate for each step and tensor, or for each element
    "orthogonal": orthogonal,
    "adam": adam,
    "lstm": LSTMRule,
}
