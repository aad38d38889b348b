"""The choices of `mzsr inspect`, checked before anything heavy is loaded."""

from dataclasses import dataclass
from pathlib import Path

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.pictures.kinds import SMALLEST_SIDE, check_is_there
from mzsr_basicsr.upscaling.settings import ESTIMATED, UpscaleSettings

MOST_UPDATES = 1000
MOST_PIXELS = 2**20  # LR px; the shipped networks take 1.3 GB to adapt to so many, the paper's network some 5 GB
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
        if self.hr is not None and self.upscale.kernel in ESTIMATED:
            raise ConfigError(
                f"kernel: {self.upscale.kernel} estimates a kernel, but --hr needs one to make the LR image with; "
                "give one, such as gaussian:2,2"
            )
        if not 0 <= self.upscale.effort.updates <= MOST_UPDATES:
            raise ConfigError(f"updates: {self.upscale.effort.updates} must be from 0 to {MOST_UPDATES}")
        if self.rates != LEARNED and (isinstance(self.rates, str) or not 0 < self.rates <= 100):  # true of NaN, too
            raise ConfigError(f"rates: {self.rates!r} must be a number above 0 and up to 100, or {LEARNED}")
        if self.crop is not None and self.crop < SMALLEST_SIDE:
            raise ConfigError(f"crop: {self.crop} must be at least {SMALLEST_SIDE} px")
        if self.crop is not None and self.crop**2 > MOST_PIXELS:
            most = int(MOST_PIXELS**0.5)
            raise ConfigError(f"crop: {self.crop} px; at most {most}, as adaptation holds all of it in memory")

    def check_before_work(self) -> None:
        """Refuse what can be refused before anything heavy is loaded; see `UpscaleSettings.check_before_work`.

        Raises:
            MZSRError: one line.
        """
        self.upscale.check_before_work()
        for path in (self.source, self.gt):
            if path is not None:
                check_is_there(path)

    @property
    def source(self) -> Path:
        """The file that is inspected."""
        return self.lr or self.hr or Path()
