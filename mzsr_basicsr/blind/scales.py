"""The scales that the internal estimator takes; light, so that a command line is checked before anything is loaded."""

from mzsr_basicsr.errors import ConfigError


def check_scale(scale: int) -> None:
    """Refuse a scale whose sons would be no smaller than the image.

    Raises:
        ConfigError: it is below 2.
    """
    if scale < 2:
        raise ConfigError(f"internal estimate: scale {scale} must be an integer of at least 2")
