"""What fills an outline: a flat colour, a smooth gradient, hatching, or the dots of a screen tone."""

import random
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageOps

from mzsr_basicsr.data.drawn.canvas import Canvas, Point
from mzsr_basicsr.data.drawn.colours import Colour


def gradient(canvas: Canvas, rng: random.Random, first: Colour, second: Colour) -> Image.Image:
    """Paint a sheet that goes from one colour to another, along a line or from the middle."""
    ramp = Image.linear_gradient("L") if rng.random() < 0.7 else Image.radial_gradient("L")
    ramp = ramp.rotate(rng.uniform(0, 360), Image.Resampling.BILINEAR).crop((40, 40, 216, 216))
    return ImageOps.colorize(ramp.resize(canvas.image.size, Image.Resampling.BILINEAR), first, second)


def dots(canvas: Canvas, rng: random.Random) -> Image.Image:
    """Paint the mask of a screen tone: dots on a square grid or on one that is turned by 45 degrees."""
    cell = max(round(rng.uniform(2.5, 7) * canvas.factor), 2)
    axis = np.arange(cell) - (cell - 1) / 2
    near = axis[:, None] ** 2 + axis**2 < (cell * rng.uniform(0.2, 0.45)) ** 2
    tile = np.tile(near, (2, 2))
    if rng.random() < 0.6:
        tile[cell:] = np.roll(tile[cell:], cell // 2, 1)
    repeats = -(-canvas.image.width // len(tile))
    whole = np.tile(tile, (repeats, repeats))[: canvas.image.width, : canvas.image.width]
    return Image.fromarray(whole.astype(np.uint8) * 255)


def hatching(canvas: Canvas, rng: random.Random) -> Image.Image:
    """Paint the mask of parallel lines, once or crossed."""
    mask = Image.new("L", canvas.image.size)
    pen, extent = ImageDraw.Draw(mask), canvas.image.width
    step, thick = rng.uniform(2.5, 9) * canvas.factor, canvas.thick(rng.uniform(0.5, 1.5))
    for _ in range(rng.choice((1, 1, 2))):
        lean = rng.uniform(-1, 1) * extent
        flat = rng.random() < 0.5
        for i in range(round((extent + 2 * abs(lean)) / step)):
            near, far = i * step - abs(lean), i * step - abs(lean) + lean
            pen.line((0, near, extent, far) if flat else (near, 0, far, extent), 255, thick)
    return mask


def fill(canvas: Canvas, rng: random.Random, points: Sequence[Point], pair: tuple[Colour, Colour]) -> None:
    """Fill an outline with two colours, by one of the ways above."""
    mask = Image.new("L", canvas.image.size)
    ImageDraw.Draw(mask).polygon([canvas.pixel(point) for point in points], 255)
    if rng.random() < 0.4:
        canvas.image.paste(gradient(canvas, rng, *pair), mask=mask)
        return
    tone: Callable[[Canvas, random.Random], Image.Image] = dots if rng.random() < 0.5 else hatching
    canvas.image.paste(pair[0], mask=mask)
    canvas.image.paste(pair[1], mask=ImageChops.multiply(mask, tone(canvas, rng)))
