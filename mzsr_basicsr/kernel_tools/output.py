"""The file that `mzsr kernel` writes: whether it can be, before any work.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from collections.abc import Sequence
from pathlib import Path

from mzsr_basicsr.errors import ConfigError


def check_output(output: Path, endings: Sequence[str], inputs: Sequence[Path], overwrite: bool) -> None:
    """Refuse an output file before any work is done.

    Args:
        output: file to write.
        endings: allowed ones, in lower case.
        inputs: what the command reads; texts that name no file do no harm.
        overwrite: allow a file that is there.

    Raises:
        ConfigError: another ending, no such folder, an input, or a file that is there already.
    """
    if output.suffix.lower() not in endings:
        raise ConfigError(f"output: {output} ends with '{output.suffix}'; allowed: {' '.join(endings)}")
    if not output.parent.is_dir():
        raise ConfigError(f"output: {output}: there is no folder {output.parent}; make it first")
    if output.resolve() in [path.resolve() for path in inputs]:
        raise ConfigError(f"output: {output} is an input; choose another name")
    if output.exists() and not overwrite:
        raise ConfigError(f"output: {output} is there already; give --overwrite or another name")
