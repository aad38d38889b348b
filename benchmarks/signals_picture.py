"""Draw what updates learn from, the son and the own scale, with real pictures of a small text: docs/signals.png.

    python benchmarks/signals_picture.py docs/signals.png

The text is blurred by g_2.0^d, subsampled directly by 2, and rounded to 8 bits; the network is `shipped:mzsr_x2`, as
it is before any update. Every pixel of every picture is drawn equally large.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from mzsr_basicsr import Degradation
from mzsr_basicsr.adaptation.descent import scene_of, start_of
from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.data.photos import to_picture, to_tensor
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.meta.task import network_inputs, predict
from mzsr_basicsr.signals.own_scale import estimate
from mzsr_basicsr.signals.son import make_son
from mzsr_basicsr.weights.pretrained import load_pretrained

TEXT = "Adaptation\nlearns from\nthe picture\nat hand, by\nitself, and\nfrom no\nother one."
SIDE, LETTERS, FINE = 128, 16, 4  # px; the text is drawn `FINE` times as large, and reduced
SHRINK = 0.8  # size of the smaller copy that is shown
ZOOM, GAP, ROW = 2, 108, 130  # px of the drawing: a side of each pixel, room for an arrow, and between the rows
INK, SON, OWN = "#222222", "#2f8a5f", "#8750a8"


class Place(NamedTuple):
    """Where a picture lies: left, middle and right, and its top and bottom; y goes down."""

    left: float
    right: float
    middle: float
    top: float
    bottom: float


def text() -> Tensor:
    """Draw the text: (1, 3, SIDE, SIDE) in [0, 1]."""
    font = ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSerif.ttf"), LETTERS * FINE)
    page = Image.new("RGB", (SIDE * FINE, SIDE * FINE), "white")
    ImageDraw.Draw(page).multiline_text((5 * FINE, 1 * FINE), TEXT, fill=(20, 24, 60), font=font, spacing=1 * FINE)
    return to_tensor(np.asarray(page.reduce(FINE)))[None]


def pictures() -> dict[str, np.ndarray]:
    """Make all pictures of the drawing: (H, W, 3) uint8."""
    degradation = Degradation("gaussian:2,2", 2).to(torch.zeros(0))
    y = round_to_8_bits(degradation.apply(text()))
    network = load_pretrained("shipped:mzsr_x2").network
    scene = scene_of(network, y, degradation, Settings(quantize_son=True), degradation)
    params = start_of(network)

    def run(lq: Tensor, like: Tensor) -> Tensor:
        with torch.no_grad():
            size = (like.shape[-2], like.shape[-1])
            return predict(network, params, lq, size, network_inputs(network, lq, degradation), 2)

    son, x = make_son(scene), estimate(scene, params)
    even = int(SIDE * SHRINK) // 2 * 2
    copy = imresize(x, SHRINK, antialias=False)[..., :even, :even].clamp(0, 1)
    small = round_to_8_bits(degradation.apply(copy))
    made = {"y": y, "son": son, "f(son)": run(son, y), "x": x, "xs": copy, "ys": small, "f(ys)": run(small, copy)}
    return {name: to_picture(image) for name, image in made.items()}


class Drawing:
    """A drawing in px, y down; pictures stand in rows, joined by arrows."""

    def __init__(self, width: float, height: float) -> None:
        self.figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor="white")
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(height, 0))
        self.axes.axis("off")

    def picture(self, picture: np.ndarray, left: float, middle: float, words: str) -> Place:
        """Draw a picture with some words below it."""
        height, width = (ZOOM * side for side in picture.shape[:2])
        place = Place(left, left + width, middle, middle - height / 2, middle + height / 2)
        extent = (place.left, place.right, place.bottom, place.top)
        self.axes.imshow(picture, extent=extent, interpolation="nearest", aspect="auto")
        self.axes.plot(
            [place.left, place.right, place.right, place.left, place.left],
            [place.top, place.top, place.bottom, place.bottom, place.top],
            color=INK,
            linewidth=0.8,
        )
        self.words(words, left + width / 2, place.bottom + 8, va="top")
        return place

    def words(self, text: str, x: float, y: float, colour: str = INK, **more: object) -> None:
        """Write some words."""
        self.axes.text(x, y, text, color=colour, fontsize=12.5, **{"ha": "center", **more})  # type: ignore[arg-type]

    def arrow(self, start: Place, end: Place, words: str, colour: str) -> None:
        """Draw an arrow from one picture to the next."""
        style = {"arrowstyle": "-|>", "color": colour, "linewidth": 2, "mutation_scale": 16}
        ends = ((end.left - 6, end.middle), (start.right + 6, start.middle))
        self.axes.annotate("", *ends, arrowprops=style)
        self.words(words, (start.right + end.left) / 2, start.middle - 10, colour, va="bottom")

    def compare(self, one: Place, other: Place, words: str, colour: str) -> None:
        """Join two pictures from above: they are compared."""
        top = min(one.top, other.top) - 22
        x = [(p.left + p.right) / 2 for p in (one, other)]
        self.axes.plot([x[0], x[0], x[1], x[1]], [one.top - 4, top, top, other.top - 4], color=colour, ls=(0, (4, 3)))
        self.words(words, sum(x) / 2, top - 6, colour, va="bottom")


def draw(made: dict[str, np.ndarray]) -> Figure:
    """Lay the pictures out: the son above, the own scale below."""
    sides = {name: ZOOM * picture.shape[0] for name, picture in made.items()}
    width = 60 + sum(sides[name] for name in ("y", "x", "xs", "ys", "f(ys)")) + 4 * GAP
    first, second = 130 + sides["y"] / 2, 130 + sides["y"] + ROW + sides["x"] / 2
    drawing = Drawing(width, second + sides["x"] / 2 + 64)
    drawing.words("The son: the image, degraded once more", 30, 44, SON, ha="left", weight="bold")
    y = drawing.picture(made["y"], 30, first, "the image y")
    son = drawing.picture(made["son"], y.right + GAP, first, "its son")
    answer = drawing.picture(made["f(son)"], son.right + GAP, first, "what the network\nmakes of it")
    drawing.arrow(y, son, "degrade", SON)
    drawing.arrow(son, answer, "network", SON)
    drawing.compare(y, answer, "compare: the difference is what an update lowers", SON)
    note = (
        "The son shows everything half as large:\nits letters can't be read any more, and what\n"
        "they teach is wrong for those of the image."
    )
    drawing.words(note, answer.right + 60, first, SON, ha="left", va="center")
    title = second - sides["x"] / 2 - 50
    heading = "The own scale: a smaller copy of the network's own estimate, with details as small as the image's"
    drawing.words(heading, 30, title, OWN, ha="left", weight="bold")
    places = [drawing.picture(made["y"], 30, second, "the image y")]
    below = ("the estimate x", "a smaller copy", "the copy,\ndegraded as y was", "what the network\nmakes of it")
    steps = ("network", "shrink", "degrade", "network")
    for name, words, step in zip(("x", "xs", "ys", "f(ys)"), below, steps, strict=True):
        places.append(drawing.picture(made[name], places[-1].right + GAP, second, words))
        drawing.arrow(places[-2], places[-1], step, OWN)
    drawing.compare(places[2], places[4], "compare", OWN)
    return drawing.figure


def main() -> None:
    """Make the pictures and write the drawing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path, help="PNG to write")
    arguments = parser.parse_args()
    draw(pictures()).savefig(arguments.picture, pil_kwargs={"optimize": True})


if __name__ == "__main__":
    main()
