"""Pictures of an inspection: what changed, where it is wrong, where it got better, and the animation."""

import io
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont

from mzsr_basicsr.adaptation.lively import slope
from mzsr_basicsr.inspection.folder import FORMATS
from mzsr_basicsr.inspection.results import Inspection, Update
from mzsr_basicsr.inspection.words import decibels
from mzsr_basicsr.metrics.quality import luma

ZOOM = 64  # px of the SR image, side of the part that is shown enlarged
_GREY = 128
_GAINS = (1, 2, 5, 10, 20, 50)
_TYPICAL = 99.5  # per cent of the pixels that lie within a map's range
_BETTER, _WORSE = np.array([20, 110, 230.0]), np.array([240, 130, 0.0])
_STRIP, _FONT, _NARROWEST = 26, 16, 230  # px
_SHOWN, _LAST = 600, 2000  # ms


@dataclass(frozen=True)
class Ranges:
    """The ranges of the maps of one inspection, the same for all updates.

    Attributes:
        change: what changes of the SR image are multiplied by.
        verdict: what changes of the error are multiplied by.
        error: levels of luma that are drawn in the lightest colour.
    """

    change: int
    verdict: int
    error: float


def ranges_of(found: Inspection) -> Ranges:
    """Choose the ranges, so that the largest usual value of any update fills them."""
    pictures, first, truth = found.sr.values(), found.sr[0], found.gt
    changes = [_usual(picture.astype(np.int16) - first) for picture in pictures]
    if truth is None:
        return Ranges(_gain(changes), 1, 0.0)
    errors = [_error(picture, truth) for picture in pictures]
    risen = [_usual(error - errors[0]) for error in errors]
    return Ranges(_gain(changes), _gain(risen), max(1.0, *map(_usual, errors)))


def _gain(values: list[float]) -> int:
    return max((gain for gain in _GAINS if gain * max(values) <= _GREY), default=1)


def _usual(values: np.ndarray) -> float:
    return float(np.percentile(np.abs(values), _TYPICAL))


def change(picture: np.ndarray, first: np.ndarray, gain: int) -> np.ndarray:
    """Draw picture - first about mid-grey: both (H, W, 3) uint8, and so is the result."""
    difference = picture.astype(np.int16) - first
    return (difference * gain + _GREY).clip(0, 255).astype(np.uint8)


def verdict_map(picture: np.ndarray, first: np.ndarray, truth: np.ndarray, gain: int) -> np.ndarray:
    """Draw where the error fell (blue) or rose (orange) against the first picture; grey where it is as it was."""
    risen = _error(picture, truth) - _error(first, truth)
    strength = (np.abs(risen) * gain / _GREY).clip(0, 1)[..., None]
    colour = np.where(risen[..., None] > 0, _WORSE, _BETTER)
    return np.rint(_GREY * (1 - strength) + colour * strength).astype(np.uint8)


def busiest(picture: np.ndarray) -> tuple[int, int]:
    """Find (top, left) of the part of `ZOOM` px, or of the whole, with the most gradient: (H, W, 3) uint8."""
    planes = torch.from_numpy(picture.astype(np.float32).transpose(2, 0, 1))[None]
    height, width = (min(ZOOM, extent) for extent in picture.shape[:2])
    energy = F.avg_pool2d(slope(planes), (height, width), stride=8)[0, 0]
    place = int(energy.argmax())
    return 8 * (place // energy.shape[1]), 8 * (place % energy.shape[1])


def caption(update: Update) -> str:
    """Say in a few words how good the network is after an update."""
    known = f"loss {update.loss:.5f}" if update.psnr is None else decibels(update.psnr)
    return f"update {update.number}: {known}"


def animation(found: Inspection, format: str) -> bytes:
    """Draw the SR image after each update, its change beside it, as an animated picture without loss.

    Args:
        found: the inspection.
        format: key of `FORMATS`.

    Returns:
        The bytes of a file.
    """
    gain = ranges_of(found).change
    frames = [
        Image.fromarray(
            np.concatenate(
                [
                    _framed(picture, caption(found.updates[number])),
                    _framed(change(picture, found.sr[0], gain), f"change since update 0, x{gain}"),
                ],
                axis=1,
            )
        )
        for number, picture in found.sr.items()
    ]
    stream = io.BytesIO()
    durations = [_SHOWN] * (len(frames) - 1) + [_LAST]
    options = {"lossless": True} if format == "webp" else {}
    frames[0].save(
        stream,
        FORMATS[format],
        save_all=True,
        append_images=frames[1:],
        duration=durations if len(frames) > 1 else _LAST,
        loop=0,
        **options,
    )
    return stream.getvalue()


def _framed(picture: np.ndarray, text: str) -> np.ndarray:
    """Put a line of text above a picture, on black."""
    height, width = picture.shape[:2]
    framed = np.zeros((height + _STRIP, max(width, _NARROWEST), 3), np.uint8)
    framed[_STRIP:, :width] = picture
    image = Image.fromarray(framed)
    ImageDraw.Draw(image).text((6, 3), text, fill=(255, 255, 255), font=ImageFont.load_default(_FONT))
    return np.asarray(image)


def _error(picture: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.abs(luma(picture) - luma(truth))
