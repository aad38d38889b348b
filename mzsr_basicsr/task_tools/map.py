"""`mzsr tasks map`: the embedding of many tasks in two dimensions, as a picture or as a page."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.pages import render, write_whole
from mzsr_basicsr.task_tools.choices import TaskChoices
from mzsr_basicsr.task_tools.drawing import DrawnTask, draw_tasks
from mzsr_basicsr.task_tools.panels import Panel, Places, panels_of, project, words_of
from mzsr_basicsr.weights.task_embedding import load_embedding

_SIDE, _MARGIN = 400, 12  # of a panel of the page, in its own units


def write_map(choices: TaskChoices, output: Path) -> str:
    """Draw tasks, embed them, and write the map, whole or not at all.

    Returns:
        A line that says what was written.

    Raises:
        ConfigError: the map cannot be written.
        ImageError: a photograph that cannot be read.
        WeightsError: the embedding cannot be loaded.
    """
    tasks, domains = draw_tasks(choices, load_embedding(choices.weights)), choices.domains
    places = project(np.stack([task.vector.numpy() for task in tasks]).astype(float))
    panels = panels_of(tasks, domains)
    said = summary(tasks, domains, places)
    if output.suffix.lower() == ".png":
        content: str | bytes = picture(panels, places, said)
    else:
        content = page(panels, places, said, [words_of(task, domains) for task in tasks])
    try:
        write_whole(content, output)
    except OSError as error:
        raise ConfigError(f"output: {output} cannot be written ({error.strerror}); check its folder") from error
    return f"{output}: {said}"


def summary(tasks: Sequence[DrawnTask], domains: Sequence[str], places: Places) -> str:
    """Say in one line what the map shows."""
    return (
        f"{len(tasks)} tasks of {', '.join(domains)}; "
        f"the two axes hold {sum(places.shares):.0%} of the embedding's variance"
    )


def picture(panels: Sequence[Panel], places: Places, said: str) -> bytes:
    """Draw the panels side by side: the bytes of a PNG file, the same each time."""
    figure = Figure(figsize=(5 * len(panels), 5.6), dpi=100, layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(panels)), panels, strict=True):
        axes.scatter(*places.points.T, c=panel.colours, s=26, alpha=0.85, linewidths=0)
        for colour, words in panel.legend:
            axes.scatter([], [], c=colour, s=26, label=words)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.09), ncols=5, frameon=False, handletextpad=0.1)
        axes.set_title(panel.title, fontsize=12)
        axes.set_xlabel(f"first principal component, {places.shares[0]:.0%}")
        axes.set_ylabel(f"second, {places.shares[1]:.0%}")
        axes.set_aspect("equal", adjustable="datalim")
        axes.tick_params(labelsize=8)
    figure.suptitle(said, fontsize=11, wrap=True)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def page(panels: Sequence[Panel], places: Places, said: str, words: Sequence[str]) -> str:
    """Make the HTML text: the panels, whose points say under the pointer what they are."""
    low, high = places.points.min(0), places.points.max(0)
    factor = (_SIDE - 2 * _MARGIN) / max(float((high - low).max()), 1e-12)
    right, down = ((places.points - (low + high) / 2) * (factor, -factor) + _SIDE / 2).round(1).T.tolist()
    return render(
        "tasks.html.j2",
        said=said,
        side=_SIDE,
        panels=[
            {
                "title": panel.title,
                "legend": panel.legend,
                "points": list(zip(right, down, panel.colours, words, strict=True)),
            }
            for panel in panels
        ],
        shares=places.shares,
    )
