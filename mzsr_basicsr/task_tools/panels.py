"""What a map of tasks shows: places in two dimensions, and a panel of colours for each thing that is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex

from mzsr_basicsr.task_tools.drawing import DrawnTask

_STEPS = 5  # colours that the legend of a number shows
_DOMAINS = "tab10", "tab20"  # colour lists; up to ten domains, and more


class Places(NamedTuple):
    """Points of a map: (n, 2), and the share of the vectors' variance that each of the two axes holds."""

    points: np.ndarray
    shares: tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """One panel: a colour for each task, and what colours mean."""

    title: str
    colours: list[str]
    legend: list[tuple[str, str]]  # colour and words


def project(vectors: np.ndarray) -> Places:
    """Project on the two principal components; the sign of each makes its largest loading positive.

    Args:
        vectors: (n, d), n and d at least 2.
    """
    centred = vectors - vectors.mean(0)
    _, singular, rows = np.linalg.svd(centred, full_matrices=False)
    axes = rows[:2] * np.sign(rows[:2][np.arange(2), np.abs(rows[:2]).argmax(1)])[:, None]
    power = singular**2 / max(float((singular**2).sum()), 1e-12)
    return Places(centred @ axes.T, (float(power[0]), float(power[1])))


def panels_of(tasks: Sequence[DrawnTask], domains: Sequence[str]) -> list[Panel]:
    """Colour tasks by kernel width, noise and domain."""
    colours = colormaps[_DOMAINS[len(domains) > 10]].colors  # type: ignore[attr-defined]
    names = [to_hex(colours[number % len(colours)]) for number in range(len(domains))]
    return [
        _number_panel("Kernel width, σ in LR px", [task.width for task in tasks], "viridis", ".2f"),
        _number_panel("Noise, σ in levels of 255", [task.noise for task in tasks], "plasma", ".0f"),
        Panel("Domain", [names[task.domain] for task in tasks], list(zip(names, domains, strict=True))),
    ]


def words_of(task: DrawnTask, domains: Sequence[str]) -> str:
    """Say what a task is, in one line."""
    name = task.photo.replace("\\", "/").rsplit("/", 1)[-1]
    noisy = f"noise σ {task.noise:.1f} of 255" if task.noise else "no noise"
    return f"{domains[task.domain]}: {name}; kernel width {task.width:.2f} LR px; {noisy}; {task.degradation}"


def _number_panel(title: str, values: Sequence[float], colours: str, form: str) -> Panel:
    scale, (low, high) = colormaps[colours], (min(values), max(values))

    def colour(value: float) -> str:
        return to_hex(scale(0.95 * (value - low) / max(high - low, 1e-12)))  # the last ones are too pale on white

    steps = np.linspace(low, high, _STEPS).tolist() if high > low else [low]
    return Panel(title, [colour(v) for v in values], [(colour(step), format(step, form)) for step in steps])
