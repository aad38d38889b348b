"""An environment that holds one wheel and what the wheel asks for, and nothing else of the environment tested in."""

import os
import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def required(requirements: list[str]) -> dict[str, Distribution]:
    """The installed distributions that these ask for, and those that they ask for, by their names."""
    found: dict[str, Distribution] = {}
    todo = [Requirement(text) for text in requirements]
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        if name in found or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        found[name] = distribution(name)
        assert wanted.specifier.contains(found[name].version, prereleases=True), f"{wanted}: {found[name].version}"
        todo += [Requirement(text) for text in found[name].requires or []]
    return found


def make_environment(folder: Path, wheel: Path, requirements: list[str]) -> Path:
    """Install the wheel by pip, and link the installed distributions that it asks for: nothing is fetched.

    Returns:
        The folder of the environment's commands.
    """
    _call("-m", "venv", "--without-pip", str(folder / "venv"))
    python = folder / "venv" / "bin" / "python"
    _call("-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    links = folder / "links"
    links.mkdir()
    for found in required(requirements).values():
        for name in {file.parts[0] for file in found.files or []} - {"..", "__pycache__"}:
            if not (links / name).exists():
                (links / name).symlink_to(Path(str(found.locate_file(name))).resolve())
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "links.pth").write_text(f"{links}\n")
    return python.parent


def outside(command: list[str], cwd: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a command that finds nothing of this project's folder, nor a GPU."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    environment = {**kept, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", **changes}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False)


def _call(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
