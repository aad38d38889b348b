"""The choices of `mzsr degrade`, checked before anything heavy is loaded."""

from mzsr_basicsr.errors import ConfigError


def check_range(scale: float, levels: float) -> None:
    """Refuse a scale outside 1 to 4, and a noise outside 0 to 255 levels.

    Raises:
        ConfigError: one line that names the option.
    """
    for name, value, low, high in (("scale", scale, 1, 4), ("noise", levels, 0, 255)):
        if not low <= value <= high:  # true of NaN, too
            raise ConfigError(f"{name}: {value:g} must be from {low} to {high}")


def check_seed(seed: int) -> None:
    """Refuse a seed below 0.

    Raises:
        ConfigError: one line.
    """
    if seed < 0:
        raise ConfigError(f"seed: {seed} must be an integer from 0")
