"""The bytes of an option file, read before anything heavy is loaded."""

from pathlib import Path

from mzsr_basicsr.errors import ConfigError


def read_bytes(path: Path) -> bytes:
    """Read an option file.

    Raises:
        ConfigError: it is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check the path after -opt") from None
