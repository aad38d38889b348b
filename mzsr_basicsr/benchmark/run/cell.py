"""One method on one image: run, write the SR images, measure, and keep a record under a key of all that decides it."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch
from msgspec import Struct

from mzsr_basicsr.benchmark.run.memory import measured_peak
from mzsr_basicsr.benchmark.run.metrics import measure
from mzsr_basicsr.benchmark.run.output import Method, Output
from mzsr_basicsr.benchmark.run.sources import Given, read_picture, write_picture
from mzsr_basicsr.data.photos import to_picture, to_tensor
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.files.digest import file_sha256
from mzsr_basicsr.pages import write_whole


class Task(Struct, frozen=True):
    """A method, by its label, on one LR image; `key` names the record, and depends on all that decides the result.

    `others` are the set's other LR images, below the results folder, where the method remembers.
    """

    label: str
    given: Given
    key: str
    others: tuple[str, ...] = ()


class OutputRecord(Struct, frozen=True, kw_only=True):
    """An SR image below the results folder: number of updates, seconds, SHA-256, and values by metric."""

    updates: int | None
    seconds: float
    picture: str
    sha256: str
    values: dict[str, float]


class CellRecord(Struct, frozen=True, kw_only=True):
    """What one task gave: its outputs, most memory in MB, and against which HR image they were measured."""

    key: str
    peak_mb: float | None
    hr_sha256: str
    outputs: list[OutputRecord]


def others_of(given: Given, givens: Sequence[Given]) -> tuple[Given, ...]:
    """List the other images of a data set with the same kernel."""
    own = given.source
    alike = (one for one in givens if (one.source.dataset, one.source.kernel) == (own.dataset, own.kernel))
    return tuple(one for one in alike if one is not given)


def task_key(method: dict[str, Any], given: Given, device: str, others: Sequence[Given] = ()) -> str:
    """Give the SHA-256 of all that decides a result: method, weights, LR image, kernel, scale.

    Args:
        method: see `identity.method_identity`.
        given: the LR image.
        device: "cpu" or "cuda"; digits and times differ.
        others: what the method remembers.
    """
    d = given.degradation
    kernel = hashlib.sha256(d.weights()).hexdigest()
    place = [given.source.dataset, given.source.kernel, given.source.image]
    content: dict[str, Any] = {
        "method": method,
        "lr": given.source.lr_sha256,
        "kernel": kernel,
        "place": place,
        "device": device,
    }
    content |= {"others": [one.source.lr_sha256 for one in others]} if others else {}
    content |= {"subsampling": d.subsampling, "scale": d.scale, "format": 1}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def load_record(folder: Path, task: Task) -> CellRecord | None:
    """Read a task's record; None where there is none, or where it or its pictures are damaged or gone."""
    try:
        record = msgspec.json.decode(_record_file(folder, task.key).read_bytes(), type=CellRecord)
        whole = all(file_sha256(folder / output.picture) == output.sha256 for output in record.outputs)
    except (OSError, msgspec.DecodeError):
        return None
    return record if whole and record.outputs else None


def same_size(record: CellRecord, task: Task, folder: Path) -> bool:
    """Tell whether a record's SR images have the size of the HR image, which may be another beside a published LR one.

    Raises:
        ImageError: one of them cannot be read.
    """
    if record.hr_sha256 == task.given.hr_sha256:
        return True
    shape = read_picture(task.given.source.hr).shape
    return all(read_picture(folder / output.picture).shape == shape for output in record.outputs)


def run_task(task: Task, method: Method, folder: Path, metrics: Sequence[str], device: torch.device) -> CellRecord:
    """Run a method on an image and keep what it gave.

    Raises:
        ImageError: the SR image has another size than the HR image, or is not finite.
    """
    source = task.given.source
    lq, *others = (to_tensor(read_picture(folder / file))[None].to(device) for file in (source.lr, *task.others))
    with measured_peak(device) as peak:
        outputs = method(lq, task.given.degradation, *others)
    size = read_picture(source.hr).shape[:2]
    records = [_keep(output, task, folder, size) for output in outputs]
    record = CellRecord(key=task.key, peak_mb=peak.megabytes, hr_sha256=task.given.hr_sha256, outputs=records)
    return measured(record, task, folder, metrics, device)


def measured(record: CellRecord, task: Task, folder: Path, metrics: Sequence[str], device: torch.device) -> CellRecord:
    """Add the metrics that a record lacks, all of them if its HR image has changed, and save it."""
    fresh = record.hr_sha256 != task.given.hr_sha256
    hr = None
    outputs = []
    for output in record.outputs:
        known = {} if fresh else output.values
        missing = [name for name in metrics if name not in known]
        if missing:
            hr = read_picture(task.given.source.hr) if hr is None else hr
            known = known | measure(
                read_picture(folder / output.picture), hr, missing, task.given.degradation.scale, device
            )
        outputs.append(msgspec.structs.replace(output, values=known))
    record = msgspec.structs.replace(record, outputs=outputs, hr_sha256=task.given.hr_sha256)
    file = _record_file(folder, task.key)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(msgspec.json.encode(record), file)
    return record


def _keep(output: Output, task: Task, folder: Path, size: tuple[int, ...]) -> OutputRecord:
    """Write one SR image, cut to the size (H, W) of the HR image."""
    source, (height, width) = task.given.source, size
    if output.image.shape[-2] < height or output.image.shape[-1] < width or output.image.shape[1] != 3:
        raise ImageError(
            f"{source.image}: {task.label} gave {output.image.shape[-1]}x{output.image.shape[-2]} px, but the HR "
            f"image at scale {task.given.degradation.scale:g} has {width}x{height}; check its network and weights"
        )
    if not bool(torch.isfinite(output.image).all()):
        raise ImageError(f"{source.image}: {task.label} gave pixels that are not finite; check its weights and rates")
    suffix = "" if output.updates is None else f"_{output.updates}"
    picture = Path("sr") / task.label / source.dataset / source.kernel / f"{source.image}{suffix}.png"
    (folder / picture).parent.mkdir(parents=True, exist_ok=True)
    write_picture(to_picture(output.image)[:height, :width], folder / picture)
    return OutputRecord(
        updates=output.updates,
        seconds=output.seconds,
        picture=picture.as_posix(),
        sha256=file_sha256(folder / picture),
        values={},
    )


def _record_file(folder: Path, key: str) -> Path:
    return folder / "cells" / f"{key}.json"
