"""The trainings of `learners.py`: the options of each learner, what it costs, and the training itself."""

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from ablation import Changes, short
from learners_rows import LAW

from mzsr_basicsr.errors import TrainingError
from mzsr_basicsr.meta import LEARNERS, STARTS
from mzsr_basicsr.meta.family import LINEAR
from mzsr_basicsr.task_tools.choices import TaskChoices
from mzsr_basicsr.weights import PREFIX, locate
from mzsr_basicsr.weights.files import read_file

FILE = "mzsr_x2.yml"
STEPS, CLUSTERS, CROP = 5, 4, 96  # inner steps, experts, and LR px that a step of the own scale looks at
SHARES = (0.25, 0.75)  # of the mixed signal, as the shipped weights have them: the son, the own scale
RATES = {  # inner, by rule; learned ones start there
    "gradient": 2e-2,  # 5e-2 dips in the first updates and diverges on single images
    "learned_rates": 2e-2,
    "orthogonal": 4e-3,
    "adam": 3e-4,
    "lstm": 3e-4,
}
LEARNER_RATE = 1e-3  # outer, of the parameters of starts and rules; experts are parameters of the network's kind
DATA: Changes = {  # tasks that mirror the test: a part of them told wrongly, a part of them no photographs
    "kernel_law": {**LAW, "misstated": 0.25, "misstatement": [0.7, 1.4]},
    "blind": True,
    "drawn": 0.3,
}


def split(arm: str) -> tuple[str, str | None]:
    """Give an arm's learner, and the rule in the place of its own: `lslr+orthogonal`, of first order."""
    learner, _, rule = arm.partition("+")
    return learner, rule or None


def inner_rate(arm: str) -> float:
    """Give the rate that inner steps have, or start from."""
    learner, rule = split(arm)
    return RATES[rule or LEARNERS[learner].rule]


def options(arm: str, signal: str, seed: int, count: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Change `options/mzsr_x2.yml` into a training of `count` iterations from the weights file of all arms."""
    about: Any = read_file(locate(arguments.weights), "weights file")["about"]
    opt = short(run_name(arm, signal, seed), FILE, about["network_g"], seed, str(Path(arguments.photos).resolve()))
    opt.update(scale=int(about["scale"]), num_gpu=0, network_g=about["network_g"])
    opt["datasets"]["train"].update(DATA, gt_size=arguments.patch)
    opt["path"].update(pretrain_network_g=resolved(arguments.weights), param_key_g=None)  # their average, if any
    opt["train"].update(total_iter=count, ema_decay=0.0)
    opt["train"]["optim_g"]["lr"] = arguments.rate
    opt["train"]["scheduler"].update(periods=[count], eta_min=arguments.rate / 100)
    opt["train"]["meta"] = meta(arm, signal, arguments)
    opt["logger"].update(print_freq=max(1, count // 20), save_checkpoint_freq=max(1, count // 4))
    return opt


def meta(arm: str, signal: str, arguments: argparse.Namespace) -> Changes:
    """Give `train.meta` of an arm."""
    learner, rule = split(arm)
    start = LEARNERS[learner].start
    made: Changes = {
        "learner": learner,
        "signal": {"type": signal, "shares": list(SHARES), "crop": CROP},
        "inner_steps": STEPS,
        "inner_rate": inner_rate(arm),
        "rates_lr": 1e-2,
        "learner_lr": arguments.rate if start == "experts" else LEARNER_RATE,
    }
    if rule:
        own = LEARNERS[learner]
        made |= {"rule": rule, "learn_rates": own.rates != "fixed"}
        if own.outer == "second_order" and rule not in LINEAR:
            made["outer"] = "first_order"
    if STARTS[start].looks:
        embedding = {"embedding": resolved(arguments.embedding)}
        made["start"] = {"type": start, **({"clusters": clusters(arguments)} if start == "experts" else embedding)}
    return made


def clusters(arguments: argparse.Namespace) -> str:
    """Sort tasks of the photographs into clusters, once; give the file."""
    file = (arguments.output / "clusters.pth").resolve()
    if not file.is_file():
        from mzsr_basicsr.task_tools.clustering import write_clusters

        about: Any = read_file(locate(arguments.weights), "weights file")["about"]
        choices = TaskChoices((Path(arguments.photos),), 256, 0, int(about["scale"]), arguments.embedding)
        write_clusters(choices, CLUSTERS, file)
    return str(file)


def resolved(weights: str) -> str:
    """Give a weights file's whole path, as trainings run in another folder."""
    return weights if weights.startswith(PREFIX) else str(Path(weights).resolve())


def cost(arm: str, signal: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure what an iteration costs; see `learners_cost`."""
    file = written(options(arm, signal, 0, 1000, arguments), arguments.output)
    command = [str(Path(__file__).with_name("learners_cost.py").resolve()), str(file)]
    lines = call([*command, "--iterations", str(arguments.timed)], file.with_suffix(".cost.log"))
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def trained(arm: str, signal: str, seed: int, count: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Train an arm, or go on where its training was stopped; give its iterations and the CPU seconds of the process."""
    opt = options(arm, signal, seed, count, arguments)
    file, before = written(opt, arguments.output), used()
    call(["-m", "mzsr_basicsr.train", "-opt", str(file), "--auto_resume"], file.with_suffix(".log"))
    return {"iterations": count, "seconds": used() - before}


def weights_of(arm: str, signal: str, seed: int, arguments: argparse.Namespace) -> str:
    """Give the weights file that a training ends with."""
    return str(arguments.output / "experiments" / run_name(arm, signal, seed) / "models" / "net_g_latest.pth")


def run_name(arm: str, signal: str, seed: int) -> str:
    """Name a training."""
    return f"{signal}_{arm.replace('+', '_')}_{seed}"


def written(opt: dict[str, Any], output: Path) -> Path:
    """Write an option file; give its whole path."""
    file = (output / f"{opt['name']}.yml").resolve()
    file.write_text(yaml.safe_dump(opt).replace("plugin: x", "plugin: !!python/name:mzsr_basicsr.PLUGIN"))
    return file


def call(command: list[str], log: Path) -> list[str]:
    """Run Python in the log's folder on one thread; give the lines of its output.

    Raises:
        TrainingError: it ended with an error, of which the last line is given.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    with log.open("w") as stream:
        ended = subprocess.run(
            [sys.executable, *command], cwd=log.parent, env=environment, stdout=stream, stderr=stream, check=False
        )
    lines = log.read_text().strip().splitlines()
    if ended.returncode:
        raise TrainingError(f"{log.name}: {lines[-1] if lines else 'no output'}")
    return lines


def used() -> float:
    """Give the CPU seconds of the processes that have ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime
