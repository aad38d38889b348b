"""From the records of a benchmark's tasks to its results."""

from pathlib import Path

import msgspec

from mzsr_basicsr.benchmark.gains import gains
from mzsr_basicsr.benchmark.results import Failure, Measure, Results, TestKernel
from mzsr_basicsr.benchmark.run.cell import CellRecord, Task, load_record
from mzsr_basicsr.benchmark.run.ensemble import columns
from mzsr_basicsr.benchmark.run.metrics import lower_is_better
from mzsr_basicsr.benchmark.run.plan import Plan


def is_done(record: CellRecord | None, task: Task, plan: Plan) -> bool:
    """Tell whether a record holds every metric, against the HR image of now."""
    if record is None or record.hr_sha256 != task.given.hr_sha256:
        return False
    return all(name in output.values for output in record.outputs for name in plan.options.metrics)


def collect(plan: Plan, tasks: list[Task], folder: Path, failures: dict[str, str], facts: dict[str, str]) -> Results:
    """Gather the records of all tasks."""
    measures: list[Measure] = []
    for task in tasks:
        record = load_record(folder, task)
        if record is not None and is_done(record, task, plan):
            measures += _measures(record, task, plan)
    sources = {(t.given.source.dataset, t.given.source.kernel, t.given.source.image): t.given.source for t in tasks}
    kernels = [
        TestKernel(
            name=d.name,
            spec=d.spec,
            subsampling=d.subsampling,
            scale=d.scale,
            weights=d.kernel.tolist(),
        )
        for d in plan.degradations
    ]
    results = Results(
        name=plan.options.name,
        columns=[heading(label, u) for label in plan.methods for u in columns(label, plan.methods)],
        datasets=list(plan.datasets),
        kernels=kernels,
        metrics=plan.options.metrics,
        measures=measures,
        sources=list(sources.values()),
        failures=[_failure(task, failures[task.key]) for task in tasks if task.key in failures],
        skipped=plan.skipped,
        published=plan.options.published,
        about=facts,
        lower_is_better=[name for name in plan.options.metrics if lower_is_better(name)],
    )
    return msgspec.structs.replace(results, gains=gains(results))


def heading(label: str, updates: int | None) -> str:
    """Name a column as the paper does: "mzsr (10)"."""
    return label if updates is None else f"{label} ({updates})"


def _measures(record: CellRecord, task: Task, plan: Plan) -> list[Measure]:
    source = task.given.source
    return [
        Measure(
            dataset=source.dataset,
            kernel=source.kernel,
            scale=task.given.degradation.scale,
            image=source.image,
            method=task.label,
            updates=output.updates,
            column=heading(task.label, output.updates),
            values={name: output.values[name] for name in plan.options.metrics},
            seconds=output.seconds,
            peak_mb=record.peak_mb,
            picture=output.picture,
        )
        for output in record.outputs
    ]


def _failure(task: Task, reason: str) -> Failure:
    source = task.given.source
    return Failure(dataset=source.dataset, kernel=source.kernel, image=source.image, method=task.label, reason=reason)
