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
from mzsr_basicsr.data.drawn.screens import draw_table, draw_terminal, draw_window
from mzsr_basicsr.data.drawn.text import draw_text
from mzsr_basicsr.data.photos import to_tensor


class Kind(NamedTuple):
    """What draws a kind of graphic, how often (%), and the share of it that is drawn px by px."""

    draw: Callable[[Canvas, random.Random], None]
    weight: int
    plain: float = 0.0


KINDS = {
    "text": Kind(draw_text, 28, 0.4),
    "cartoon": Kind(draw_cartoon, 18),
    "line art": Kind(draw_line_art, 12),
    "chart": Kind(draw_chart, 13),
    "terminal": Kind(draw_terminal, 9, 0.6),
    "window": Kind(draw_window, 6, 0.5),
    "table": Kind(draw_table, 4, 0.5),
    "map": Kind(draw_map, 5),
    "pattern": Kind(draw_pattern, 5, 0.3),
}
FILTERS = (Image.Resampling.BOX, Image.Resampling.BOX, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
TRIES = 8  # for a window that shows something: pages have empty places
LEAST = 8.0  # levels; an image of a smaller standard deviation shows next to nothing


def draw_graphic(size: int, generator: torch.Generator, kind: str | None = None) -> Tensor:
    """Draw a graphic: text, a cartoon, line art, a chart, a terminal, a window, a table, a map or a pattern.

    It is drawn with four pixels to each, along both sides, and reduced by a box, bicubically or by Lanczos' filter; a
    share of what stands upright is drawn px by px instead, with the letters that FreeType fits to the grid, as
    screens show it. Where nothing is drawn the image is exactly flat; half of the grounds are pure white.

    The image is a function of the generator's state and of the fonts that are installed (see `fonts`): other
    machines may draw other images from the same seed. The generator advances by one number.

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
    factor = 1 if rng.random() < kind.plain else FINE
    canvas = blank(size, factor, paper(rng))
    kind.draw(canvas, rng)
    method = rng.choice(FILTERS)
    if factor == 1:
        return np.asarray(canvas.image)
    if method == Image.Resampling.BOX:
        return np.asarray(canvas.image.reduce(factor))
    return np.asarray(canvas.image.resize((size, size), method))
