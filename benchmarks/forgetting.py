"""Do sequences of domains forget: shared weights, fine-tuning, `mzsr adapt` and a memory side by side.

    python benchmarks/forgetting.py ../shared/data/domains -o out                 # ten minutes of one core
    python benchmarks/forgetting.py ../shared/data/domains -o out --quick         # one or two
    python benchmarks/forgetting.py DOMAINS -o out --sequence satellite text medical satellite --steps 300

Each domain is a folder of DOMAINS; its last picture by name is measured after every stage and never learned from, the
middles of all others are what a stage brings, degraded by a known kernel, ×2, 8 bits.

- shared: the weights that all begin with, never changed.
- fine-tuned: the same weights are carried from stage to stage; each makes `--steps` plain steps on its pictures.
- adapted: `mzsr adapt` at each stage, from the shipped start; a domain has its own file from its first stage on.
- memory: at each stage its pictures are upscaled with `--memory`, one file for all; ten updates each.

PSNR is the paper's, on Y; forgetting is the last stage less the best of all, dB. OUT/forgetting.json has every figure.
"""

import argparse
import json
from pathlib import Path

from collection import UPDATES, Shown, adapted, parser, psnr, settings, shown, written
from tqdm import tqdm

from mzsr_basicsr.adaptation.descent import start_of
from mzsr_basicsr.collection import learning
from mzsr_basicsr.collection.lessons import Teacher, loss_and_slope
from mzsr_basicsr.collection.survey import survey
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.meta.rules import orthogonal
from mzsr_basicsr.upscaling.upscaler import Upscaler
from mzsr_basicsr.weights import locate
from mzsr_basicsr.weights.files import read_file, save_atomically
from mzsr_basicsr.weights.pretrained import load_pretrained

METHODS = ("shared", "fine-tuned", "adapted", "memory")
SEQUENCE = ("satellite", "text", "medical", "satellite")
FILL = 10  # updates by which a memory is filled
Row = dict[str, object]
Domains = dict[str, list[Shown]]  # by name


def main(given: list[str] | None = None) -> None:
    """Go through the sequence, measure after each stage, and print the tables."""
    made = parser(__doc__)
    made.add_argument("domains", type=Path, help="folder of domains, each a folder of HR images")
    made.add_argument("--sequence", nargs="+", default=list(SEQUENCE), help="default: %(default)s")
    made.add_argument("--quick", action="store_true", help="25 steps, parts of 128 px, and no update at the test")
    a = made.parse_args(given)
    a.updates = UPDATES
    if a.quick:
        a.steps, a.crop, a.updates = 25, 128, UPDATES[:1]
    try:
        rows = sequence(a)
    except MZSRError as error:
        raise SystemExit(f"error: {error}") from None
    (a.output / "forgetting.json").write_text(json.dumps({"sequence": a.sequence, "rows": rows}, indent=1))
    print("\n\n".join(table(rows, a.sequence, count) for count in a.updates))


def sequence(a: argparse.Namespace) -> list[Row]:
    """Measure every domain before all and after each stage."""
    a.output.mkdir(parents=True, exist_ok=True)
    domains = {name: shown(a.domains / name, a) for name in dict.fromkeys(a.sequence)}
    memory = a.output / "memory.pt"
    memory.unlink(missing_ok=True)
    carried, own = a.weights, dict.fromkeys(domains, a.weights)
    rows = measured(0, domains, carried, own, None, a)
    for stage, name in enumerate(tqdm(a.sequence, desc="forgetting", unit="stage", disable=None), 1):
        pictures = domains[name][:-1]
        if own[name] == a.weights:
            own[name] = str(adapted(pictures, a.output / name, a))
        carried = fine_tuned(pictures, carried, a.output / f"fine_tuned_{stage}.pth", a)
        filling = Upscaler(settings(a, a.weights, FILL, str(memory)))
        for one in pictures:
            filling.remember(filling.plan(one.lq))
        rows += measured(stage, domains, carried, own, str(memory), a)
    return rows


def measured(
    stage: int,
    domains: dict[str, list[Shown]],
    carried: str,
    own: dict[str, str],
    memory: str | None,
    a: argparse.Namespace,
) -> list[Row]:
    """Measure the last picture of each domain by all methods."""
    rows = []
    for name, pictures in domains.items():
        how = {"shared": (a.weights, None), "fine-tuned": (carried, None)}
        how |= {"adapted": (own[name], None), "memory": (a.weights, memory)}
        for count in a.updates:
            known: dict[object, float] = {}
            for method, made in how.items():
                if made not in known:
                    known[made] = psnr(pictures[-1], a, made[0], count, made[1])
                rows.append({"stage": stage, "domain": name, "method": method, "updates": count, "psnr": known[made]})
    return rows


def fine_tuned(pictures: list[Shown], weights: str, output: Path, a: argparse.Namespace) -> str:
    """Make plain steps from some weights: no held-out pictures, no average, lessons from what they have become."""
    place = output.with_suffix("")
    written(pictures, place)
    upscaler = Upscaler(settings(a, weights, 0))
    members = survey(place, sorted(place.iterdir()), upscaler, {}, lambda *found: None).members
    loaded = load_pretrained(weights)
    params, rule = start_of(loaded.network), {}
    for step in range(a.steps):
        teacher = Teacher(loaded.network, loaded.learner, loaded.manner.signal, params, a.seed)
        _, slope = loss_and_slope(teacher.lesson(step, members), params)
        moves = zip(params.items(), orthogonal(slope, rule), strict=True)
        params = {name: value - learning.RATE * move for (name, value), move in moves}
    content = read_file(locate(weights), "weights file")
    save_atomically({**content, "params": {**loaded.network.state_dict(), **params}}, output)
    return str(output)


def table(rows: list[Row], stages: list[str], updates: int) -> str:
    """Lay out a line for each method and domain: PSNR after each stage, and what is forgotten."""
    head = ["method", "domain", "before", *(f"{n}. {name}" for n, name in enumerate(stages, 1)), "forgetting, dB"]
    lines = [f"After {updates} updates at the test, dB:", "", "| " + " | ".join(head) + " |"]
    lines.append("| --- | --- |" + " ---: |" * (len(head) - 2))
    for method in METHODS:
        for domain in dict.fromkeys(stages):
            want = {"method": method, "domain": domain, "updates": updates}
            found = [row["psnr"] for row in rows if all(row[key] == value for key, value in want.items())]
            lost = round(found[-1] - max(found), 2) + 0.0  # of a loss that is hardly one, no minus stays
            cells = [method, domain, *(f"{value:.2f}" for value in found), f"{lost:+.2f}"]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
