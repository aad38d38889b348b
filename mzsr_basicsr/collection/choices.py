"""What `mzsr adapt` is asked for: whether it can be done, before any work.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from dataclasses import dataclass
from pathlib import Path

from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.fields.kinds import field_of
from mzsr_basicsr.jobs.outputs import check_output
from mzsr_basicsr.pictures.kinds import SUFFIXES, is_picture_name
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.weights import locate

MINUTES = (0.01, 10_000.0)
ONE = "give two or more, as some are learned from and others judge; `mzsr upscale` adapts to a single one by itself"


@dataclass(frozen=True)
class AdaptChoices:
    """Choices.

    Attributes:
        folder: of the pictures; searched recursively.
        output: the weights file to write.
        upscale: weights, kernel, noise and all else that says what a picture is.
        scale: that the weights must have; None for whatever they have.
        minutes: that this call may take; all pictures are read in any case.
        steps: in all calls together, at most; None for as many as serve.
        page: an HTML page to write, with the learning curve; None for none.
        overwrite: replace an output that is there, and begin anew where a run for it cannot go on.
    """

    folder: Path
    output: Path
    upscale: UpscaleSettings
    scale: float | None = None
    minutes: float = 10.0
    steps: int | None = None
    page: Path | None = None
    overwrite: bool = False

    @property
    def state(self) -> Path:
        """The file beside the output that a run goes on from."""
        return self.output.with_name(f".{self.output.name}.state")

    def check(self) -> None:
        """Refuse what can be refused before anything heavy is loaded.

        Raises:
            MZSRError: one line.
        """
        if not MINUTES[0] <= self.minutes <= MINUTES[1]:  # true of NaN, too
            raise ConfigError(f"minutes: {self.minutes:g} must be from {MINUTES[0]:g} to {MINUTES[1]:g}")
        if self.steps is not None and self.steps < 1:
            raise ConfigError(f"steps: {self.steps} must be at least 1")
        self.upscale.check_before_work()
        weights = Path(locate(self.upscale.weights_file()))
        going_on = self.overwrite or self.state.is_file()  # whose output it is, the state says
        check_output(self.output, (".pth",), [weights], going_on)
        if self.page is not None:
            check_output(self.page, (".html",), [], going_on)
        list_files(self.folder)


@dataclass(frozen=True)
class Listed:
    """The files of a folder: pictures by name, and those that are none."""

    pictures: tuple[Path, ...]
    others: tuple[Path, ...]


def list_files(folder: Path) -> Listed:
    """List the files of a folder and of all below it, sorted by name; hidden ones are left out.

    Raises:
        ConfigError: it is no folder.
        ImageError: it holds no picture, or a single one.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise ConfigError(f"adapt: {folder} {what}; give a folder of pictures of one camera, scanner or domain")
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not _hidden(path.relative_to(folder)))
    pictures = tuple(path for path in found if is_picture_name(path) and field_of(path) is None)
    others = tuple(sorted(set(found) - set(pictures)))
    if not pictures:
        held = f"{len(others)} files and no picture" if others else "no file"
        raise ImageError(f"adapt: {folder} holds {held}; known endings: {' '.join(SUFFIXES)}")
    if len(pictures) == 1:
        raise ImageError(f"adapt: {folder} holds one picture, {pictures[0].name}; {ONE}")
    return Listed(pictures, others)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
