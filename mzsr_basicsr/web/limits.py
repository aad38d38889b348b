"""What a server takes. This module imports the standard library alone."""

import math
from dataclasses import dataclass

from mzsr_basicsr.errors import ConfigError


@dataclass(frozen=True)
class Limits:
    """What a server takes.

    Attributes:
        megabytes: of one file, 10^6 bytes each.
        megapixels: of a photo, or of one frame of a clip, 10^6 px each, as it comes in.
        places: how many may wait, beside the one whose file is at work.
    """

    megabytes: float = 200.0
    megapixels: float = 50.0
    places: int = 8

    def __post_init__(self) -> None:
        """Refuse limits that let nothing in, or that are none.

        Raises:
            ConfigError: one line.
        """
        for name, value in (("limit-mb", self.megabytes), ("limit-megapixels", self.megapixels)):
            if not (math.isfinite(value) and 0.001 <= value <= 100_000):
                raise ConfigError(f"{name}: {value:g} must be from 0.001 to 100000")
        if not 0 <= self.places <= 1000:
            raise ConfigError(f"queue: {self.places} must be from 0 to 1000")

    @property
    def bytes(self) -> int:
        """Most bytes of one file."""
        return int(self.megabytes * 10**6)

    @property
    def pixels(self) -> int:
        """Most pixels of one picture."""
        return int(self.megapixels * 10**6)
