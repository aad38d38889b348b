"""Draw one graphic: choose what, draw it finely, and reduce it to the size that is wanted."""

import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mzsr_basicsr.data.drawn.canvas import FINE, Canvas, blank
from mzsr_basicsr.data.drawn.cartoon import draw_cartoon
from mzsr_basicsr.data.drawn.charts import draw_chart
from mzsr_basicsr.data.drawn.colours import paper
from mzsr_basicsr.data.drawn.line_art import draw_line_art
from mzsr_basicsr.data.drawn.maps import draw_map
from mzsr_basicsr.data.drawn.patterns import draw_pattern
from mzsr_basicsr.data.drawn.plots import draw_plot
from mzsr_basicsr.data.drawn.scans import scan
from mzsr_basicsr.data.drawn.screens import draw_table, draw_terminal, draw_window
from mzsr_basicsr.data.drawn.subpixels import THIRDS, reduce_by_subpixels
from mzsr_basicsr.data.drawn.text import draw_text
from mzsr_basicsr.data.photos import to_tensor


class Kind(NamedTuple):
    """What draws a kind of graphic, how often (%), and the shares that are not reduced from a fine sheet alone.

    `plain` is drawn px by px, `screen` by sub-pixels; of the rest `paper` is scanned.
    """

    draw: Callable[[Canvas, random.Random], None]
    weight: int
    plain: float = 0.0
    screen: float = 0.0
    paper: float = 0.0


KINDS = {
    "text": Kind(draw_text, 30, 0.25, 0.15, 0.2),
    "cartoon": Kind(draw_cartoon, 14),
    "line art": Kind(draw_line_art, 15, paper=0.1),
    "chart": Kind(draw_chart, 8),
    "plot": Kind(draw_plot, 6, 1.0),
    "terminal": Kind(draw_terminal, 9, 0.4, 0.2),
    "window": Kind(draw_window, 6, 0.4, 0.2),
    "table": Kind(draw_table, 4, 0.3, 0.15, 0.2),
    "map": Kind(draw_map, 5),
    "pattern": Kind(draw_pattern, 3, 0.3),
}
FILTERS = (Image.Resampling.BOX, Image.Resampling.BOX, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
TRIES = 8  # for a window that shows something: pages have empty places
LEAST = 8.0  # levels; an image of a smaller standard deviation shows next to nothing


def draw_graphic(size: int, generator: torch.Generator, kind: str | None = None) -> Tensor:
    """Draw a graphic: one of `KINDS`.

    It is drawn with four pixels to each, along both sides, and reduced by a box, bicubically or by Lanczos' filter; a
    share of what stands upright is drawn px by px instead, with the letters that FreeType fits to the grid, or by
    thirds of a pixel, one for each colour, as screens show it; a share of the papers looks scanned. Elsewhere the
    image is exactly flat where nothing is drawn; half of the grounds are pure white.

    The image is a function of the generator's state and of the fonts that are installed (see `fonts`), in plots of
    matplotlib's version, too: other machines may draw other images from the same seed. The generator advances by one
    number.

    Args:
        size: side of the image, px.
        generator: of the image.
        kind: a key of `KINDS`; None draws one.

    Returns:
        (3, size, size) float32 RGB in [0, 1], multiples of 1/255.
    """
    rng = random.Random(int(torch.randint(2**62, (), generator=generator)))
    kinds = list(KINDS.values())
    weights = [one.weight for one in kinds]
    for _ in range(TRIES):
        image = _attempt(size, rng, KINDS[kind] if kind else rng.choices(kinds, weights)[0])
        if image.std() >= LEAST:
            break
    return to_tensor(image)


def _attempt(size: int, rng: random.Random, kind: Kind) -> np.ndarray:
    """Draw one image: (size, size, 3) uint8."""
    way = rng.random()
    factor = 1 if way < kind.plain else THIRDS if way < kind.plain + kind.screen else FINE
    canvas = blank(size, factor, paper(rng))
    kind.draw(canvas, rng)
    method = rng.choice(FILTERS)
    if factor == 1:
        return np.asarray(canvas.image)
    if factor == THIRDS:
        return reduce_by_subpixels(canvas.image, rng)
    box = method == Image.Resampling.BOX
    image = np.asarray(canvas.image.reduce(factor) if box else canvas.image.resize((size, size), method))
    return scan(image, rng) if rng.random() < kind.paper else image
