"""What a visitor chose on the page, as the choices of `mzsr upscale`, and as its command line."""

import json
import math
import shlex
from pathlib import Path
from typing import NamedTuple

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.web.messages import Points

AUTO = "auto"
ESTIMATED, GAUSSIAN, PATH, FILE, NONE = "auto", "gaussian", "path", "file", "bicubic"
_MOST_CORNERS = 2000
_SMALLEST_SIDE = 15  # px, of Gaussian kernels


class Chosen(NamedTuple):
    """What a visitor chose.

    Attributes:
        scale: output over input.
        quality: fast, normal or best.
        kernel: as `UpscaleSettings.kernel`.
        noise: "auto", or σ in levels of 0 to 255.
        updates: "auto" for what the quality says, or a whole number.
    """

    scale: float
    quality: str
    kernel: str
    noise: str
    updates: str


def settings_of(chosen: Chosen) -> UpscaleSettings:
    """Give the choices of `mzsr upscale`.

    Raises:
        ConfigError: one line.
    """
    sigma, made = _number("noise", chosen.noise), _number("updates", chosen.updates)
    if made is not None and not made.is_integer():
        raise ConfigError(f"updates: {chosen.updates} must be auto, or a whole number from 0 to 10000")
    return UpscaleSettings(
        chosen.scale,
        chosen.kernel,
        updates=None if made is None else int(made),
        noise="auto" if sigma is None else sigma,
        quality=chosen.quality,
    )


def _number(name: str, text: str) -> float | None:
    """Read a number; None for auto, or where nothing stands."""
    word = text.strip().lower()
    if word in ("", AUTO):
        return None
    try:
        return float(word.replace(",", "."))
    except ValueError:
        raise ConfigError(f"{name}: {word[:40]!r} must be auto or a number") from None


def gaussian_text(width1: float, width2: float, degrees: float) -> str:
    """Write a Gaussian as `mzsr upscale --kernel` takes it.

    Args:
        width1: standard deviation along the first axis, px.
        width2: across it, px.
        degrees: of the first axis, clockwise from the horizontal.
    """
    side = max(_SMALLEST_SIDE, 2 * math.ceil(3 * max(width1, width2)) + 1)
    return f"gaussian:{width1**2:.6g},{width2**2:.6g},{math.radians(degrees):.6g},{side}"


def corners(text: str) -> Points:
    """Read the corners of a path that was drawn, JSON of [[x, y], …] in px.

    Raises:
        ConfigError: nothing was drawn, or it is no path.
    """
    try:
        points = [(float(x), float(y)) for x, y in json.loads(text or "[]")]
    except (TypeError, ValueError) as error:
        raise ConfigError("path: this is no path; draw it anew") from error
    if len(points) < 2:
        raise ConfigError("path: nothing is drawn yet; draw the motion with the mouse, a finger or the arrow keys")
    if len(points) > _MOST_CORNERS:
        raise ConfigError(f"path: more than {_MOST_CORNERS} corners; draw a shorter one")
    return points


def command_line(source: Path, target: Path, settings: UpscaleSettings, kernel: str) -> str:
    """Write the command that gives the same result.

    Args:
        source: the photo or clip.
        target: the result.
        settings: what was chosen.
        kernel: what stands for the kernel on the command line.
    """
    words = ["mzsr", "upscale", source.name, "-o", target.name, "--scale", f"{settings.scale:g}"]
    plain = UpscaleSettings()
    if settings.quality != plain.quality:
        words += ["--quality", settings.quality]
    if kernel != plain.kernel:
        words += ["--kernel", kernel]
    if settings.noise != plain.noise:
        words += ["--noise", f"{settings.noise:g}"]
    if settings.updates is not None:
        words += ["--updates", str(settings.updates)]
    return shlex.join(words)
