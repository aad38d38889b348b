"""What unrolling and orthogonal steps are worth: trainings of stage 1 at equal cost, over several seeds.

    python benchmarks/unrolled.py PHOTOS BENCHMARKS -o unrolled --seconds 600 --seeds 3

Every arm is `options/pretrain/pretrain_mzsr_x2.yml` with another network or optimizer, and gets the same CPU seconds of
one thread: an iteration of each is timed first (OUT/pace.json), and the cosine ends where the seconds do. Measured
without updates on the middle 256 px of Set14's images. Finished arms are kept in OUT, so that a stopped run goes on.
"""

import argparse
import json
import resource
from pathlib import Path
from typing import Any

import numpy as np
from ablation import Changes, short, train
from kernel_sets_rows import G20, Case, measure
from tqdm import tqdm

from mzsr_basicsr.cli.evaluate import SHAKES
from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.degradation.names import TEST_KERNELS
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.pages import write_whole
from mzsr_basicsr.weights.pretrained import load_pretrained

FILE = "pretrain/pretrain_mzsr_x2.yml"
WARMUP, FEW = 100, 5  # iterations of the warm-up, and of the shorter of the two trainings that are timed
WIENER: Changes = {"type": "MZSRNetWiener", "num_feat": 48, "num_block": 5}
UNROLLED: Changes = {"type": "MZSRNetUnrolled", "num_feat": 48, "stages": [2, 3]}
ADAM: Changes = {"type": "Adam", "lr": 1e-3, "betas": [0.9, 0.999]}
ORTHOGONAL: Changes = {"type": "Orthogonal", "lr": 4e-3, "momentum": 0.95}
ARMS: dict[str, tuple[Changes, Changes]] = {
    "Wiener's estimate, 5 blocks; Adam": (WIENER, ADAM),
    "unrolled, 2 and 3 blocks; Adam": (UNROLLED, ADAM),
    "unrolled, 2 and 3 blocks; Orthogonal": (UNROLLED, ORTHOGONAL),
    "one stage of 5 blocks, corrected at its end; Orthogonal": ({**UNROLLED, "stages": [5]}, ORTHOGONAL),
}
COLUMNS = {name: Case((k.spec,), subsampling=k.subsampling) for name, k in TEST_KERNELS.items() if k.scale == 2}
COLUMNS |= {"g2.0d, σ 8": Case((G20,), noise=8.0), "4 camera shakes": Case(tuple(SHAKES[:4]))}


def main(given: list[str] | None = None) -> None:
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", help="folder of training photographs")
    parser.add_argument("benchmark", type=Path, help="folder that holds Set14/GT")
    parser.add_argument("-o", "--output", type=Path, default=Path("unrolled"), help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=600, help="CPU time of an arm's iterations (default: 600)")
    parser.add_argument("--seeds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--timed", type=int, default=80, help="iterations that are timed (default: %(default)s)")
    parser.add_argument("--crop", type=int, default=256, help="side of what is measured, HR px (default: %(default)s)")
    parser.add_argument("--images", type=int, help="the first so many of Set14 (default: all)")
    arguments = parser.parse_args(given)
    if min(arguments.seconds, arguments.seeds, arguments.timed, arguments.crop) <= 0:
        raise SystemExit("error: --seconds, --seeds, --timed and --crop must be above 0")
    arguments.output.mkdir(parents=True, exist_ok=True)
    try:
        results = run(arguments)
    except MZSRError as error:
        raise SystemExit(f"error: {error}") from None
    print(table(results))


def run(arguments: argparse.Namespace) -> dict[str, list[dict]]:
    """Train and measure what is missing; give the results of each arm by seed."""
    pace = paces(arguments)
    results: dict[str, list[dict]] = {name: [] for name in ARMS}
    for seed, name in tqdm([(seed, name) for seed in range(arguments.seeds) for name in ARMS], unit="training"):
        file = arguments.output / f"{list(ARMS).index(name)}_{seed}_{arguments.seconds:g}s.json"
        if not file.is_file():
            write_whole(json.dumps(one(name, seed, iterations(arguments.seconds, pace[name]), arguments)), file)
        results[name].append(json.loads(file.read_text()))
    return results


def paces(arguments: argparse.Namespace) -> dict[str, float]:
    """Time an iteration of each arm once, CPU seconds: the difference of a longer and a shorter training."""
    file = arguments.output / "pace.json"
    found: dict[str, float] = json.loads(file.read_text()) if file.is_file() else {}
    for name in tqdm([name for name in ARMS if name not in found], desc="timing", unit="arm"):
        few, many = (trained(name, 0, count, arguments, "pace")[1] for count in (FEW, FEW + arguments.timed))
        found[name] = max(many - few, 1e-3) / arguments.timed
        write_whole(json.dumps(found, indent=1), file)
    return found


def iterations(seconds: float, pace: float) -> int:
    """Give how many iterations the seconds are worth."""
    return max(1, round(seconds / pace))


def one(name: str, seed: int, count: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Train one arm and measure it: PSNR by column, iterations, parameters and CPU seconds, its start included."""
    weights, seconds = trained(name, seed, count, arguments, "arm")
    network = load_pretrained(weights)
    paths = sorted(list_photographs(str(arguments.benchmark / "Set14" / "GT"), "benchmark"))[: arguments.images]
    psnr = {}
    for column, case in COLUMNS.items():
        rows = [
            measure(network, path, case, k, (0,), arguments.crop, careful=False) for path in paths for k in case.kernels
        ]
        psnr[column] = float(np.mean([row["0"] for row in rows]))
    parameters = sum(p.numel() for p in network.network.parameters())
    return {"psnr": psnr, "iterations": count, "parameters": parameters, "seconds": seconds}


def trained(name: str, seed: int, count: int, arguments: argparse.Namespace, kind: str) -> tuple[str, float]:
    """Train an arm for some iterations; give its weights file and the CPU seconds of the process."""
    network, optimizer = ARMS[name]
    run = f"{kind}{list(ARMS).index(name)}_seed{seed}_{count}"
    opt = short(run, FILE, network, seed, str(Path(arguments.photos).resolve()))
    opt["train"].update(total_iter=count, warmup_iter=min(WARMUP, count // 10), optim_g=optimizer)
    opt["train"]["scheduler"]["periods"] = [count]
    before = _seconds()
    return train(opt, arguments.output), _seconds() - before


def _seconds() -> float:
    """CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(results: dict[str, list[dict]]) -> str:
    """Lay the results out as Markdown: mean ± standard deviation over the seeds."""
    head = ["training", "parameters", "iterations", "CPU s", *COLUMNS, "mean"]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    for name, own in results.items():
        cells = [[result["psnr"][column] for result in own] for column in COLUMNS]
        cells.append([float(np.mean(list(result["psnr"].values()))) for result in own])
        cost = f"{np.mean([result['seconds'] for result in own]):.0f}"
        counts = [f"{own[0][key]:,}" for key in ("parameters", "iterations")]
        lines.append([name, *counts, cost, *(f"{np.mean(c):.2f} ± {np.std(c):.2f}" for c in cells)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
