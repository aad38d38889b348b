"""The LSTM rule: an optimiser that has learned to optimise, one small LSTM for each number of a gradient."""

from typing import Any

import torch
from torch import Tensor, nn

P = 10.0  # of the preprocessing; e^-10 is the smallest magnitude that has a logarithm


def preprocessed(numbers: Tensor) -> Tensor:
    """Give log-magnitude and sign of gradients (n,), as (n, 2) (Andrychowicz et al. 2016, appendix A).

    (log |g| / p, sign g) where |g| >= e^-p, and (-1, e^p g) below it.
    """
    large = numbers.abs() >= torch.exp(torch.tensor(-P, dtype=numbers.dtype))
    logs = numbers.abs().clamp_min(torch.finfo(numbers.dtype).tiny).log() / P
    first = torch.where(large, logs, -torch.ones_like(logs))
    second = torch.where(large, numbers.sign(), numbers * torch.exp(torch.tensor(P, dtype=numbers.dtype)))
    return torch.stack([first, second], dim=-1)


class LSTMRule(nn.Module):
    """Two LSTM layers that every number of every gradient goes through alike, each with a state of its own.

    The answer is a direction near to the gradient's sign: `tanh` of a read-out beside that of the log-magnitude's sign,
    so that a direction is at most 1 in size and steps cannot run away, however many are made. It starts as the sign of
    the gradient, for the read-out starts at 0.

    Args:
        hidden: numbers of each layer's state.
    """

    def __init__(self, hidden: int = 8) -> None:
        super().__init__()
        self.hidden = hidden
        self.layers = nn.ModuleList([nn.LSTMCell(2, hidden), nn.LSTMCell(hidden, hidden)])
        self.read_out = nn.Linear(hidden, 1)
        nn.init.zeros_(self.read_out.weight)
        nn.init.zeros_(self.read_out.bias)

    def forward(self, slope: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        """Give the direction of each tensor; see `rules.Rule`."""
        numbers = torch.cat([part.detach().flatten() for part in slope])
        seen = features = preprocessed(numbers)
        states: list[Tensor] = state.get("lstm") or [numbers.new_zeros(len(numbers), self.hidden) for _ in range(4)]
        with torch.autocast(numbers.device.type, enabled=False):
            for place, layer in enumerate(self.layers):
                h, c = layer(features, (states[2 * place], states[2 * place + 1]))
                states = [*states[: 2 * place], h, c, *states[2 * place + 2 :]]
                features = h
            directions = torch.tanh(seen[:, 1] + self.read_out(features).squeeze(-1))
        state["lstm"] = states
        parts = directions.split([part.numel() for part in slope])
        return [part.view_as(like) for part, like in zip(parts, slope, strict=True)]
