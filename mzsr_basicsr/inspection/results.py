"""What an inspection found: numbers of every update, and the pictures of some."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.inspection.own_copy import CopyPictures


@dataclass(frozen=True)
class Move:
    """How far one parameter tensor, or all of a layer, is from its start: Euclidean; relative to the start's norm,
    None where that is 0; `rate` is that of the update that led here, None before the first and for layers.
    """

    distance: float
    relative: float | None
    rate: float | None = None


@dataclass(frozen=True)
class Update:
    """The network after some updates.

    Attributes:
        number: of updates made.
        loss: the signal's; other than the son's it is of other pairs in every update.
        son_psnr: dB, of the network's output on the son against the LR image, 8-bit luma; no border is shaved.
        psnr: dB, of the SR image by the paper's metric; None without a ground truth.
        ssim: of the same.
        moved: by name of the parameter tensor.
        copy_psnr: dB, of the network's output on the copy of the first update against that copy, as `son_psnr`; None
            where the signal draws no copies.
    """

    number: int
    loss: float
    son_psnr: float
    psnr: float | None
    ssim: float | None
    moved: Mapping[str, Move]
    copy_psnr: float | None = None


@dataclass(frozen=True)
class Window:
    """The central part of the HR image that pictures show, px; its corner lies on an LR pixel and on one of the son."""

    top: int
    left: int
    height: int
    width: int

    def of(self, picture: np.ndarray, shrink: int = 1) -> np.ndarray:
        """Cut it out of (H, W, 3), an image that is `shrink` times smaller than the HR image."""
        rows = slice(self.top // shrink, -(-(self.top + self.height) // shrink))
        columns = slice(self.left // shrink, -(-(self.left + self.width) // shrink))
        return picture[rows, columns]


@dataclass(frozen=True, eq=False)
class Inspection:
    """A whole inspection; all pictures are uint8 RGB, cut to `window`.

    Attributes:
        updates: one for each number of updates, from 0.
        shapes: of the parameter tensors, by name, in the network's order.
        norms: Euclidean norms of these before adaptation.
        scale: magnification.
        size: (H, W) of the SR image, px.
        window: what the pictures show of it.
        sr: by number of updates, some of them, the first and the last among them.
        lr: the LR image.
        son: the LR image, degraded once more.
        gt: the HR image, if it is known.
        manner: what was learned from, and how a step was made.
        copy: the copy that the first update learned from, whole; None where the signal draws none.
        began: where adaptation started and what moved, in words; empty where that is all of the network's own.
    """

    updates: tuple[Update, ...]
    shapes: Mapping[str, tuple[int, ...]]
    norms: Mapping[str, float]
    scale: int
    size: tuple[int, int]
    window: Window
    sr: Mapping[int, np.ndarray]
    lr: np.ndarray
    son: np.ndarray
    gt: np.ndarray | None
    manner: Manner = field(default_factory=Manner)
    copy: CopyPictures | None = None
    began: str = ""

    def layers(self) -> list[str]:
        """List the layers in the network's order: the names of the tensors without their last part."""
        return list(dict.fromkeys(layer_of(name) for name in self.shapes))

    def moved(self, number: int) -> dict[str, Move]:
        """Tell how far each layer, all its tensors together, is from its start after some updates."""
        return {layer: self._moved(layer, number) for layer in self.layers()}

    def _moved(self, layer: str, number: int) -> Move:
        names = [name for name in self.shapes if layer_of(name) == layer]
        distance = math.hypot(*(self.updates[number].moved[name].distance for name in names))
        norm = math.hypot(*(self.norms[name] for name in names))
        return Move(distance, distance / norm if norm else None)


def layer_of(name: str) -> str:
    """Name the layer of a parameter tensor: "body.0" of "body.0.weight"; a tensor on its own is its own layer."""
    return name.rpartition(".")[0] or name
