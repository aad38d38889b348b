"""What is installed beside this package, told by the metadata of the distributions: nothing is imported."""

import importlib.metadata
import importlib.util
import platform
import re
from pathlib import Path
from typing import Any

import mzsr_basicsr

NAME = "mzsr_basicsr"
_ELSEWHERE = {"opencv-python": ("opencv-python-headless", "opencv-contrib-python", "opencv")}  # the same module
_BASICSR = "python -m mzsr_basicsr.host.install"


def version(distribution: str) -> str | None:
    """Give the version of a distribution, or of one that brings the same module; None where there is none."""
    for name in (distribution, *_ELSEWHERE.get(distribution, ())):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def programs() -> dict[str, str]:
    """Give this package's version and place, Python's, and the system's."""
    return {
        NAME: mzsr_basicsr.__version__,
        "place": str(Path(mzsr_basicsr.__file__).parent),
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": platform.platform(),
    }


def packages() -> dict[str, str | None]:
    """Give the versions of what this package always needs, by name, in alphabetic order; None where it is missing."""
    return {name: version(name) for name in sorted(_required().get("", ()))}


def basicsr() -> dict[str, str | None]:
    """Give BasicSR's version, None where it is missing, and the line that installs it."""
    found = version("basicsr")
    if found is None and importlib.util.find_spec("basicsr") is not None:
        found = "a source tree"
    return {"version": found, "install": None if found else _BASICSR}


def extras() -> dict[str, dict[str, Any]]:
    """Give, of each extra, its packages with their versions (None: missing), and the line that installs the missing."""
    found = {}
    for extra, names in sorted(_required().items()):
        if extra not in ("", "basicsr"):
            versions = {name: version(name) for name in names}
            line = f"pip install '{NAME}[{extra}]'" if None in versions.values() else None
            found[extra] = {"packages": versions, "install": line}
    return found


def _required() -> dict[str, list[str]]:
    """List the distributions that each extra asks for, "" stands for none; empty where the metadata is missing."""
    try:
        lines = importlib.metadata.requires(NAME) or []
    except importlib.metadata.PackageNotFoundError:  # the package is used from its folder, without an installation
        return {}
    found: dict[str, list[str]] = {}
    for line in lines:
        name = re.split(r"[^\w.-]", line, maxsplit=1)[0]
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        found.setdefault(extra[1] if extra else "", []).append(name)
    return found
