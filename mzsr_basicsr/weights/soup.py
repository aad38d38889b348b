"""The greedy soup (Wortsman et al. 2022): an average that takes a weights file in only where it gets no worse by it."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from mzsr_basicsr.errors import TrainingError, WeightsError
from mzsr_basicsr.weights.average import Source, average
from mzsr_basicsr.weights.files import save_atomically
from mzsr_basicsr.weights.judging import ValidationTask, task_psnr
from mzsr_basicsr.weights.pretrained import load_pretrained

Judge = Callable[[dict[str, Any]], float]  # from the content of a weights file to what it is worth


class Tasted(NamedTuple):
    """A file, what it is worth alone, whether it was kept, and what the average that it was tried in is worth (dB)."""

    path: str
    own: float
    kept: bool
    together: float


class Soup(NamedTuple):
    """The content of the file that was made, and how it came about, the best file first."""

    content: dict[str, Any]
    tasted: list[Tasted]

    @property
    def worth(self) -> float:
        """What the result is worth, dB."""
        return [one.together for one in self.tasted if one.kept][-1]


def greedy_soup(sources: Sequence[Source], judge: Judge) -> Soup:
    """Try files one by one, the best first, and keep those by which the average gets no worse.

    Args:
        sources: files that `average.check_alike` has passed.
        judge: the higher, the better; -inf where a file cannot be used.

    Raises:
        WeightsError: no file can be used.
    """
    ranked = sorted(((judge(source.content), source) for source in sources), key=lambda pair: -pair[0])
    best = ranked[0][0]
    if best == -math.inf:
        raise WeightsError(
            f"{ranked[0][1].path}: diverges or gives black images, as all other files do; ask for fewer updates, or "
            "check the weights"
        )
    kept: list[Source] = []
    tasted = []
    for own, source in ranked:
        together = judge(average([*kept, source])) if kept else own
        good = together >= best
        kept, best = ([*kept, source], together) if good else (kept, best)
        tasted.append(Tasted(source.path, own, good, together))
    return Soup(average(kept), tasted)


def judge_by(
    tasks: Sequence[ValidationTask], updates: Sequence[int], tell: Callable[[], object] = lambda: None
) -> Judge:
    """Make the judge of validation tasks: the mean PSNR of a file as it is when it is loaded; -inf if it diverges.

    Args:
        tasks: see `judging.draw_tasks`.
        updates: PSNR is the mean over these numbers of updates.
        tell: called once a task.
    """

    def judge(content: dict[str, Any]) -> float:
        with TemporaryDirectory() as folder:
            save_atomically(content, Path(folder) / "tried.pth")
            network = load_pretrained(str(Path(folder) / "tried.pth"))
        total = 0.0
        for task in tasks:
            try:
                total += task_psnr(network, task, updates)
            except TrainingError:
                total = -math.inf
            tell()
        return total / len(tasks)

    return judge
