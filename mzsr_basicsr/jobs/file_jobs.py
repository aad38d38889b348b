"""Which files a command reads, and which it writes."""

import glob
import os
from dataclasses import dataclass
from pathlib import Path

from mzsr_basicsr.clips.kinds import CLIP_SUFFIXES, SOURCE_SUFFIXES, VIDEO_SUFFIXES, is_found_clip
from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.fields.kinds import OWN_KIND, SUFFIXES, field_of, is_directory_of_files, named_field
from mzsr_basicsr.pictures.kinds import TARGETS, WRITTEN, is_picture_name


@dataclass(frozen=True)
class FileJob:
    """One file to read and one to write."""

    source: Path
    target: Path

    @property
    def video(self) -> bool:
        """Whether it is a clip, by its name."""
        return self.source.suffix.lower() in CLIP_SUFFIXES


def list_jobs(inputs: list[str], output: Path, format: str | None = None) -> list[FileJob]:
    """Find all files that inputs name, and give each its place below the output folder.

    Args:
        inputs: files, folders (searched recursively, but for the output folder; their structure is kept) and globs.
        output: a folder, made if it is missing; for one single file it may be a file name with a known ending.
        format: a key of `kinds.WRITTEN` that all pictures are written as; None keeps each one's own. Clips,
            DICOM and NIfTI keep theirs.

    Raises:
        ImageError: a folder or glob that holds nothing, or an input that would be overwritten.
        ConfigError: two inputs that would be written to one file, or a file name for more than one single file.
    """
    # By its true path, so that a file that is named twice is done once.
    given = [pair for text in inputs for pair in _expand(text, output)]
    found = {(os.path.realpath(pair[0]), pair[1]): pair for pair in given}.values()
    if _is_file_name(output):
        jobs = [FileJob(source, output) for source, _ in found]
        if len(jobs) > 1 or os.path.isdir(os.path.expanduser(inputs[0])):
            raise ConfigError(f"{output}: a file name goes with one single input file; name a folder")
    else:
        jobs = [FileJob(source, output / _renamed(source, inside, format)) for source, inside in found]
    _check(jobs)
    return jobs


def check_ending(output: Path, format: str | None) -> None:
    """Refuse a file name whose ending says another format than the one asked for.

    Raises:
        ConfigError: one line.
    """
    if format is not None and _is_file_name(output) and output.suffix.lower() not in WRITTEN[format]:
        raise ConfigError(f"{output}: its ending does not go with --format {format}; leave one of them out")


def _expand(text: str, output: Path) -> list[tuple[Path, Path]]:
    """List the files of one input, each with its path below the output folder."""
    path = Path(os.path.expanduser(text))  # the functions of os do not raise on odd names, as those of Path do
    if os.path.isdir(path):
        results = os.path.join(os.path.realpath(output), "")  # of an earlier run, where it lies in the input folder
        files = sorted(p for p in path.rglob("*") if os.path.isfile(p) and _known(p, p.relative_to(path)))
        if not os.path.join(os.path.realpath(path), "").startswith(results):
            files = [file for file in files if not os.path.realpath(file).startswith(results)]
        if not files:
            raise ImageError(f"{text}: the folder holds no picture or clip; known endings: {_endings()}")
        return [(file, file.relative_to(path)) for file in files]
    if os.path.exists(path) or not glob.has_magic(text):
        return [(path, Path(path.name))]  # a missing file is reported when it is read, and the others go on
    matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]
    files = [match for match in matches if os.path.isfile(match) and _known(match, Path(match.name))]
    if not files:
        raise ImageError(f"{text}: no picture or clip has such a name; known endings: {_endings()}")
    return [(file, Path(file.name)) for file in files]


def _known(file: Path, inside: Path) -> bool:
    """Tell whether a file, by its path from where the search began, is one to upscale: hidden files are not."""
    if any(part.startswith(".") for part in inside.parts) or is_directory_of_files(file):
        return False
    return is_picture_name(file) or is_found_clip(file) or field_of(file) is not None


def _endings() -> str:
    return " ".join(sorted({*TARGETS, *SOURCE_SUFFIXES, *SUFFIXES, ".nii.gz"}))


def _is_file_name(output: Path) -> bool:
    known = output.suffix.lower() in (*TARGETS, *CLIP_SUFFIXES) or named_field(output) is not None
    return known and not os.path.isdir(output)


def _renamed(source: Path, path: Path, format: str | None) -> Path:
    """Give the name of a result: its own ending where that can be written, else .png, or .mp4 for clips."""
    suffix = path.suffix.lower()
    if suffix in CLIP_SUFFIXES:
        return path if suffix in VIDEO_SUFFIXES else path.with_suffix(".mp4")
    if field_of(source) in OWN_KIND:
        return path
    if format is not None:
        return path.with_suffix(WRITTEN[format][0])
    return path if suffix in TARGETS else path.with_suffix(".png")


def _check(jobs: list[FileJob]) -> None:
    owners: dict[str, Path] = {}
    sources = {os.path.realpath(job.source) for job in jobs}
    for job in jobs:
        target = os.path.realpath(job.target)
        if target in sources:
            raise ImageError(f"{job.target}: the output is an input; choose another output folder or name")
        other = owners.setdefault(target.casefold(), job.source)  # some file systems ignore case
        if other != job.source:
            raise ConfigError(f"{job.target}: both {other} and {job.source} would be written to it; rename one")
