"""What a run gives: the weights file, and what is said of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from mzsr_basicsr.collection.learning import LEAST, Way
from mzsr_basicsr.collection.survey import many
from mzsr_basicsr.files.digest import file_sha256
from mzsr_basicsr.meta.task import everywhere
from mzsr_basicsr.weights import locate
from mzsr_basicsr.weights.files import read_file

TIME_UP, ALL_MADE = "time used up", "all steps made"
COLLECTION = "collection"  # key of `about`


@dataclass(frozen=True, eq=False)
class Report:
    """What a run did.

    Attributes:
        domain: the folder's name.
        output: the weights file.
        members: names of the pictures that were learned from.
        held_out: names of those that judged.
        way: where the learning stands.
        stopped: why the call ended.
        resumed: steps that calls before had made.
        seconds: of this call.
        notices: lines for people.
    """

    domain: str
    output: Path
    members: tuple[str, ...]
    held_out: tuple[str, ...]
    way: Way
    stopped: str
    resumed: int
    seconds: float
    notices: tuple[str, ...]

    @property
    def losses(self) -> tuple[float, float]:
        """The held-out loss before and after: means over the pictures."""
        marks = dict(self.way.history)
        before, after = ((sum(marks[step]) / len(marks[step])) for step in (0, self.way.kept))
        return before, after


def content_of(report: Report, network: nn.Module, weights: str, seed: int) -> dict[str, Any]:
    """Make the content of the weights file: that of the starting weights, with what was learned in the network's place.

    Args:
        report: of the run.
        network: with the starting weights; it is left as it is.
        weights: the file that it is of.
        seed: of all chance.
    """
    file = locate(weights)
    source = read_file(file, "weights file")
    rest: dict[str, Any] = {name: source[name] for name in ("rates", "meta") if name in source}
    learned = everywhere(network, report.way.best) if report.way.kept else {}
    params = {name: value.detach().cpu() for name, value in {**network.state_dict(), **learned}.items()}
    before, after = report.losses
    note = {
        "domain": report.domain,
        "pictures": len(report.members) + len(report.held_out),
        "held_out": len(report.held_out),
        "steps": report.way.step,
        "kept": report.way.kept,
        "loss_before": before,
        "loss_after": after,
        "gain": report.way.promised,
        "seed": seed,
        "start": {"file": Path(file).name, "sha256": file_sha256(file)},
    }
    return {"params": params, **rest, "about": {**source["about"], COLLECTION: note}}


def record_of(report: Report) -> dict[str, Any]:
    """Put a run into plain values, for machines."""
    before, after = report.losses
    judged = zip(report.way.history, report.way.gains, strict=True)
    return {
        "output": str(report.output),
        "domain": report.domain,
        "learned_from": list(report.members),
        "held_out": list(report.held_out),
        "steps": report.way.step,
        "resumed": report.resumed,
        "kept": report.way.kept,
        "loss_before": before,
        "loss_after": after,
        "gain": round(report.way.promised, 4),
        "stopped": report.stopped,
        "goes_on": report.stopped == TIME_UP,
        "seconds": round(report.seconds, 3),
        "curve": [{"step": step, "gain": _finite(gain), "loss": list(marks)} for (step, marks), gain in judged],
        "notices": list(report.notices),
    }


def said(report: Report) -> list[str]:
    """Say in lines for people what was done."""
    before, after = report.losses
    way = report.way
    learned = f"{many(way.step, 'step')} on {many(len(report.members), 'picture')}"
    made = f"{learned}, judged by {len(report.held_out)}"
    if way.kept:
        kept = f"held-out loss {before:.5f} -> {after:.5f} ({way.promised:+.2f} dB), kept after step {way.kept}"
    else:
        kept = f"nothing serves the held-out pictures {LEAST:g} dB better, so it holds the starting weights as they are"
    lines = [f"{report.output}: {made}; {kept}; {report.stopped}"]
    if report.stopped == TIME_UP:
        lines.append("the same command goes on from here; so does a longer --minutes")
    return lines


def _finite(gain: float) -> float | None:
    return round(gain, 4) if gain > float("-inf") else None
