"""The demo's picture: the text, where adaptation matters, above a photograph, where it matters less."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from mzsr_basicsr.data.photos import to_picture, to_tensor
from mzsr_basicsr.degradation.degrade import round_to_8_bits, upscale
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.inspection.pictures import busiest
from mzsr_basicsr.metrics.results import BICUBIC, Row

KERNEL, SCALE = "gaussian:2.0,2.0,0.0,21", 2  # as in test_demo_x2.yml
CLEAR = 1.5  # times the one gain that the other is, where words call it the larger
_CROP, _ZOOM, _GAP, _FONT, _LINE = 96, 3, 8, 18, 26  # px of an image, px of the picture for one, and px
_COLUMNS = {BICUBIC: "bicubic", "0": "before adaptation", "10": "after 10 updates"}


def gain(row: Row) -> float:
    """Give what ten updates add to the PSNR before them, dB."""
    return row.values["10"]["psnr"] - row.values["0"]["psnr"]


def verdict(text: float, photograph: float) -> str:
    """Say in plain words what the two gains, dB, show; nothing is claimed that they do not show."""
    if text > CLEAR * max(photograph, 0.0):
        return f"Adaptation pays on the text ({text:+.2f} dB), and adds less to the photograph ({photograph:+.2f} dB)."
    return f"Ten updates change the text by {text:+.2f} dB, and the photograph by {photograph:+.2f} dB."


def draw(text: Row, photograph: Row, originals: Path, results: Path) -> Image.Image:
    """Draw the most detailed part of both images: bicubic, before, after ten updates, and the original.

    Args:
        text: its results.
        photograph: its results.
        originals: folder of the HR images, NAME.png.
        results: folder of the SR images, NAME_0updates_mzsr.png and NAME_10updates_mzsr.png.
    """
    tile, below = _CROP * _ZOOM, 2 * _LINE
    columns = len(_COLUMNS) + 1
    size = (_GAP + columns * (tile + _GAP), _GAP + 2 * (tile + below) + _LINE + _GAP)
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT)
    for line, row in enumerate((text, photograph)):
        top = _GAP + line * (tile + below)
        for column, (caption, part) in enumerate(_parts(row, originals, results).items()):
            left = _GAP + column * (tile + _GAP)
            sheet.paste(Image.fromarray(part).resize((tile, tile), Image.Resampling.NEAREST), (left, top))
            pen.text((left, top + tile + 4), caption, "black", font)
    words = f"{verdict(gain(text), gain(photograph))} Parts of the images; the numbers are of the whole ones."
    pen.text((_GAP, size[1] - _LINE - 4), words, "black", font)
    return sheet


def _parts(row: Row, originals: Path, results: Path) -> dict[str, np.ndarray]:
    """Cut the same part of each image of a row, (h, w, 3) uint8, by its caption."""
    truth = _read(originals / f"{row.image}.png")
    pictures = {BICUBIC: _bicubic(truth)}
    pictures |= {updates: _read(results / f"{row.image}_{updates}updates_mzsr.png") for updates in ("0", "10")}
    parts = {f"{_COLUMNS[c]}, {row.values[c]['psnr']:.2f} dB": picture for c, picture in pictures.items()}
    parts["the original"] = truth
    middle = [place + 32 for place in busiest(truth)]
    top, left = (min(max(m - _CROP // 2, 0), extent - _CROP) for m, extent in zip(middle, truth.shape, strict=False))
    return {caption: picture[top : top + _CROP, left : left + _CROP] for caption, picture in parts.items()}


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _bicubic(truth: np.ndarray) -> np.ndarray:
    """Make the LR image of the test again, and upscale it."""
    image = to_tensor(truth)[None]
    small = round_to_8_bits(Degradation(KERNEL, SCALE).to(torch.zeros(0)).apply(image))
    return to_picture(upscale(small, SCALE).clamp(0, 1))
