"""Whether an option file is there, seen before anything heavy is loaded."""

from pathlib import Path

from mzsr_basicsr.errors import ConfigError


def check_readable(path: Path) -> None:
    """Open an option file, and read nothing of it.

    Raises:
        ConfigError: it is missing or cannot be read.
    """
    try:
        path.open("rb").close()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check the path after -opt") from None
