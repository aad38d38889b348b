"""Zero-shot validation: metrics after each number of updates, per image and mean, shared among the processes."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from basicsr.metrics import calculate_metric
from basicsr.utils import get_root_logger, imwrite, tensor2img
from torch.utils.data import default_collate
from tqdm import tqdm

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.models.comparison import save_comparison


class Row(NamedTuple):
    """One image's results: metric values by "metric_updates", and seconds by updates."""

    image: str
    values: dict[str, float]
    seconds: dict[int, float]


def validate(model: Any, dataset: Any, current_iter: int | str, tb_logger: Any, save_img: bool) -> dict[str, float]:
    """Run the zero-shot test on a data set and log it.

    Args:
        model: MZSRModel.
        dataset: ZeroShotDataset; process r of w takes images r, r + w, ….
        current_iter: iteration, or the run's name in a test.
        tb_logger: tensorboard writer of the first process, or None.
        save_img: also write the SR images.

    Returns:
        The mean of every metric, by "metric_updates"; the same in every process.
    """
    options = model.options
    name = dataset.opt["name"]
    mine = range(options.rank, len(dataset), options.world_size)
    rows = []
    for index in tqdm(mine, desc=f"zero-shot {name}", unit="image", disable=not (options.val.pbar and options.rank == 0)):
        rows.append(_one_image(model, dataset[index], name, current_iter, save_img))
    rows = _gather(rows, options.dist)
    means = {key: float(np.mean([row.values[key] for row in rows])) for key in (rows[0].values if rows else ())}
    if options.rank == 0:
        _log(rows, means, name, current_iter, tb_logger)
    return means


def _one_image(model: Any, item: dict[str, Any], dataset: str, current_iter: int | str, save_img: bool) -> Row:
    image = Path(item["lq_path"]).stem
    model.feed_data(default_collate([item]))
    model.test()
    gt = None if model.gt is None else tensor2img([model.gt.cpu()])
    pictures: dict[int, np.ndarray] = {}
    values: dict[str, float] = {}
    for updates, sr in sorted(model.result.images.items()):
        cropped = sr if gt is None else sr[..., : gt.shape[0], : gt.shape[1]]
        pictures[updates] = tensor2img([cropped.cpu()])
        if gt is not None:
            values |= _metrics(pictures[updates], gt, model.options.val.metrics, updates)
    if save_img:
        _save(pictures, image, dataset, model, current_iter)
    if model.options.val.comparison and gt is not None:
        folder = Path(model.opt["path"]["visualization"]) / dataset
        save_comparison(folder / f"{image}_comparison.png", gt, model.lq, model.options.scale, pictures)
    return Row(image, values, model.result.seconds)


def _metrics(image: np.ndarray, gt: np.ndarray, metrics: dict[str, dict[str, Any]], updates: int) -> dict[str, float]:
    try:
        found = {name: calculate_metric({"img": image, "img2": gt}, dict(opt)) for name, opt in metrics.items()}
    except (TypeError, KeyError) as error:
        raise ConfigError(f"val.metrics: {error}; give a registered `type` and the arguments it needs") from error
    return {f"{name}_{updates}": float(value) for name, value in found.items()}


def _save(pictures: dict[int, np.ndarray], image: str, dataset: str, model: Any, current_iter: int | str) -> None:
    """Write the SR images where BasicSR would, one file for each number of updates."""
    root = Path(model.opt["path"]["visualization"])
    for updates, picture in pictures.items():
        if model.is_train:
            path = root / image / f"{image}_{updates}updates_{current_iter}.png"
        else:
            suffix = model.options.val.suffix or model.options.name
            path = root / dataset / f"{image}_{updates}updates_{suffix}.png"
        imwrite(picture, str(path))


def _gather(rows: list[Row], dist: bool) -> list[Row]:
    """Collect every process's rows, in the order of the images' names."""
    if dist:
        gathered: list[list[Row]] = [[] for _ in range(torch.distributed.get_world_size())]
        torch.distributed.all_gather_object(gathered, rows)
        rows = [row for part in gathered for row in part]
    return sorted(rows)


def _log(rows: list[Row], means: dict[str, float], dataset: str, current_iter: int | str, tb_logger: Any) -> None:
    seconds = {n: float(np.mean([row.seconds[n] for row in rows])) for n in (rows[0].seconds if rows else ())}
    lines = [f"Validation {dataset}, seconds per image: " + ", ".join(f"{n} updates {s:.2f}" for n, s in seconds.items())]
    for title, values in [*((row.image, row.values) for row in rows), ("mean", means)]:
        lines.append(f"\t {title:<16} " + "  ".join(f"{key}: {value:.4f}" for key, value in values.items()))
    get_root_logger().info("\n".join(lines))
    if tb_logger and isinstance(current_iter, int):
        for key, value in means.items():
            tb_logger.add_scalar(f"metrics/{dataset}/{key}", value, current_iter)
        for row in rows:
            for key, value in row.values.items():
                tb_logger.add_scalar(f"metrics/{dataset}/{row.image}/{key}", value, current_iter)
