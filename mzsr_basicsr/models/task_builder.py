"""From a batch of the loader to tasks on the training device: the degradation of a whole meta-batch at once."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mzsr_basicsr.data.task_stream import task_generator
from mzsr_basicsr.degradation.degrade import add_noise, round_to_8_bits
from mzsr_basicsr.degradation.noise import noise_lost
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import Pairs, Task


def build_tasks(
    batch: Mapping[str, Tensor], subsampling: str = "direct", seed: int = 0, quantize: bool = False
) -> list[Task]:
    """Degrade the HR patches of a batch and pair them.

    Args:
        batch: collated items of KernelMetaDataset, on the device.
        subsampling: "direct" or "bicubic".
        seed: of the data set; with the task number it draws the noise.
        quantize: round LR images and sons to 8 bits, as image files are.

    Returns:
        One task an item. External: support and query are LR -> HR of different photographs. Internal: the support
        is son -> LR and the query LR -> HR of one photograph.
    """
    internal = "image_gt" in batch
    hr = (
        batch["image_gt"] if internal else torch.cat([batch["support_gt"], batch["query_gt"]], dim=1)
    )  # (T, n, 3, H, W)
    lr = _degrade_by_scale(hr, batch, subsampling, seed, salt=0)
    lr = [round_to_8_bits(image) for image in lr] if quantize else lr
    sons = _degrade_list(lr, batch, subsampling, seed, salt=1) if internal else lr
    sons = [round_to_8_bits(image) for image in sons] if quantize and internal else sons
    cut = 0 if internal else batch["support_gt"].shape[1]
    tasks = []
    for i, number in enumerate(batch["task"].tolist()):
        if internal:
            support, query = Pairs(sons[i], lr[i]), Pairs(lr[i], hr[i])
        else:
            support, query = Pairs(lr[i][:cut], hr[i][:cut]), Pairs(lr[i][cut:], hr[i][cut:])
        name = f"task {number} of seed {seed}"
        scale, sigma = float(batch["scale"][i]), float(batch["noise_sigma"][i])
        told = Degradation(batch["told_kernel"][i], scale, subsampling, sigma)
        made = Degradation(batch["son_kernel"][i], scale, subsampling, sigma) if internal else None
        tasks.append(Task(support, query, told, name, made, number))
    return tasks


def tasks_of(batch: Mapping[str, Tensor], section: Mapping[str, Any]) -> list[Task]:
    """Build the tasks of a batch as `datasets.train` says; no gradient is kept."""
    given = {key: section[key] for key in ("subsampling", "seed", "quantize") if key in section}
    with torch.no_grad():
        return build_tasks(batch, **given)


def merged(tasks: list[Task]) -> list[Task]:
    """Join the query sets of all tasks of one size: supervised training has no inner loop to keep them apart.

    Every size then counts alike in the loss, whatever the number of its tasks.
    """
    sizes = sorted({_size(task) for task in tasks})
    return [_join([task for task in tasks if _size(task) == size]) for size in sizes]


def _size(task: Task) -> tuple[float, torch.Size]:
    return task.degradation.scale, task.query.lq.shape[-2:]


def _join(tasks: list[Task]) -> Task:
    lq, gt = (torch.cat([getattr(task.query, part) for task in tasks]) for part in ("lq", "gt"))
    kernels = torch.cat([task.degradation.kernel.expand(len(task.query.lq), -1, -1) for task in tasks])
    noise = torch.cat([lq.new_full((len(task.query.lq),), float(task.degradation.noise)) for task in tasks])
    first = tasks[0].degradation
    name = f"{tasks[0].name} to {tasks[-1].name}"
    told = Degradation(kernels, first.scale, first.subsampling, noise)
    return Task(Pairs(lq[:0], gt[:0]), Pairs(lq, gt), told, name)


def _degrade_by_scale(hr: Tensor, batch: Mapping[str, Tensor], subsampling: str, seed: int, salt: int) -> list[Tensor]:
    """Degrade (T, n, 3, H, W), all tasks of one scale in one call; return one (n, 3, h, w) a task."""
    scales = batch["scale"].tolist()
    lr: dict[int, Tensor] = {}
    for scale in sorted(set(scales)):
        members = [i for i, other in enumerate(scales) if other == scale]
        shared = Degradation(batch["kernel"][members], scale, subsampling)
        for i, image in zip(members, shared.apply(hr[members]), strict=True):
            lr[i] = _noisy(image, batch, i, float(batch["noise_sigma"][i]), seed + 1 + salt)
    return [lr[i] for i in range(len(scales))]


def _degrade_list(
    images: list[Tensor], batch: Mapping[str, Tensor], subsampling: str, seed: int, salt: int
) -> list[Tensor]:
    """Make one son a task, of sizes that differ with the scale; each has as much noise as its LR image."""
    sons = []
    for i, (image, scale) in enumerate(zip(images, batch["scale"].tolist(), strict=True)):
        degradation = Degradation(batch["son_kernel"][i], scale, subsampling)
        lost = noise_lost(float(batch["noise_sigma"][i]), degradation.told)
        sons.append(_noisy(degradation.apply(image), batch, i, lost, seed + 1 + salt))
    return sons


def _noisy(image: Tensor, batch: Mapping[str, Tensor], index: int, sigma: float, seed: int) -> Tensor:
    return add_noise(image, sigma, task_generator(seed, int(batch["task"][index]))) if sigma > 0 else image
