"""What each part of the method is worth: small trainings of equal time that differ in one part, over several seeds.

Every arm gets the same seconds of one thread, shared by its stages, and is measured on Set14 with g_2.0^d.
Finished arms are kept in the output folder, so that a stopped run goes on where it was.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from tqdm import tqdm

OPTIONS = Path(__file__).parents[1] / "options"
NEVER = 10**6
KERNEL = "g2.0d"
Changes = dict[str, Any]
WIENER: Changes = {"type": "MZSRNetWiener", "num_feat": 32, "num_block": 3}
LR: Changes = {"type": "MZSRNetLR", "num_feat": 32, "num_conv": 8}
PAPER: Changes = {"type": "MZSRNet", "num_feat": 32, "num_conv": 8}
# name: (network, share of the time for stage 1, changes of train.meta in stage 2)
ARMS: dict[str, tuple[Changes, float, Changes]] = {
    "Wiener-conditioned, second order, learned rates": (WIENER, 0.5, {}),
    "without stage 2 (not meta-trained)": (WIENER, 1.0, {}),
    "without stage 1": (WIENER, 0.0, {"inner_rate": 1e-2}),
    "first order": (WIENER, 0.5, {"order": 1}),
    "fixed rates": (WIENER, 0.5, {"learn_rates": False}),
    "conditioned on a 15-number code": ({**LR, "kernel_code": 15}, 0.5, {"inner_rate": 3e-2}),
    "not conditioned": (LR, 0.5, {"inner_rate": 3e-2}),
    "the paper's network, in HR space, not conditioned": (PAPER, 0.5, {"inner_rate": 3e-2}),
}


def main() -> None:
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", help="folder of training photographs")
    parser.add_argument("benchmark", type=Path, help="folder that holds Set14/GT")
    parser.add_argument("-o", "--output", type=Path, default=Path("ablation"), help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=120, help="training time of an arm (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="default: %(default)s")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    jobs = [(seed, name) for seed in range(arguments.seeds) for name in ARMS]
    for seed, name in tqdm(jobs, desc="ablation", unit="training"):
        file = arguments.output / f"{list(ARMS).index(name)}_{seed}.json"
        if not file.is_file():
            result = one(name, seed, arguments)
            file.with_suffix(".tmp").write_text(json.dumps(result))
            file.with_suffix(".tmp").rename(file)
    print(table(arguments.output, arguments.seeds))


def one(name: str, seed: int, arguments: argparse.Namespace) -> dict[str, float]:
    """Train one arm and measure it: PSNR after 0, 1, 5 and 10 updates, kernel g_2.0^d."""
    network, share, meta = ARMS[name]
    run = f"arm{list(ARMS).index(name)}_seed{seed}"
    photos, seconds = str(Path(arguments.photos).resolve()), arguments.seconds
    weights = None
    if share > 0:
        stage1 = stage(f"{run}_stage1", "pretrain/pretrain_mzsr_x2.yml", network, seed, photos, share * seconds)
        stage1["datasets"]["train"]["query"] = 4
        stage1["datasets"]["train"]["gt_size"] = 64
        weights = train(stage1, arguments.output)
    if share < 1:
        stage2 = stage(f"{run}_stage2", "mzsr_x2.yml", network, seed, photos, (1 - share) * seconds)
        stage2["datasets"]["train"]["gt_size"] = 128
        stage2["train"]["optim_g"]["lr"] = 2e-4
        stage2["train"]["meta"].update({"inner_rate": 0.1, **meta})
        stage2["path"]["pretrain_network_g"] = weights
        weights = train(stage2, arguments.output)
    return measure(str(weights), arguments)


def stage(name: str, file: str, network: Changes, seed: int, photos: str, seconds: float) -> dict[str, Any]:
    """Change a shipped option file into a short training of a small network with a constant rate."""
    opt = short(name, file, network, seed, photos)
    law = opt["datasets"]["train"]["kernel_law"]
    law.update(shapes=0.0, bicubic=0.0, misstated=0.0, lambda1=[0.15, 5.0])
    opt["train"].update(time_budget=seconds, total_iter=NEVER // 8)
    opt["train"]["scheduler"] = {"type": "MultiStepLR", "milestones": [NEVER], "gamma": 0.5}
    return opt


def short(name: str, file: str, network: Changes, seed: int, photos: str) -> dict[str, Any]:
    """Change a shipped option file into a short training of another network in one process, without validations."""
    opt: dict[str, Any] = yaml.safe_load((OPTIONS / file).read_text().replace("!!python/name:mzsr_basicsr.PLUGIN", "x"))
    opt.update(name=name, manual_seed=seed, network_g={**network, "scale": 2})
    opt["datasets"]["train"].update(dataroot_gt=photos, seed=seed, num_worker_per_gpu=0)
    opt["datasets"] = {"train": opt["datasets"]["train"]}
    opt["train"].update(ema_decay=0.99, progress=False)
    opt["logger"]["use_tb_logger"] = False
    opt["path"]["pretrain_network_g"] = None
    return opt


def train(opt: dict[str, Any], output: Path) -> str:
    """Run a training in a process of its own, on one thread; return its weights file."""
    file = output / f"{opt['name']}.yml"
    file.write_text(yaml.safe_dump(opt).replace("plugin: x", "plugin: !!python/name:mzsr_basicsr.PLUGIN"))
    call(["mzsr_basicsr.train", "-opt", str(file.resolve())], output, opt["name"])
    return str((output / "experiments" / opt["name"] / "models" / "net_g_latest.pth").resolve())


def measure(weights: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Evaluate on Set14; return the mean PSNR of each column."""
    folder = Path(weights).parents[1] / "evaluation"
    options = ["-w", weights, "-s", "Set14", "--fast", "--kernels", KERNEL, "-o", str(folder)]
    measure = ["mzsr_basicsr.cli.main", "evaluate", str(arguments.benchmark.resolve()), *options]
    call(measure, arguments.output, "evaluation")
    mean = json.loads(next(folder.glob("*.json")).read_text())[-1]["values"]
    return {column: values["psnr"] for column, values in mean.items()}


def call(command: list[str], folder: Path, name: str) -> None:
    """Run one of the package's modules in a folder; its output goes to a log there."""
    with (folder / f"{name}.log").open("w") as log:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run(
            [sys.executable, "-m", *command], cwd=folder, env=environment, stdout=log, stderr=log, check=True
        )


def table(folder: Path, seeds: int) -> str:
    """Lay the results out as Markdown: mean ± standard deviation over the seeds."""
    lines = ["| training | before | after 1 | after 5 | after 10 |", "| --- | --- | --- | --- | --- |"]
    for index, name in enumerate(ARMS):
        results = [json.loads((folder / f"{index}_{seed}.json").read_text()) for seed in range(seeds)]
        cells = [[result[column] for result in results] for column in ("0", "1", "5", "10")]
        lines.append(f"| {name} | {' | '.join(f'{np.mean(c):.2f} ± {np.std(c):.2f}' for c in cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
