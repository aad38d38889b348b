"""Is an adaptation sound, and its picture one? What is not finite, or far worse than it began, is never handed on."""

import math

import torch
from torch import Tensor

from mzsr_basicsr.errors import TrainingError

FAR = 2.0  # times the first loss: beyond it, and beyond that of a picture of one colour, adaptation has diverged
LEAST = 0.05  # [0, 1] intensity; a loss below it is that of a picture, whatever it was before
DARK = 0.02  # mean intensity; below it a black picture may be right


def diverged(loss: float, first: float, image: Tensor) -> bool:
    """Tell whether adaptation has left what it started from, instead of coming nearer to the image.

    Args:
        loss: of the signal after some updates, L1 or like it.
        first: the same before all.
        image: (..., C, h, w), what the son is compared with.
    """
    blank = float((image - image.mean((-2, -1), keepdim=True)).abs().mean())
    return not math.isfinite(loss) or loss > max(FAR * first, blank, LEAST)


def check_adaptation(update: int, loss: float, first: float, image: Tensor) -> None:
    """Refuse an adaptation that has diverged; see `diverged`.

    Raises:
        TrainingError: it names the rates, or the weights where no update was made.
    """
    if not diverged(loss, first, image):
        return
    if not math.isfinite(first):
        raise TrainingError(f"the loss is {first} before any update; check the network's weights")
    raise TrainingError(
        f"rates: the loss is {loss:.3g} after {update} update{'s' * (update != 1)}, {first:.3g} before; "
        "give smaller rates or fewer updates"
    )


def check_picture(sr: Tensor, lq: Tensor) -> None:
    """Refuse an SR image that is not finite, or black where its LR image is not.

    Args:
        sr: any shape, in [0, 1].
        lq: any shape, in [0, 1].

    Raises:
        TrainingError: one line.
    """
    if not bool(torch.isfinite(sr).all()):
        raise TrainingError("the result holds pixels that are not finite; check the weights, or give smaller rates")
    if float(sr.max()) <= 0 and float(lq.mean()) > DARK:
        raise TrainingError("the result is black and its LR image is not; check the weights, or give smaller rates")
