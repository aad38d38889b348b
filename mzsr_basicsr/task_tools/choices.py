"""What `mzsr tasks` is asked for: whether it can be done, before any work.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.weights import check_is_there, locate

MAP_ENDINGS = (".png", ".html")
CLUSTER_ENDINGS = (".pth",)
SCALES = (2, 3, 4)
_TASKS = (4, 100_000)


@dataclass(frozen=True)
class TaskChoices:
    """Which tasks are drawn, and what embeds them.

    Attributes:
        folders: of photographs, each a domain; searched recursively.
        tasks: how many, shared out to the folders one after the other.
        seed: of all chance.
        scale: HR over LR.
        weights: of the embedding, a file or "shipped:NAME".
    """

    folders: tuple[Path, ...]
    tasks: int
    seed: int
    scale: int
    weights: str

    def check(self) -> None:
        """Refuse what cannot be done.

        Raises:
            ConfigError: a number out of its range.
            ImageError: a folder that is not there, or holds no photograph.
            WeightsError: there is no such file of weights.
        """
        low, high = _TASKS
        if not low <= self.tasks <= high:
            raise ConfigError(f"tasks: {self.tasks} must be from {low} to {high}")
        if self.seed < 0:
            raise ConfigError(f"seed: {self.seed} must be at least 0")
        for folder in self.folders:
            list_photographs(str(folder), "photos")
        check_is_there(locate(self.weights), "weights file of TaskEmbedding")

    @property
    def domains(self) -> list[str]:
        """Name the folders: by their last part, or as they were given where two are called alike."""
        return names_of([str(folder) for folder in self.folders])


def names_of(folders: Sequence[str]) -> list[str]:
    """Name folders by their last part, or as they were given where that does not tell them apart."""
    short = [Path(folder).expanduser().resolve().name or folder for folder in folders]
    return short if len(set(short)) == len(short) else list(folders)


def check_clusters(clusters: int, tasks: int) -> None:
    """Refuse a number of clusters.

    Raises:
        ConfigError: none, or more than tasks.
    """
    if clusters < 1:
        raise ConfigError(f"clusters: {clusters} must be at least 1")
    if clusters > tasks:
        raise ConfigError(f"clusters: {clusters} are more than the {tasks} tasks; give a smaller -k or more --tasks")
