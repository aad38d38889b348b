"""Reading an external memory: strategies, weighted by how like the keys are to what is asked."""

import torch
from torch import Tensor

SHARPNESS = 10.0  # of the softmax over cosine similarities


def similarities(code: Tensor, keys: Tensor) -> Tensor:
    """Give the cosine of the angle between a code (d,) and each key (M, d): (M,)."""
    return torch.nn.functional.cosine_similarity(code[None], keys, dim=1)


def recalled(code: Tensor, keys: Tensor, strategies: Tensor) -> Tensor:
    """Read a memory.

    Args:
        code: (d,), of the task.
        keys: (M, d).
        strategies: (M, width).

    Returns:
        (width,), Σ_m softmax(`SHARPNESS` cos(code, key_m)) strategy_m.
    """
    return torch.softmax(SHARPNESS * similarities(code, keys), dim=0) @ strategies
