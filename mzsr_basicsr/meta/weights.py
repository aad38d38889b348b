"""Weights of the query losses after each inner step (protocol.md, stage 2: "outer loss" and "weights")."""

from typing import Literal

WeightKind = Literal["uniform", "annealed", "last"]


def query_weights(kind: WeightKind, steps: int, iteration: int) -> tuple[float, ...]:
    """Weight the query loss after inner step 1, 2, …, steps; the weights sum to one.

    "annealed" starts uniform and moves to the last step: each other weight falls by 3e-4 / steps per iteration down
    to 0.03 / steps (for 5 steps: 6e-5 and 0.006, reached after about 3,233 iterations).

    Args:
        kind: "uniform" (what the released code does), "annealed" (what it meant to do) or "last".
        steps: inner steps; 0 (no adaptation) has the one weight 1.
        iteration: outer iteration, from 0; matters for "annealed" only.

    Example:
        >>> query_weights("uniform", steps=4, iteration=0), query_weights("last", steps=3, iteration=0)
        ((0.25, 0.25, 0.25, 0.25), (0.0, 0.0, 1.0))
        >>> query_weights("annealed", steps=2, iteration=5000)
        (0.015, 0.985)
    """
    if steps == 0:
        return (1.0,)
    others = {
        "uniform": 1 / steps,
        "annealed": max(1 / steps - 3e-4 / steps * iteration, 0.03 / steps),
        "last": 0.0,
    }[kind]
    return (*[others] * (steps - 1), 1 - others * (steps - 1))
