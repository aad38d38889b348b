"""Which files the inputs of a command name: files, folders and globs; and what lies among them that is not read."""

import glob
import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from mzsr_basicsr.clips.kinds import SOURCE_SUFFIXES, is_found_clip
from mzsr_basicsr.fields.kinds import SUFFIXES, field_of, is_directory_of_files
from mzsr_basicsr.pictures.kinds import SUFFIXES as PICTURE_SUFFIXES
from mzsr_basicsr.pictures.kinds import is_picture_name

PIPE = "-"  # of the command line: the standard input


@dataclass
class Search:
    """What was found.

    Attributes:
        files: each with its path below the output folder; one that is named twice is there once.
        faults: inputs that name nothing, each with the line that says so.
        passed: how many files of each ending were passed over.
    """

    files: list[tuple[Path, Path]] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    passed: "Counter[str]" = field(default_factory=Counter)

    def notice(self) -> str | None:
        """Say in one line what was passed over."""
        if not self.passed:
            return None
        count = sum(self.passed.values())
        kinds = ", ".join(f"{number} {ending}" for ending, number in sorted(self.passed.items()))
        return f"note: {count} {'file' if count == 1 else 'files'} passed over, of kinds that are not read: {kinds}"


def search(inputs: list[str], output: Path) -> Search:
    """Find all files that inputs name.

    Args:
        inputs: files, folders (searched recursively, but for the output folder; their structure is kept) and globs.
        output: of the results.
    """
    found = Search()
    for text in inputs:
        _expand(text, output, found)
    # By its true path, so that a file that is named twice is done once.
    found.files = list({(os.path.realpath(pair[0]), pair[1]): pair for pair in found.files}.values())
    return found


def is_pipe(path: Path) -> bool:
    """Tell a named pipe, such as the shell's <(COMMAND), which can be read only once."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return False


def _expand(text: str, output: Path, found: Search) -> None:
    """Add the files of one input, each with its path below the output folder, or what is wrong with it."""
    path = Path(os.path.expanduser(text))  # the functions of os do not raise on odd names, as those of Path do
    if str(path) == PIPE and text != PIPE:
        path = path.absolute()  # a file of that name
    if not text:  # of a variable that is not set; as a path it would be the current folder
        found.faults.append((text, "input: an empty name; give a file, a folder, a glob or -"))
    elif text == PIPE:
        found.files.append((path, Path("stdin")))
    elif os.path.isdir(path):
        _add_folder(text, path, output, found)
    elif os.path.exists(path) or not glob.has_magic(text):
        found.files.append((path, Path(path.name)))  # a missing file is reported when it is read, and the others go on
    else:
        matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True)) if os.path.isfile(match)]
        files = [(match, Path(match.name)) for match in matches if _takes(match, Path(match.name), found)]
        if not files:
            found.faults.append((text, f"{text}: no picture or clip has such a name; {_known_endings()}"))
        found.files += files


def _add_folder(text: str, folder: Path, output: Path, found: Search) -> None:
    results = os.path.join(os.path.realpath(output), "")  # of an earlier run, where it lies in the input folder
    inside = os.path.join(os.path.realpath(folder), "").startswith(results)
    paths = [path for path in sorted(folder.rglob("*")) if os.path.isfile(path)]
    paths = [path for path in paths if inside or not os.path.realpath(path).startswith(results)]
    files = [(path, path.relative_to(folder)) for path in paths if _takes(path, path.relative_to(folder), found)]
    if not files:
        found.faults.append((text, f"{text}: the folder holds no picture or clip; {_known_endings()}"))
    found.files += files


def _takes(file: Path, inside: Path, found: Search) -> bool:
    """Tell whether a file, by its path from where the search began, is one to upscale; hidden files do not count."""
    if any(part.startswith(".") for part in inside.parts) or is_directory_of_files(file):
        return False
    if is_picture_name(file) or is_found_clip(file) or field_of(file) is not None:
        return True
    found.passed[file.suffix.lower() or "without an ending"] += 1
    return False


def _known_endings() -> str:
    return f"known endings: {' '.join(sorted({*PICTURE_SUFFIXES, *SOURCE_SUFFIXES, *SUFFIXES, '.nii.gz'}))}"
