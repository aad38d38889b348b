"""The choices of `mzsr inspect`, checked."""

from dataclasses import dataclass
from pathlib import Path

from mzsr_basicsr.adaptation.settings import Schedule
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.pictures.bands import SMALLEST_SIDE
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.weights.pretrained import Pretrained, load_pretrained

MOST_UPDATES = 1000
LEARNED = "learned"


@dataclass(frozen=True)
class Choices:
    """What is inspected, and how.

    Attributes:
        upscale: scale, kernel, subsampling, updates, weights, device, noise and seed, as of `mzsr upscale`.
        lr: the LR image; None if it is made from `hr`.
        gt: its ground truth, for an LR image that is given.
        hr: an HR image, in the place of the two.
        rates: learning rate of every update and tensor, or "learned": the weights' own, and the paper's if they hold
            none.
        crop: side of the central square of the LR image that is taken, px; None for all of it, within a limit.
    """

    upscale: UpscaleSettings
    lr: Path | None = None
    gt: Path | None = None
    hr: Path | None = None
    rates: float | str = LEARNED
    crop: int | None = None

    def __post_init__(self) -> None:
        """Refuse what does not go together, and values outside their range.

        Raises:
            ConfigError: one line that names the option.
        """
        if (self.lr is None) == (self.hr is None):
            given = "neither an LR image nor --hr" if self.lr is None else "both an LR image and --hr"
            raise ConfigError(f"inspect: {given}; give one of them, with --gt HR where the LR image's truth is known")
        if self.hr is not None and self.gt is not None:
            raise ConfigError("gt: does not go with --hr, which is the truth itself; leave one of them out")
        if self.hr is not None and self.upscale.kernel in ("auto", "auto-free", "internal"):
            raise ConfigError(
                f"kernel: {self.upscale.kernel} estimates a kernel, but --hr needs one to make the LR image with; "
                "give one, such as gaussian:2,2"
            )
        if not 0 <= self.upscale.updates <= MOST_UPDATES:
            raise ConfigError(f"updates: {self.upscale.updates} must be from 0 to {MOST_UPDATES}")
        if self.rates != LEARNED and (isinstance(self.rates, str) or not 0 < self.rates <= 100):  # true of NaN, too
            raise ConfigError(f"rates: {self.rates!r} must be a number above 0 and up to 100, or {LEARNED}")
        if self.crop is not None and self.crop < SMALLEST_SIDE:
            raise ConfigError(f"crop: {self.crop} must be at least {SMALLEST_SIDE} px")

    @property
    def source(self) -> Path:
        """The file that is inspected."""
        return self.lr or self.hr or Path()


def load_network(upscale: UpscaleSettings) -> Pretrained:
    """Load the weights, which must be of the scale itself: nothing is resampled here.

    Raises:
        WeightsError: weights that are missing or damaged.
        ConfigError: another scale, or one that is no integer.
    """
    file = upscale.weights_file()
    loaded = load_pretrained(file)
    if not float(loaded.scale).is_integer():
        raise ConfigError(f"weights: {file} is for x{loaded.scale:g}; give one of an integer scale")
    if loaded.scale != upscale.scale:
        raise ConfigError(
            f"scale: {upscale.scale:g}, but {file} is for {loaded.scale:g}; give --scale {loaded.scale:g}, "
            f"or --weights for {upscale.scale:g} (shipped: 2 and 4)"
        )
    return loaded


def schedule(choices: Choices, loaded: Pretrained) -> tuple[Schedule, str]:
    """Choose the learning rates, and say in a few words which they are."""
    if not isinstance(choices.rates, str):
        return Schedule(steps=((0, choices.rates),)), f"{choices.rates:g} for every update and tensor"
    if loaded.rates is not None:
        return Schedule(learned=loaded.rates), "learned with the weights, one for each tensor and update"
    return Schedule(), "2e-2, then 1e-2 from update 2 and 5e-3 from update 5: the weights hold no learned ones"
