"""A benchmark from its plan to its reports."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import torch
from tqdm import tqdm

from mzsr_basicsr.benchmark.report.files import write_reports
from mzsr_basicsr.benchmark.results import Results
from mzsr_basicsr.benchmark.run.bench import Bench
from mzsr_basicsr.benchmark.run.cell import Task, load_record, others_of, task_key
from mzsr_basicsr.benchmark.run.collect import collect, is_done
from mzsr_basicsr.benchmark.run.identity import about, claim_folder, method_identity
from mzsr_basicsr.benchmark.run.metrics import OWN, load_pyiqa
from mzsr_basicsr.benchmark.run.places import methods_at
from mzsr_basicsr.benchmark.run.plan import Plan
from mzsr_basicsr.benchmark.run.pool import run_tasks
from mzsr_basicsr.benchmark.run.sources import Given, make_sources
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.crew import Hands, begun_again
from mzsr_basicsr.jobs.shard import Shard
from mzsr_basicsr.jobs.streams import say
from mzsr_basicsr.options.strict import nearest
from mzsr_basicsr.upscaling.device import choose_device


@dataclass(frozen=True)
class Choice:
    """What is computed this time, by names; None: all. What was measured before stays in the reports.

    A shard computes the images, each with its kernel, that fall to it, and leaves the reports to a run of all.
    """

    methods: Sequence[str] | None = None
    datasets: Sequence[str] | None = None
    kernels: Sequence[str] | None = None
    shard: Shard | None = None


def run_benchmark(plan: Plan, choice: Choice, update: bool = False, ray: str | None = None) -> tuple[Results, Path]:
    """Compute what is not there yet, and write the reports.

    Args:
        plan: see `plan.make_plan`.
        choice: of what is computed this time.
        update: go on in a folder of another configuration.
        ray: address of a cluster that does the work, see `jobs.cluster`; None: this host.

    Returns:
        The results, and the folder they lie in.

    Raises:
        MZSRError: a method cannot be built, an image cannot be read, or the folder is not ours.
    """
    device = choose_device(plan.options.device)
    threads = 1 if ray else max(1, torch.get_num_threads() // plan.options.jobs)
    hands = Hands(plan.options.jobs, threads, ray, gpus=int(device.type == "cuda"))
    folder = Path(plan.options.output) / plan.options.name
    _check(plan, choice, device)
    claim_folder(plan, folder, update)
    givens = make_sources(plan, folder)
    tasks = _tasks(plan, givens, device)
    failures = _compute([task for task in tasks if _chosen(task, choice)], plan, folder, device, hands)
    results = collect(plan, tasks, folder, failures, about(plan, device, hands))
    if choice.shard is None:
        write_reports(results, folder, plan.options.reference, plan.options.page_mb)
    return results, folder


def _check(plan: Plan, choice: Choice, device: torch.device) -> None:
    """Build every method once for each scale, so that a wrong one is found before any work."""
    known = {"methods": list(plan.methods), "kernels": [d.name for d in plan.degradations]}
    known["datasets"] = list(plan.options.datasets)
    for kind, names in known.items():
        for name in getattr(choice, kind) or []:
            if name not in names:
                raise ConfigError(f"--{kind}: {name!r} is not in the option file; {nearest(name, names)}")
    for name in plan.options.metrics:
        if name not in OWN:
            load_pyiqa(name, device)
    bench = Bench(plan, Path(), device)
    for label, dataset, degradation in product(plan.methods, plan.datasets, plan.degradations):
        if (label, dataset, degradation.name) not in plan.without:
            bench.method(label, degradation.scale, (dataset, degradation.name))


def _tasks(plan: Plan, givens: list[Given], device: torch.device) -> list[Task]:
    """List all tasks image by image, so that the time that is left can soon be told."""
    identities = {
        (label, dataset, d.name): method_identity(
            label, methods_at(plan.methods, (dataset, d.name)), d.scale, plan.options.seed
        )
        for label, dataset, d in product(plan.methods, plan.datasets, plan.degradations)
        if (label, dataset, d.name) not in plan.without
    }
    tasks = []
    for given, label in product(givens, plan.methods):
        identity = identities.get((label, given.source.dataset, given.source.kernel))
        if identity is not None:
            others = others_of(given, givens) if getattr(plan.methods[label], "memory", False) else ()
            key = task_key(identity, given, device.type, others)
            tasks.append(Task(label, given, key, tuple(one.source.lr for one in others)))
    return tasks


def _chosen(task: Task, choice: Choice) -> bool:
    source = task.given.source
    wanted = ((choice.methods, task.label), (choice.datasets, source.dataset), (choice.kernels, source.kernel))
    own = f"{source.dataset}/{source.kernel}/{source.image}"
    return all(names is None or name in names for names, name in wanted) and (
        choice.shard is None or choice.shard.holds(own)
    )


def _compute(tasks: list[Task], plan: Plan, folder: Path, device: torch.device, hands: Hands) -> dict[str, str]:
    """Do what has no record yet; give the lines of those that failed, by key."""
    missing = [task for task in tasks if not is_done(load_record(folder, task), task, plan)]
    failures: dict[str, str] = {}
    form = "{desc}: {percentage:3.0f}%|{bar}| {n}/{total} images x methods [{elapsed}<{remaining}]"
    bar = tqdm(
        total=len(tasks), initial=len(tasks) - len(missing), desc=plan.options.name, smoothing=0, bar_format=form
    )
    again = 0
    with bar:
        for done in run_tasks(missing, plan, folder, device, hands):
            again += done.tries > 1
            if done.result is not None:
                failures[done.item.key] = done.result
                source = done.item.given.source
                where = f"{source.dataset}/{source.kernel}/{source.image}"
                with tqdm.external_write_mode(file=sys.stderr):
                    say(f"failed: {done.item.label} on {where}: {done.result}")
            bar.update()
    if again:
        say(f"note: {begun_again(again, 'result')}")
    return failures
