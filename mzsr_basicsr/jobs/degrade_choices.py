"""The choices of `mzsr degrade`, checked before anything heavy is loaded."""

from mzsr_basicsr.errors import ConfigError


def check_choices(scale: float, noise: float, seed: int) -> None:
    """Refuse a scale outside 1 to 4, a noise outside 0 to 255 levels, and a seed below 0.

    Raises:
        ConfigError: one line that names the option.
    """
    for name, value, low, high in (("scale", scale, 1, 4), ("noise", noise, 0, 255)):
        if not low <= value <= high:  # true of NaN, too
            raise ConfigError(f"{name}: {value:g} must be from {low} to {high}")
    if seed < 0:
        raise ConfigError(f"seed: {seed} must be an integer from 0")
