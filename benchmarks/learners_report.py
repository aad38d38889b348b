"""The tables of `learners.py`: PSNR of each learner, what a meta-step costs, and what the literature claims."""

from collections.abc import Sequence

import numpy as np
from learners_arms import split
from learners_rows import KNOWN, TOLD_WRONG, UPDATES
from learners_study import AS_IT_IS, CAREFUL, DIVERGED, PLAIN, Figures, Place, Rows, Study

from mzsr_basicsr.meta import LEARNERS

CLOSE, SAME = 0.1, 0.02  # dB; what counts as close, and what as no difference
CLAIMS = (  # what is claimed, source, learner, compared with, whether close or better
    ("first order is close to second", "Finn et al. 2017", "fomaml", "maml", "close"),
    ("Reptile is close to MAML", "Nichol et al. 2018", "reptile", "maml", "close"),
    ("adapting the head alone is close to MAML", "Raghu et al. 2020", "anil", "maml", "close"),
    ("a learned rate for each step and tensor beats a fixed one", "Antoniou et al. 2019", "lslr", "maml", "better"),
    ("a learned rate for each element beats a fixed one", "Li et al. 2017", "meta_sgd", "maml", "better"),
    ("a learned optimiser beats one by hand", "Andrychowicz et al. 2016", "lstm", "fomaml", "better"),
    ("meta-training beats supervised training", "Soh et al. 2020", "maml", "transfer", "better"),
)


def report(study: Study) -> str:
    """Lay the study out as Markdown."""
    parts = []
    for signal in study.signals:
        rows = study.rows(signal)
        parts += [f"## Signal `{signal}`", main_table(study, signal, rows), verdict(rows), claims(rows)]
        parts += [f"Before · {' · '.join(f'after {u}' for u in UPDATES[1:])}, dB:", details(study, rows)]
    failed = "\n".join(f"- {' '.join(map(str, job))}: {why}" for job, why in study.failed.items())
    parts += [f"Without a result:\n\n{failed}"] if failed else []
    return "\n\n".join(filter(None, parts)) + "\n"


def main_table(study: Study, signal: str, rows: Rows) -> str:
    """Lay out one line a learner; the best of each column of PSNR is bold, of those that never diverged."""
    places: list[Place] = [("mean", u) for u in UPDATES]
    places += [(KNOWN, UPDATES[-1]), (TOLD_WRONG, UPDATES[-1])]
    places += [("domains", u) for u in (0, 3, UPDATES[-1])] if study.domains else []
    columns = [place for place in places if any(place in one for own in rows.values() for one in own.values())]
    sound = [own for own in rows.values() if not _diverged(own)]
    best = {place: max((_mean(own, place) for own in sound), default=np.inf) for place in columns}
    head = [
        "learner",
        "rule",
        "φ",
        "s a meta-step",
        "MB",
        "iterations",
        "CPU s",
        "diverged",
        *(_title(*place) for place in columns),
    ]
    lines = [head, ["---"] * 2 + ["---:"] * (len(head) - 2)]
    for name, own in rows.items():
        lost, all_of_them = _diverged(own), len(study.images) * len(own)
        cells = [_cell(own, place, np.inf if lost else best[place]) for place in columns]
        lines.append([_named(name), *_cost(study, name, signal), f"{lost} of {all_of_them}" if lost else "", *cells])
    return _markdown(lines)


def details(study: Study, rows: Rows) -> str:
    """Lay out all means, a column a condition."""
    groups = [KNOWN, TOLD_WRONG, *study.domains]
    lines = [["learner", *groups], ["---"] * (1 + len(groups))]
    for name, own in rows.items():
        cells = [" · ".join(f"{_mean(own, (group, u)):.2f}" for u in UPDATES) for group in groups]
        lines.append([_named(name), *cells])
    return _markdown(lines)


def verdict(rows: Rows) -> str:
    """Say which learner is best, of those that never diverged, and how far above the weights as they are."""
    last = UPDATES[-1]
    trained = {name: own for name, own in rows.items() if name in LEARNERS or "+" in name}
    lines = []
    for group in ("mean", "domains"):
        sound = {name: own for name, own in trained.items() if not _diverged(own)}
        if not sound:
            return "No learner is without a diverged image."
        best = max(sound, key=lambda name: _mean(sound[name], (group, last)))
        above = []
        for reference in (AS_IT_IS, CAREFUL):
            bar = _mean(rows[reference], (group, last))
            ten, three = (_mean(sound[best], (group, u)) - bar for u in (last, 3))
            above.append(f"{ten:+.2f} dB above those of the weights {reference}, after three {three:+.2f}")
        what = "mean of the three" if group == "mean" else "domains"
        lines.append(f"Best of the {what} after ten updates: {_named(best)}, {'; '.join(above)}.")
    return "\n".join(lines)


def claims(rows: Rows) -> str:
    """Lay out what the literature claims beside what was measured: ten updates, mean of the three, seed by seed."""
    lines = [["claim", "source", "measured, dB", "here"], ["---", "---", "---:", "---"]]
    for text, source, learner, other, kind in CLAIMS:
        one, two = rows.get(learner, {}), rows.get(other, {})
        gaps = [one[s]["mean", UPDATES[-1]] - two[s]["mean", UPDATES[-1]] for s in one if s in two]
        if gaps:
            here = [_holds(float(np.mean(gaps)), float(np.std(gaps)), kind), *["one seed"] * (len(gaps) == 1)]
            lost = {name: _diverged(rows[name]) for name in (learner, other)}
            here += [f"`{name}` diverges on {count}" for name, count in lost.items() if count]
            lines.append([text, source, f"`{learner}` {np.mean(gaps):+.2f}{_spread(gaps)}", "; ".join(here)])
    return _markdown(lines) if len(lines) > 2 else ""


def _holds(gap: float, spread: float, kind: str) -> str:
    """Judge a difference, dB."""
    if kind == "close":
        return "holds" if abs(gap) <= CLOSE else f"does not hold: {'better' if gap > 0 else 'worse'}"
    bound = max(SAME, spread)
    return "holds" if gap > bound else "does not hold" if gap < -bound else "no difference"


def _cost(study: Study, name: str, signal: str) -> list[str]:
    """Give rule, size of φ, seconds and memory of a step, and iterations and CPU seconds of a training, with its start.

    All but the rule are empty where nothing is trained.
    """
    cost = study.found.get(("cost", name, signal))
    if cost is None:
        return ["gradient" if name == PLAIN else "", *[""] * 5]
    learner, rule = split(name)
    memory = "" if cost["memory"] is None else f"{cost['memory']:.0f}"
    keys = [("training", name, signal, seed) for seed in range(study.seeds)]
    made = [study.found[key] for key in keys if key in study.found]
    means = [f"{np.mean([one[part] for one in made]):,.0f}" if made else "" for part in ("iterations", "seconds")]
    return [rule or LEARNERS[learner].rule, f"{cost['phi']:,}", f"{cost['step']:.2f}", memory, *means]


def _cell(own: Figures, place: Place, best: float) -> str:
    text = f"{_mean(own, place):.2f}{_spread([one[place] for one in own.values()])}"
    return f"**{text}**" if round(_mean(own, place), 2) >= round(best, 2) else text


def _mean(own: Figures, place: Place) -> float:
    return float(np.mean([one[place] for one in own.values()]))


def _diverged(own: Figures) -> int:
    """Count the images at which adaptation diverged, over all seeds."""
    return int(sum(one[DIVERGED] for one in own.values()))


def _spread(values: Sequence[float]) -> str:
    return f" ± {np.std(values):.2f}" if len(values) > 1 else ""


def _title(group: str, update: int) -> str:
    return f"{group}, {f'after {update}' if update else 'before'}"


def _named(name: str) -> str:
    return f"`{name}`" if name in LEARNERS or "+" in name else name


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
