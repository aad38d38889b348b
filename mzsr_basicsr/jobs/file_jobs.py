"""Which files a command reads, and which it writes: each is known, and judged beside the others, before any work."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mzsr_basicsr.clips.kinds import CLIP_SUFFIXES, VIDEO_SUFFIXES, is_still
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.fields.kinds import OWN_KIND, field_of, named_field
from mzsr_basicsr.jobs.outputs import is_folder_name, is_one_of
from mzsr_basicsr.jobs.search import PIPE, is_pipe, search
from mzsr_basicsr.jobs.shard import Shard
from mzsr_basicsr.pictures.kinds import TARGETS, WRITTEN, check_no_other_kind


@dataclass(frozen=True)
class FileJob:
    """One file to read and one to write.

    Attributes:
        source: the file.
        target: of the result.
        comparison: where its comparison is drawn, if one is.
        fault: the line that says why it cannot be done; None if nothing is known against it.
        content: of a source that can be read only once, when it was.
        inside: its path below the input that named it, which says whose share it is; None where an input names nothing.
    """

    source: Path
    target: Path
    comparison: Path | None = None
    fault: str | None = None
    content: bytes | None = None
    inside: Path | None = None

    @property
    def video(self) -> bool:
        """Whether it is a clip: by its name, but for a GIF that does not move, unless a clip shall be made of it."""
        if self.source.suffix.lower() not in CLIP_SUFFIXES:
            return False
        return self.target.suffix.lower() in VIDEO_SUFFIXES or not is_still(self.source)

    @property
    def piped(self) -> bool:
        """Whether it is the standard input, or a pipe with a name, which can be read only once."""
        return self.content is not None or str(self.source) == PIPE or is_pipe(self.source)

    @property
    def name(self) -> str:
        """What messages call the source."""
        return "standard input" if str(self.source) == PIPE else str(self.source)

    @property
    def outputs(self) -> tuple[Path, ...]:
        """All files that are written."""
        return (self.target,) if self.comparison is None else (self.target, self.comparison)


def list_jobs(
    inputs: list[str],
    output: Path | str,
    format: str | None = None,
    compare: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> list[FileJob]:
    """Find all files that inputs name, and give each its place below the output folder.

    What names nothing, what would be written over an input, and what would be written to one file with another is
    there with its fault, so that the others go on.

    Args:
        inputs: files, folders (searched recursively, but for the output folder; their structure is kept), globs, and -.
        output: a folder, made if it is missing; for one single file it may be a file name with a known ending.
        format: a key of `kinds.WRITTEN` that all pictures are written as; None keeps each one's own. Clips,
            DICOM and NIfTI keep theirs.
        compare: a comparison is drawn beside each result.
        tell: called with a line about files that were passed over.

    Raises:
        ConfigError: a file name for more than one single file, or with an ending of no picture that is written.
    """
    if str(output) in ("", PIPE):
        what = "an empty name" if not str(output) else "the standard output, which `mzsr upscale` alone writes to"
        raise ConfigError(f"output: {what}; name a file or a folder")
    folder = Path(output)
    found = search(inputs, folder)
    notice = found.notice()
    if notice is not None:
        tell(notice)
    if is_file_name(output):
        if len(found.files) + len(found.faults) > 1 or os.path.isdir(os.path.expanduser(inputs[0])):
            raise ConfigError(f"{output}: a file name goes with one single input file; name a folder")
        jobs = [FileJob(source, folder, inside=inside) for source, inside in found.files]
    else:
        places = [(source, inside, folder / _renamed(source, inside, format)) for source, inside in found.files]
        jobs = [FileJob(source, target, inside=inside) for source, inside, target in places]
    if compare:
        jobs = list(_with_comparisons(jobs))
    unfound = [FileJob(Path(text), folder, fault=line) for text, line in found.faults]
    return [*_judged(jobs), *unfound]


def share_of(jobs: list[FileJob], shard: Shard) -> list[FileJob]:
    """Keep the files of a share, and what is wrong with the command itself."""
    return [job for job in jobs if job.inside is None or shard.holds(job.inside.as_posix())]


def check_ending(output: Path | str, format: str | None) -> None:
    """Refuse a file name whose ending says another format than the one asked for.

    Raises:
        ConfigError: one line.
    """
    if format is not None and is_file_name(output) and Path(output).suffix.lower() not in WRITTEN[format]:
        raise ConfigError(f"{output}: its ending does not go with --format {format}; leave one of them out")


def is_file_name(output: Path | str) -> bool:
    """Tell whether an output is one file's name, by its ending; what is there as a folder, or ends with /, is none.

    Raises:
        ConfigError: its ending is of pictures that are not written.
    """
    path = Path(output)
    if os.path.isdir(path) or is_folder_name(str(output)):
        return False
    if path.suffix.lower() in (*TARGETS, *CLIP_SUFFIXES) or named_field(path) is not None:
        return True
    check_no_other_kind(path)
    return False


def compare_path(target: Path) -> Path:
    """Name the comparison picture beside a result."""
    return target.with_name(f"{target.stem}_compare.png")


def _renamed(source: Path, path: Path, format: str | None) -> Path:
    """Give the name of a result: its own ending where that can be written, else .png, or .mp4 for clips."""
    suffix = path.suffix.lower()
    if suffix in CLIP_SUFFIXES and not is_still(source):
        return path if suffix in VIDEO_SUFFIXES else path.with_suffix(".mp4")
    if field_of(source) in OWN_KIND:
        return path
    if format is not None:
        return path.with_suffix(WRITTEN[format][0])
    return path if suffix in TARGETS else path.with_suffix(".png")


def _with_comparisons(jobs: list[FileJob]) -> Iterable[FileJob]:
    """Name a comparison beside each result, with the result's ending where two would have one name."""
    names = Counter(_key(compare_path(job.target)) for job in jobs)
    for job in jobs:
        path = compare_path(job.target)
        yield replace(
            job, comparison=path if names[_key(path)] == 1 else path.with_name(f"{job.target.name}_compare.png")
        )


def _judged(jobs: list[FileJob]) -> Iterable[FileJob]:
    """Give each job its fault, if its outputs lie over an input or on another job's."""
    sources = {os.path.realpath(job.source) for job in jobs}
    owners: dict[str, list[tuple[FileJob, Path]]] = {}
    for job in jobs:
        for path in job.outputs:
            owners.setdefault(_key(path), []).append((job, path))
    for job in jobs:
        yield replace(job, fault=_fault(job, sources, owners))


def _fault(job: FileJob, sources: set[str], owners: dict[str, list[tuple[FileJob, Path]]]) -> str | None:
    if os.path.realpath(job.target) in sources:
        return f"{job.target}: the output is an input; choose another output folder or name"
    for path in job.outputs:
        if os.path.realpath(path) in sources:
            what = "it" if is_one_of(path, [job.source]) else f"the input {path}"
            return f"{job.name}: --compare would write its picture over {what}; choose another output"
        (first, where), *others = owners[_key(path)]
        if others:
            return f"{where}: both {first.name} and {others[0][0].name} would be written to it; rename one"
    return None


def _key(path: Path) -> str:
    """Name a file by its true path; some file systems ignore case."""
    return os.path.realpath(path).casefold()
