"""What is inspected: an LR image, and the HR image it is compared with, read from files and cut to a bounded size."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.degradation.noise import jpeg_noise
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.inspection.choices import MOST_PIXELS
from mzsr_basicsr.jobs.degraded import Degrading, degrade_picture
from mzsr_basicsr.pictures.bands import Bands, to_planes
from mzsr_basicsr.pictures.kinds import SMALLEST_SIDE
from mzsr_basicsr.pictures.picture import Picture, eight_bits, upright
from mzsr_basicsr.pictures.prepare import prepared
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.upscaling.noise import image_noise

_CPU = torch.device("cpu")


@dataclass(frozen=True, eq=False)
class Subject:
    """An image to inspect.

    Attributes:
        name: of its file.
        pixels: (h, w, C), the LR image as stored, grey or RGB.
        bands: what its values stand for.
        gt: (H, W, 3) uint8 RGB, ceil(H / scale) = h and ceil(W / scale) = w; None if it is not known.
        noise: estimate of σ, [0, 1] intensity, of the LR image as it was read.
        notices: sentences for people: what was done to the file's pixels.
    """

    name: str
    pixels: np.ndarray
    bands: Bands
    gt: np.ndarray | None
    noise: float
    notices: tuple[str, ...] = ()

    @property
    def lq(self) -> Tensor:
        """The LR image: (1, 3, h, w) float32 RGB in [0, 1]."""
        return to_planes(self.pixels, self.bands, _CPU)

    @property
    def eight_bits(self) -> bool:
        """Whether the LR image has no more, so that its son has no more either."""
        return bool(self.pixels.dtype == np.uint8)


@dataclass(frozen=True, eq=False)
class Colours:
    """A picture file: grey or RGB, upright, without its alpha, holes and outliers.

    Attributes:
        path: of the file.
        picture: its pixels.
        bands: what its values stand for.
        notices: see `Subject`.
        judged: (h, w, C), the part of the pixels whose noise is estimated.
    """

    path: Path
    picture: Picture
    bands: Bands
    notices: tuple[str, ...]
    judged: np.ndarray


def read_colours(path: Path) -> Colours:
    """Read a grey or RGB picture.

    Raises:
        ImageError: no picture, one of other bands, or one too small.
    """
    picture = upright(read_picture(path))
    ready = prepared(picture.pixels, picture.alpha, str(path), picture.nodata)
    pixels, bands = ready.pixels, ready.bands
    if bands.colours not in (1, 3):
        raise ImageError(f"{path}: {bands.colours} bands of colour; give a grey or an RGB picture")
    notices: tuple[str, ...] = (f"The alpha of {path.name} is left out.",) if picture.alpha else ()
    if ready.holes is not None:
        notices += (f"Pixels of {path.name} without data are filled by their nearest neighbours.",)
    if ready.outliers is not None:
        notices += (
            f"Outliers of {path.name}, beyond {bands.low:g} to {bands.high:g}, are filled by their neighbours.",
        )
    colours = np.ascontiguousarray(pixels[:, :, : bands.colours])
    bare, plain = replace(picture, pixels=colours, alpha=False), replace(bands, alpha=False)
    return Colours(path, bare, plain, notices, ready.to_judge()[:, :, : bands.colours])


def read_pair(lr: Colours, gt: Path | None, scale: int, crop: int | None) -> Subject:
    """Read an LR image, and its ground truth if there is one.

    Args:
        lr: the LR image.
        gt: file of the HR image.
        scale: HR over LR.
        crop: LR px, side of the central square to take; None for all, up to `MOST_PIXELS`.

    Raises:
        ImageError: a file that is no grey or RGB picture, or a ground truth of another size.
    """
    pixels, notices = lr.picture.pixels, lr.notices
    noise = image_noise("auto", lr.judged, lr.bands, jpeg_noise(lr.picture.quantization))
    truth = None
    if gt is not None:
        truth, more = _rgb(read_colours(gt))
        _check_sizes(gt, truth, pixels, scale)
        notices += more
    return _cut(Subject(str(lr.path), pixels, lr.bands, truth, noise, notices), crop, scale)


def make_pair(hr: Colours, degradation: Degradation, crop: int | None) -> Subject:
    """Make the LR image of an HR image, in float64, rounded to 8 bits; see `read_pair`.

    Raises:
        ImageError: no grey or RGB picture, or one too small.
    """
    name = str(hr.path)
    truth, notices = _rgb(hr)
    low, scale = degrade_picture(Picture(truth), Degrading(degradation), name), int(degradation.scale)
    pixels, bands, *_ = prepared(low.pixels, False, f"{name}, made smaller by {scale}")
    made = (f"The LR image was made from {hr.path.name}, {truth.shape[1]}x{truth.shape[0]} px.",)
    return _cut(Subject(name, pixels, bands, truth, 0.0, notices + made), crop, scale)


def _cut(subject: Subject, side: int | None, scale: int) -> Subject:
    """Take the central square that is asked for, or the central part of an image that is too large."""
    height, width = subject.pixels.shape[:2]
    if side is None:
        tall, wide = _bounded(height, width)
    else:
        tall, wide = min(side, height), min(side, width)
    if (tall, wide) == (height, width):
        return subject
    top, left = (height - tall) // 2, (width - wide) // 2
    gt = subject.gt
    if gt is not None:
        gt = gt[top * scale : (top + tall) * scale, left * scale : (left + wide) * scale]
    line = f"Only the central {wide}x{tall} px of the LR image's {width}x{height} are used; all numbers are of them."
    cut = subject.pixels[top : top + tall, left : left + wide]
    return replace(subject, pixels=cut, gt=gt, notices=(*subject.notices, line))


def _bounded(height: int, width: int) -> tuple[int, int]:
    """Shrink a size to `MOST_PIXELS`, of the same shape as far as `SMALLEST_SIDE` allows."""
    if height * width <= MOST_PIXELS:
        return height, width
    shrunk = (MOST_PIXELS / (height * width)) ** 0.5
    tall = min(height, max(SMALLEST_SIDE, int(height * shrunk)))
    wide = min(width, max(SMALLEST_SIDE, int(width * shrunk)))
    return min(tall, MOST_PIXELS // wide), min(wide, MOST_PIXELS // tall)


def _rgb(read: Colours) -> tuple[np.ndarray, tuple[str, ...]]:
    """Make a picture one to compare with: (H, W, 3) uint8 RGB, and notices."""
    pixels, low, high = read.picture.pixels, read.bands.low, read.bands.high
    rounded = () if pixels.dtype == np.uint8 else (f"{read.path.name} is rounded to 8 bits.",)
    if pixels.dtype.kind == "f":
        pixels = np.rint((pixels.astype(np.float64) - low) / (high - low) * 255).astype(np.uint8)
    rgb = eight_bits(pixels).repeat(3 // pixels.shape[2], axis=2)
    return np.ascontiguousarray(rgb), (*read.notices, *rounded)


def _check_sizes(path: Path, truth: np.ndarray, low: np.ndarray, scale: int) -> None:
    """Refuse a ground truth whose LR image would have another size."""
    if tuple(-(-extent // scale) for extent in truth.shape[:2]) != low.shape[:2]:
        height, width = low.shape[:2]
        raise ImageError(
            f"{path}: {truth.shape[1]}x{truth.shape[0]} px is no ground truth of an LR image of {width}x{height} px at "
            f"scale {scale}; it must be {width * scale}x{height * scale} px, or up to {scale - 1} px less a side"
        )
