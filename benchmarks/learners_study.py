"""What `learners.py` has done: its file of results, and the means of one row of its tables."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from learners_rows import KNOWN, TOLD_WRONG, UPDATES
from safety import read_lines

AS_IT_IS, CAREFUL, PLAIN = "as it is", "as it is, careful", "as it is, by plain gradient"  # rows without a training
Job = tuple[str, str, int]  # learner or row, signal, seed
Place = tuple[str, int]  # group, number of updates
DIVERGED: Place = ("diverged", UPDATES[-1])
Figures = dict[int, dict[Place, float]]  # by seed
Rows = dict[str, Figures]


class Ledger:
    """What is done, one line of JSON for each piece, by a key of texts and numbers.

    Args:
        file: of results; it is read, and added to.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.found: dict[tuple, Any] = {tuple(line["key"]): line["value"] for line in read_lines(file)}

    def add(self, key: tuple, value: Any) -> None:
        """Keep a result, at once."""
        self.found[key] = value
        with self._file.open("a") as stream:
            stream.write(json.dumps({"key": key, "value": value}) + "\n")


def image_key(job: Job, image: Sequence[str]) -> tuple:
    """Make the key of an image's PSNR, of its condition, file and kernel."""
    return ("image", *job, *image)


@dataclass(frozen=True)
class Study:
    """What is laid out.

    Attributes:
        found: results by key, see `learners.Ledger`.
        images: condition, file and kernel of what was measured.
        arms: learners.
        signals: one table for each.
        seeds: trainings of each learner.
        failed: why a training ended, by learner, signal and seed.
    """

    found: Mapping[tuple, Any]
    images: Sequence[Sequence[str]]
    arms: Sequence[str]
    signals: Sequence[str]
    seeds: int
    failed: Mapping[tuple, str] = field(default_factory=dict)

    @property
    def domains(self) -> list[str]:
        """Name the domains, in order."""
        return [name for name in dict.fromkeys(image[0] for image in self.images) if name not in (KNOWN, TOLD_WRONG)]

    def rows(self, signal: str) -> Rows:
        """Give the figures of each row of a signal's table by seed; rows without any are left out."""
        once = {AS_IT_IS: {0: (AS_IT_IS, "", 0)}, CAREFUL: {0: (CAREFUL, "", 0)}, PLAIN: {0: (PLAIN, signal, 0)}}
        jobs = once | {arm: {seed: (arm, signal, seed) for seed in range(self.seeds)} for arm in self.arms}
        made = {name: {seed: self.figures(job) for seed, job in own.items()} for name, own in jobs.items()}
        return {name: kept for name, own in made.items() if (kept := {seed: one for seed, one in own.items() if one})}

    def figures(self, job: Job) -> dict[Place, float]:
        """Average over images, dB: by group and updates; {} where an image is missing.

        Groups are the conditions, `domains`, the mean of the domains' means, and `mean`, that of Set14, of kernels told
        wrongly, and of `domains`. An image whose adaptation has diverged counts as it was before; `DIVERGED` is how
        many have.
        """
        keys = [image_key(job, image) for image in self.images]
        if not all(key in self.found for key in keys):
            return {}
        means: dict[Place, float] = {DIVERGED: sum(str(UPDATES[-1]) not in self.found[key] for key in keys)}
        for update in UPDATES:
            for group in dict.fromkeys(image[0] for image in self.images):
                own = [_before(self.found[key], update) for key in keys if key[4] == group]
                means[group, update] = float(np.mean(own))
            three = [means[group, update] for group in (KNOWN, TOLD_WRONG)]
            if self.domains:
                means["domains", update] = float(np.mean([means[name, update] for name in self.domains]))
                three.append(means["domains", update])
            means["mean", update] = float(np.mean(three))
        return means


def _before(psnr: Mapping[str, float], update: int) -> float:
    """Give the PSNR after the last update up to this one that did not diverge; NaN where there is none."""
    return next((psnr[str(u)] for u in reversed(UPDATES) if u <= update and str(u) in psnr), np.nan)
