"""Colours of drawn images: papers, inks that can be read on them, and palettes; all (red, green, blue) in 0..255."""

import colorsys
import random

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)


def from_hsv(hue: float, saturation: float, value: float) -> Colour:
    """Turn hue, saturation and value, each in [0, 1], into 8 bits."""
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, saturation, value))
    return red, green, blue


def luma(colour: Colour) -> float:
    """Give the brightness, in 0..255."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def paper(rng: random.Random) -> Colour:
    """Draw a ground: pure white for a half, else nearly white, black, dark or coloured."""
    chance = rng.random()
    if chance < 0.5:
        return WHITE
    if chance < 0.65:
        return from_hsv(rng.random(), rng.uniform(0, 0.12), rng.uniform(0.9, 1))
    if chance < 0.72:
        return BLACK
    if chance < 0.85:
        return from_hsv(rng.random(), rng.uniform(0, 0.6), rng.uniform(0.05, 0.3))
    return from_hsv(rng.random(), rng.uniform(0.1, 0.9), rng.uniform(0.3, 1))


def ink(rng: random.Random, ground: Colour, contrast: float = 100.0) -> Colour:
    """Draw a colour that differs from its ground in brightness by `contrast` levels: black or white for a half."""
    extreme = BLACK if luma(ground) > 127 else WHITE
    if rng.random() < 0.5:
        return extreme
    for _ in range(8):
        colour = from_hsv(rng.random(), rng.choice((0.0, rng.random())), rng.random())
        if abs(luma(colour) - luma(ground)) >= contrast:
            return colour
    return extreme


def between(first: Colour, second: Colour, share: float) -> Colour:
    """Mix two colours: `share` of the second, in [0, 1]."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def palette(rng: random.Random, number: int) -> list[Colour]:
    """Draw colours that go together: hues evenly apart or close by, of one saturation, with some greys."""
    start, step = rng.random(), rng.choice((1 / number, 0.618, 0.05))
    saturation, value = rng.uniform(0.25, 1), rng.uniform(0.75, 1)
    if rng.random() < 0.12:
        return [from_hsv(0, 0, rng.random()) for _ in range(number)]
    return [
        from_hsv((start + i * step) % 1, saturation * rng.uniform(0.7, 1), value * rng.uniform(0.6, 1))
        for i in range(number)
    ]
