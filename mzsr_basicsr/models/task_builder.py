"""From a batch of the loader to tasks on the training device: the degradation of a whole meta-batch at once."""

from collections.abc import Mapping

import torch
from torch import Tensor

from mzsr_basicsr.degradation import add_noise, degrade
from mzsr_basicsr.meta import Pairs, Task
from mzsr_basicsr.task_stream import task_generator


def build_tasks(batch: Mapping[str, Tensor], subsampling: str, seed: int) -> list[Task]:
    """Degrade the HR patches of a batch and pair them.

    Args:
        batch: collated items of KernelMetaDataset, on the device.
        subsampling: "direct" or "bicubic".
        seed: of the data set; with the task number it draws the noise.

    Returns:
        One task an item. External: support and query are LR -> HR of different photographs. Internal: the support
        is son -> LR and the query LR -> HR of one photograph.
    """
    internal = "image_gt" in batch
    hr = (
        batch["image_gt"] if internal else torch.cat([batch["support_gt"], batch["query_gt"]], dim=1)
    )  # (T, n, 3, H, W)
    lr = _degrade_by_scale(hr, batch, subsampling, seed, salt=0)
    sons = _degrade_list(lr, batch, subsampling, seed, salt=1) if internal else lr
    cut = 0 if internal else batch["support_gt"].shape[1]
    tasks = []
    for i, number in enumerate(batch["task"].tolist()):
        if internal:
            support, query = Pairs(sons[i], lr[i]), Pairs(lr[i], hr[i])
        else:
            support, query = Pairs(lr[i][:cut], hr[i][:cut]), Pairs(lr[i][cut:], hr[i][cut:])
        name = f"task {number} of seed {seed}"
        tasks.append(Task(support, query, batch["kernel"][i], float(batch["scale"][i]), name))
    return tasks


def _degrade_by_scale(hr: Tensor, batch: Mapping[str, Tensor], subsampling: str, seed: int, salt: int) -> list[Tensor]:
    """Degrade (T, n, 3, H, W), all tasks of one scale in one call; return one (n, 3, h, w) a task."""
    scales = batch["scale"].tolist()
    lr: dict[int, Tensor] = {}
    for scale in sorted(set(scales)):
        members = [i for i, other in enumerate(scales) if other == scale]
        for i, image in zip(members, degrade(hr[members], batch["kernel"][members], scale, subsampling), strict=True):
            lr[i] = _noisy(image, batch, i, seed, salt)
    return [lr[i] for i in range(len(scales))]


def _degrade_list(
    images: list[Tensor], batch: Mapping[str, Tensor], subsampling: str, seed: int, salt: int
) -> list[Tensor]:
    """Degrade one image a task, of sizes that differ with the scale."""
    scales = batch["scale"].tolist()
    results = [degrade(x, k, s, subsampling) for x, k, s in zip(images, batch["kernel"], scales, strict=True)]
    return [_noisy(image, batch, i, seed, salt) for i, image in enumerate(results)]


def _noisy(image: Tensor, batch: Mapping[str, Tensor], index: int, seed: int, salt: int) -> Tensor:
    sigma = float(batch["noise_sigma"][index])
    number = int(batch["task"][index])
    return add_noise(image, sigma, task_generator(seed + 1 + salt, number)) if sigma > 0 else image
