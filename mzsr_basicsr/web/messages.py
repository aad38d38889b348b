"""What the server and its worker process say to each other, and what a visitor is told. Only the standard library."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mzsr_basicsr.upscaling.settings import UpscaleSettings

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Task:
    """One file to upscale.

    Attributes:
        source: the file.
        folder: empty; all that is made goes there.
        settings: how. Where there is a path, its kernel stands in the place of the settings'.
        path: corners of a motion, (x, y) in px to the right and down; None for none.
    """

    source: Path
    folder: Path
    settings: UpscaleSettings
    path: Points | None = None


@dataclass(frozen=True)
class Waiting:
    """Others are before this one: how many."""

    before: int


@dataclass(frozen=True)
class Working:
    """What is done just now, and how much of it.

    Attributes:
        step: in words.
        done: of it.
        total: of it; 0 where nobody can say.
        unit: of both, in words; empty for pixels.
    """

    step: str
    done: int = 0
    total: int = 0
    unit: str = ""


@dataclass(frozen=True)
class Done:
    """All went well.

    Attributes:
        result: the file to download.
        record: as of `mzsr upscale --json`.
        before: picture of the bicubic result, of the size of `after`; None where none can be shown.
        after: picture of the result.
        reduced: how many times both are smaller than the result.
        kernel: picture of the kernel.
        kernel_file: the kernel, for `--kernel`.
        plot: `<svg>` of the losses; empty where there are none.
    """

    result: Path
    record: dict[str, Any] = field(default_factory=dict)
    before: Path | None = None
    after: Path | None = None
    reduced: int = 1
    kernel: Path | None = None
    kernel_file: Path | None = None
    plot: str = ""


@dataclass(frozen=True)
class Refused:
    """It cannot be done: the line that says why."""

    line: str


@dataclass(frozen=True)
class Stopped:
    """It was stopped by its owner, or the owner is gone."""


Event = Waiting | Working | Done | Refused | Stopped
LAST = (Done, Refused, Stopped)
