"""Draw the pictures of docs/concepts.md: what a kernel is, sons and fathers, the three stages, the family of learners.

    python benchmarks/concept_pictures.py docs

The photograph, astronaut, ships with scikit-image.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
import skimage.data
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from mzsr_basicsr import Degradation
from mzsr_basicsr.meta import LEARNERS

INK, LIGHT, WARM, COOL = "#24292f", "#f3f1ea", "#f7d9b8", "#cfe3f2"
DPI = 110
matplotlib.rcParams.update({"font.size": 11, "text.color": INK, "font.family": "DejaVu Sans"})


def main() -> None:
    """Draw all pictures into a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where concept_*.png go")
    folder = parser.parse_args().folder
    for name, draw in {"kernel": kernel, "son": son, "stages": stages, "family": family}.items():
        draw().savefig(folder / f"concept_{name}.png", dpi=DPI, facecolor="white")
        drawn = Image.open(folder / f"concept_{name}.png").convert("RGB").quantize(200)
        drawn.save(folder / f"concept_{name}.png", optimize=True)


def kernel() -> Figure:
    """A photograph, the blur as a spot and as a line, and what is left after every second pixel is kept."""
    face = skimage.data.astronaut()[66:162, 174:270]
    figure = Figure(figsize=(9.5, 4.6), layout="constrained")
    axes = figure.subplots(2, 5, width_ratios=(1, 0.7, 1, 0.12, 1))
    for row, (text, name) in enumerate((("gaussian:2,2", "a round spot"), ("motion:9,30", "a short motion"))):
        how = Degradation(text, 2)
        image = torch.from_numpy(face.transpose(2, 0, 1) / 255)
        blurred = _picture(Degradation(text, 1).apply(image))
        _show(axes[row, 0], face, "what was there" if row == 0 else "")
        _show(axes[row, 1], how.kernel.numpy(), f"kernel: {name}", cmap="inferno")
        _show(axes[row, 2], blurred, "blurred" if row == 0 else "")
        axes[row, 3].axis("off")
        axes[row, 3].text(0.5, 0.5, "→", ha="center", va="center", fontsize=20)
        _show(axes[row, 4], _picture(how.apply(image)), "every 2nd pixel kept" if row == 0 else "")
    return figure


def son() -> Figure:
    """The father that nobody has, the image, and the son that anybody can make."""
    father = skimage.data.astronaut()[66:162, 174:270]
    how = Degradation("gaussian:2,2", 2)
    image = how.apply(torch.from_numpy(father.transpose(2, 0, 1) / 255))
    figure = Figure(figsize=(9.5, 3.1))
    titles = ("HR image: wanted", "LR image: the photo", "son: the photo,\ndegraded once more")
    pictures = (father, _picture(image), _picture(how.son(image)))
    for left, side, picture, title in zip((0.02, 0.42, 0.76), (0.30, 0.22, 0.16), pictures, titles, strict=True):
        axis = figure.add_axes((left, 0.46 - side * 1.5, side, side * 3))
        _show(axis, picture, title)
    arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.6}
    for start, end, text, y in ((0.33, 0.42, "degrade", 0.54), (0.65, 0.75, "degrade", 0.54)):
        figure.text((start + end) / 2, y + 0.03, text, ha="center")
        figure.add_artist(matplotlib.patches.FancyArrowPatch((start, y), (end, y), mutation_scale=14, **arrow))
    for start, end, text in ((0.75, 0.65, "learn this"), (0.42, 0.33, "then this")):
        figure.text((start + end) / 2, 0.29, text, ha="center", color="#a04000", weight="bold")
        arrow["color"] = "#a04000"
        figure.add_artist(matplotlib.patches.FancyArrowPatch((start, 0.40), (end, 0.40), mutation_scale=14, **arrow))
    return figure


def stages() -> Figure:
    """The three stages as boxes, with what goes into each."""
    figure, axis = _sheet(9.5, 2.9)
    boxes = (
        (0.01, "1  Large-scale training", "many photographs, many kernels", "hours, once", COOL),
        (0.35, "2  Meta-transfer learning", "one kernel at a time:\nadapt, judge, move the start", "hours, once", COOL),
        (0.69, "3  Meta-test", "your photo: some updates\non its son, then enlarge", "seconds, for each photo", WARM),
    )  # fmt: skip
    for x, title, words, time, colour in boxes:
        _box(axis, x, 0.18, 0.30, 0.72, colour)
        axis.text(x + 0.15, 0.78, title, ha="center", va="center", weight="bold")
        axis.text(x + 0.15, 0.55, words, ha="center", va="center")
        axis.text(x + 0.15, 0.29, time, ha="center", va="center", style="italic")
    for x in (0.31, 0.65):
        axis.annotate("", (x + 0.04, 0.54), (x, 0.54), arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.6})
    axis.text(0.5, 0.07, "1 and 2 are done: their weights come with the package", ha="center", va="center")
    return figure


def family() -> Figure:
    """Every learner a line through its four choices."""
    columns = [
        ("where a task starts", ["shared", "memory", "hypernetwork", "experts"], lambda c: c.start),
        ("how a step is made", ["gradient", "learned_rates", "lstm"], lambda c: c.rule),
        ("what moves", ["all", "head", "modulation"], lambda c: c.scope),
        ("how the start learns", ["second_order", "first_order", "reptile", "none"], lambda c: c.outer),
    ]
    figure, axis = _sheet(10.5, 5.4)
    places = [np.linspace(0.80, 0.10, len(names)) for _, names, _ in columns]
    xs, colours = (0.29, 0.50, 0.70, 0.90), matplotlib.colormaps["tab20"]
    heights = np.linspace(0.86, 0.04, len(LEARNERS))
    for y, (number, (name, choices)) in zip(heights, enumerate(LEARNERS.items()), strict=True):
        shift = (len(LEARNERS) / 2 - number) * 0.008
        ends = [places[i][names.index(chosen(choices))] + shift for i, (_, names, chosen) in enumerate(columns)]
        lefts, rights = [0.135, *(x + 0.07 for x in xs[:-1])], [x - 0.07 for x in xs]
        for left, right, start, end in zip(lefts, rights, [y, *ends[:-1]], ends, strict=True):
            way = np.linspace(0, 1, 40)
            bend = start + (end - start) * (3 * way**2 - 2 * way**3)
            axis.plot(left + (right - left) * way, bend, color=colours(number), lw=2)
        axis.text(0.125, y, name, ha="right", va="center", color=INK)
    for x, its, (title, names, _) in zip(xs, places, columns, strict=True):
        axis.text(x, 0.97, title, ha="center", va="center", weight="bold")
        for y, name in zip(its, names, strict=True):
            _box(axis, x - 0.07, y - 0.055, 0.14, 0.11, LIGHT, 2)
            axis.text(x, y, name.replace("_", " "), ha="center", va="center", zorder=3)
    return figure


def _sheet(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, 1), ylim=(0, 1))
    axis.axis("off")
    return figure, axis


def _box(axis: Axes, x: float, y: float, width: float, height: float, colour: str, above: int = 1) -> None:
    style = "round,pad=0,rounding_size=0.015"
    axis.add_patch(FancyBboxPatch((x, y), width, height, style, facecolor=colour, edgecolor=INK, lw=1, zorder=above))


def _picture(image: torch.Tensor) -> np.ndarray:
    return (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


def _show(axis: Axes, picture: np.ndarray, title: str, cmap: str | None = None) -> None:
    axis.imshow(picture, interpolation="nearest", cmap=cmap)
    axis.set_title(title, fontsize=11)
    axis.axis("off")


if __name__ == "__main__":
    main()
