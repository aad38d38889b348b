"""What bfloat16 costs: PSNR of the test sets in both precisions, before and after ten updates, image by image.

    python benchmarks/precision.py BENCHMARKS [-w shipped:mzsr_x2 ...] [--sets Set5 Set14]

The table is that of the model cards; `upscaling/precision.py` holds what it says at worst.
"""

import argparse
import statistics
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

from mzsr_basicsr.cli import evaluate
from mzsr_basicsr.upscaling.precision import MOST, computing_in
from mzsr_basicsr.weights.pretrained import Pretrained, load_pretrained

UPDATES = (0, 10)
PRECISIONS = ("float32", "bfloat16")
Case = evaluate.Case


def measured(loaded: Pretrained, data: Path, name: str, case: Case, bar: tqdm) -> dict[str, list[list[float]]]:
    """Give the PSNR of each image, dB, by precision: before any update, and after the last."""
    found = {}
    for precision in PRECISIONS:
        computing_in(loaded.network, torch.device("cpu"), precision)
        dataset = evaluate._dataset(data, name, case, case.made.spec)
        rows = evaluate._rows(loaded, dataset, case, False, bar)
        found[precision] = [[row.values[str(update)]["psnr"] for update in UPDATES] for row in rows]
    return found


def cases_of(scale: int) -> list[Case]:
    """Give the test kernels of a scale; of one that the paper has none for, those of x2."""
    cases = evaluate.law_cases()
    own = [case for case in cases if case.made.scale == scale]
    return own or [replace(c, made=c.made._replace(scale=scale)) for c in cases if c.made.scale == 2]


def table(loaded: Pretrained, data: Path, sets: list[str], bar: tqdm) -> tuple[list[str], float]:
    """Give the lines of a table, and the most that a set loses by one kernel, dB."""
    lines = ["| set | kernel | before: float32 | bfloat16 | after 10: float32 | bfloat16 | lost, worst image, dB |"]
    lines += ["| --- | --- | ---: | ---: | ---: | ---: | ---: |"]
    worst = 0.0
    for name in sets:
        for case in cases_of(int(loaded.scale)):
            found = measured(loaded, data, name, case, bar)
            means = [[statistics.fmean(column) for column in zip(*found[p], strict=True)] for p in PRECISIONS]
            lost = [a - b for a, b in zip(*means, strict=True)]
            images = zip(*(found[p] for p in PRECISIONS), strict=True)
            most = max(a - b for exact, short in images for a, b in zip(exact, short, strict=True))
            worst = max(worst, *lost)
            figures = [f"{means[p][u]:.3f}" for u in range(2) for p in range(2)]
            lines.append(f"| {name} | {case.name} | {' | '.join(figures)} | {most:.3f} |")
            tqdm.write(lines[-1])
    return lines, worst


def main() -> None:
    """Print a table for each of the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="BENCHMARKS", help="folder that holds Set5/GT and Set14/GT")
    parser.add_argument("-w", "--weights", nargs="+", default=["shipped:mzsr_x2"])
    parser.add_argument("--sets", nargs="+", default=["Set5", "Set14"])
    arguments = parser.parse_args()
    evaluate.UPDATES = UPDATES
    for weights in arguments.weights:
        loaded = load_pretrained(weights)
        with tqdm(desc=weights, unit=" images") as bar:
            lines, worst = table(loaded, arguments.data, arguments.sets, bar)
        print(
            f"\n{weights}\n", *lines, f"\nlost at most by a set: {worst:.4f} dB, allowed {MOST}", sep="\n", flush=True
        )


if __name__ == "__main__":
    main()
