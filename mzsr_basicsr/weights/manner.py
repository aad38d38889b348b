"""The manner of updates, as it stands in a weights file: plain texts and numbers under `about`."""

from dataclasses import asdict
from typing import Any

import msgspec

from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.errors import ConfigError, WeightsError
from mzsr_basicsr.options.zero_shot import SignalOptions, manner_settings


def manner_as_plain(manner: Manner) -> dict[str, Any]:
    """Give what a file can hold that loads with `weights_only=True`."""
    return asdict(manner)


def manner_of(plain: object, path: str) -> Manner:
    """Read a manner back; files that say nothing have the paper's: the son, plain gradient descent.

    Raises:
        WeightsError: it is damaged, or names a signal or a rule that is not there.
    """
    if plain is None:
        return Manner()
    try:
        manner = msgspec.convert(plain, Manner, strict=False)
        signal = asdict(manner.signal)
        chosen = msgspec.convert({"type": signal.pop("name"), **signal}, SignalOptions)
        return manner_settings(chosen, manner.rule, "manner")
    except (msgspec.ValidationError, ConfigError) as error:
        raise WeightsError(f"{path}: says wrongly how it is adapted ({error}); replace the file") from None
