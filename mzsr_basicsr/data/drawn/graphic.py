"""Draw one graphic: choose what, draw it finely, and reduce it to the size that is wanted."""

import random
from collections.abc import Callable

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

KINDS: dict[str, Callable[[Canvas, random.Random], None]] = {
    "text": draw_text,
    "cartoon": draw_cartoon,
    "line art": draw_line_art,
    "chart": draw_chart,
    "terminal": draw_terminal,
    "window": draw_window,
    "table": draw_table,
    "map": draw_map,
    "pattern": draw_pattern,
}
WEIGHTS = (28, 18, 12, 13, 9, 6, 4, 5, 5)  # how often each is drawn, %
UPRIGHT = {"text": 0.4, "terminal": 0.6, "window": 0.5, "table": 0.5, "pattern": 0.3}  # share drawn px by px
FILTERS = (Image.Resampling.BOX, Image.Resampling.BOX, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
TRIES = 8  # for a window that shows something: pages have empty places
PLAIN = 8.0  # levels; a standard deviation below it shows next to nothing


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
    for _ in range(TRIES):
        image = _attempt(size, rng, kind or rng.choices(list(KINDS), WEIGHTS)[0])
        if image.std() >= PLAIN:
            break
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).float() / 255


def _attempt(size: int, rng: random.Random, kind: str) -> np.ndarray:
    """Draw one image: (size, size, 3) uint8."""
    factor = 1 if rng.random() < UPRIGHT.get(kind, 0) else FINE
    canvas = blank(size, factor, paper(rng))
    KINDS[kind](canvas, rng)
    method = rng.choice(FILTERS)
    if factor == 1:
        return np.asarray(canvas.image)
    if method == Image.Resampling.BOX:
        return np.asarray(canvas.image.reduce(factor))
    return np.asarray(canvas.image.resize((size, size), method))
