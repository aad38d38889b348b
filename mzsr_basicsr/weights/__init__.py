"""Trained networks that ship with the package, each with a model card of the same name and a checksum in SHA256SUMS."""

import os
from pathlib import Path

from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.files.digest import file_sha256

FOLDER = Path(__file__).parent
PREFIX = "shipped:"
_SUMS = "SHA256SUMS"


def names() -> list[str]:
    """List the shipped networks."""
    return sorted(path.stem for path in FOLDER.glob("*.pth"))


def locate(path: str) -> str:
    """Find a weights file, and check it if it is one of the package's.

    Args:
        path: a file, or "shipped:NAME".

    Returns:
        The path of the file.

    Raises:
        WeightsError: no such network is shipped, or its SHA-256 is not the one in SHA256SUMS.
    """
    if path.startswith(PREFIX):
        name = path.removeprefix(PREFIX)
        if name not in names():
            raise WeightsError(f"{path}: no such network is shipped; allowed: {', '.join(PREFIX + n for n in names())}")
        path = str(FOLDER / f"{name}.pth")
    file = Path(path)
    if file.resolve().parent == FOLDER.resolve() and file.is_file():
        _check(file)
    return path


def states() -> dict[str, dict[str, str]]:
    """Say of each shipped file, by its name, its "sha256" and its "state": ok, damaged, missing or unreadable."""
    if not (FOLDER / _SUMS).is_file():
        return {_SUMS: {"state": "missing", "sha256": ""}}
    return {name: _state(FOLDER / name, digest) for name, digest in sorted(_sums().items())}


def check_is_there(path: str | Path, what: str) -> None:
    """Refuse a file that does not exist; `what` it should be is said.

    Raises:
        WeightsError: there is none.
    """
    if not Path(path).is_file():
        raise WeightsError(f"{path}: {what} does not exist; check the path")


def check_memory_place(path: str, written: bool = False) -> None:
    """Refuse a name that no memory can be read from; where it is written, one that it cannot be written to.

    Raises:
        WeightsError: one line.
    """
    if "\0" in path:
        raise WeightsError(f"{path!r}: no file can have this name; give --memory another")
    path = os.path.expanduser(path)
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        raise WeightsError(f"{path}: is a folder; give --memory the name of a file")
    if not os.path.isdir(folder):
        raise WeightsError(f"{path}: there is no folder {folder}; create it first")
    if os.path.exists(path) and not os.path.isfile(path):
        raise WeightsError(f"{path}: is no file; give --memory the name of one")
    unable = [one for one in (path, folder) if os.path.exists(one) and not os.access(one, os.W_OK)]
    if written and unable:
        raise WeightsError(
            f"{path}: cannot be written ({unable[0]} is read-only); check its rights, or give --updates 0"
        )


def _check(file: Path) -> None:
    found = file_sha256(file)
    if found != _sums().get(file.name):
        raise WeightsError(f"{file}: its SHA-256 is {found}, not that of {_SUMS}; install the package again")


def _state(file: Path, expected: str) -> dict[str, str]:
    try:
        found = file_sha256(file)
    except OSError as error:
        return {"state": "missing" if isinstance(error, FileNotFoundError) else "unreadable", "sha256": ""}
    return {"state": "ok" if found == expected else "damaged", "sha256": found}


def _sums() -> dict[str, str]:
    """Read the SHA-256 of each shipped file, by its name."""
    lines = (line.split() for line in (FOLDER / _SUMS).read_text(encoding="utf-8").splitlines())
    return {name: digest for digest, name in lines}
