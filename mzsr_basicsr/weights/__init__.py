"""Trained networks that ship with the package, each with a model card of the same name and a checksum in SHA256SUMS."""

import hashlib
from pathlib import Path

from mzsr_basicsr.errors import WeightsError

FOLDER = Path(__file__).parent
PREFIX = "shipped:"


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


def check_is_there(path: str | Path, what: str) -> None:
    """Refuse a file that does not exist; `what` it should be is said.

    Raises:
        WeightsError: there is none.
    """
    if not Path(path).is_file():
        raise WeightsError(f"{path}: {what} does not exist; check the path in the option file")


def _check(file: Path) -> None:
    lines = (line.split() for line in (FOLDER / "SHA256SUMS").read_text().splitlines())
    sums = {name: digest for digest, name in lines}
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != sums.get(file.name):
        raise WeightsError(f"{file}: its SHA-256 is {found}, not that of SHA256SUMS; install the package again")
