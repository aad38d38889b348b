"""What a command writes: whether it can be, before any work. Every command asks here.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

import errno
import os
from argparse import ArgumentTypeError
from collections.abc import Iterable, Sequence
from pathlib import Path

from mzsr_basicsr.errors import ConfigError, ImageError

_LONGEST = 255  # bytes of a name, where the system does not say


def is_folder_name(text: str) -> bool:
    """Tell a name that can only be a folder's, as it ends with a slash."""
    return text.endswith(("/", os.sep, "/.", "/.."))


def file_name(text: str) -> Path:
    """Take an output of the command line that is one file, also below `~`.

    Raises:
        ArgumentTypeError: it ends with a slash, as folders do.
    """
    if is_folder_name(text):
        raise ArgumentTypeError(f"{text} is a folder's name, by its slash; give the name of a file")
    return Path(os.path.expanduser(text))


def check_output(output: Path, endings: Sequence[str], inputs: Sequence[Path], overwrite: bool) -> None:
    """Refuse an output file before any work is done.

    Args:
        output: file to write.
        endings: allowed ones, in lower case.
        inputs: what the command reads; texts that name no file do no harm.
        overwrite: allow a file that is there.

    Raises:
        ConfigError: another ending, no such folder or none that can be written, an input, a file that is there already.
    """
    if output.suffix.lower() not in endings:
        raise ConfigError(f"output: {output} ends with '{output.suffix}'; allowed: {' '.join(endings)}")
    if not os.path.isdir(output.parent):
        raise ConfigError(f"output: {output}: there is no folder {output.parent}; make it first")
    if is_one_of(output, inputs):
        raise ConfigError(f"output: {output} is an input; choose another name")
    if os.path.lexists(output) and not overwrite and not os.path.isdir(output):
        raise ConfigError(f"output: {output} is there already; give --overwrite or another name")
    fault = fault_of_file(output)
    if fault is not None:
        raise ConfigError(f"output: {fault}")


def check_folder(folder: Path, names: Iterable[str], inputs: Sequence[Path], overwrite: bool) -> None:
    """Refuse a folder that cannot take files of some names, before any work.

    Args:
        folder: made later if it is missing.
        names: of the files that will be written into it.
        inputs: what the command reads.
        overwrite: allow files that are there.

    Raises:
        ConfigError: no folder, none that can be written, or one that holds such files already.
    """
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise ConfigError(f"output: {folder} is there and no folder; give a folder, it is made where it is missing")
    files = [folder / name for name in names]
    for path in files:
        if is_one_of(path, inputs):
            raise ConfigError(f"output: {path} is an input; choose another folder")
    there = [path.name for path in files if os.path.lexists(path)]
    if there and not overwrite:
        raise ConfigError(f"output: {folder} holds {', '.join(there)} already; give --overwrite or another folder")
    fault = next(filter(None, map(fault_of_file, files)), None) or fault_of_folder(folder)
    if fault is not None:
        raise ConfigError(f"output: {fault}")


def is_one_of(output: Path, inputs: Iterable[Path]) -> bool:
    """Tell whether an output is one of some files, by their true paths."""
    true = os.path.realpath(output)
    return any(os.path.realpath(path) == true for path in inputs)


def fault_of_file(path: Path) -> str | None:
    """Say in one line why a file cannot be written, or replaced; its folder may be missing."""
    if "\0" in str(path):
        return f"{str(path)!r}: no file can have this name; give another"
    longest = _longest_name(path.parent)
    length = len(os.fsencode(path.name))
    if length > longest:
        return f"{path}: its name has {length} bytes, more than the {longest} that a name may have; give a shorter one"
    if os.path.isdir(path):
        return f"{path}: is a folder; give the name of a file"
    if os.path.lexists(path) and not os.path.isfile(path):  # such as a device, which replacing would remove
        return f"{path}: exists and is not a file; name another"
    return fault_of_folder(path.parent, path)


def fault_of_folder(folder: Path, output: Path | None = None) -> str | None:
    """Say in one line why a folder cannot be made or written into: read-only, or something else stands in its place.

    Args:
        folder: of the output.
        output: what the line is about; None for the folder.
    """
    for path in (folder, *folder.parents):
        if os.path.isdir(path):
            if os.access(path, os.W_OK | os.X_OK):
                return None
            return f"{output or folder}: cannot be written ({path} is read-only); check its rights, or choose another"
        if len(os.fsencode(path.name)) > _LONGEST:
            return str(no_folder(folder, os.strerror(errno.ENAMETOOLONG)))
        if os.path.lexists(path):
            return str(no_folder(folder, os.strerror(errno.EEXIST if path == folder else errno.ENOTDIR)))
    return None


def no_folder(folder: Path, reason: str | None) -> ImageError:
    """Make the error of a folder that cannot be made."""
    return ImageError(f"{folder}: cannot make this folder ({reason}); choose another output")


def _longest_name(folder: Path) -> int:
    """Give how many bytes a file's name may have in the nearest folder that is there."""
    there = next((path for path in (folder, *folder.parents) if os.path.isdir(path)), None)
    try:
        return os.pathconf(there or ".", "PC_NAME_MAX")
    except (OSError, ValueError, AttributeError):  # AttributeError: a system without it
        return _LONGEST
