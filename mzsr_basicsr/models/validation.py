"""Zero-shot validation: metrics after each number of updates, per image and mean, shared among the processes."""

from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from basicsr.metrics import calculate_metric
from basicsr.utils import get_root_logger, imwrite, tensor2img
from torch.utils.data import default_collate
from tqdm import tqdm

from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.metrics.results import BICUBIC, Row, flat, mean_row, save_json, table
from mzsr_basicsr.models.comparison import save_comparison
from mzsr_basicsr.models.watch import fell

_LOWER = "lower val.zero_shot.rates, or ask for fewer val.zero_shot.updates"

Pictures = dict[str, np.ndarray]


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
    for index in tqdm(
        mine, desc=f"zero-shot {name}", unit="image", disable=not (options.val.pbar and options.rank == 0)
    ):
        rows.append(_one_image(model, dataset[index], name, current_iter, save_img))
    rows = _gather(rows, options.dist)
    if options.rank == 0:
        _log(rows, name, current_iter, tb_logger)
        _warn_of_falls(mean_row(rows), name, options.val)
        if not model.is_train:
            save_json(rows, Path(model.opt["path"]["results_root"]) / f"{name}.json")
    return flat(mean_row(rows))


def _one_image(model: Any, item: dict[str, Any], dataset: str, current_iter: int | str, save_img: bool) -> Row:
    """Adapt to one image, measure and write its results."""
    model.feed_data(default_collate([item]))
    start = perf_counter()
    images = {BICUBIC: upscale(model.lq, model.options.scale).clamp(0, 1)}
    seconds = {BICUBIC: perf_counter() - start}
    model.test()
    images |= {str(updates): model.result.images[updates] for updates in sorted(model.result.images)}
    seconds |= {str(updates): value for updates, value in sorted(model.result.seconds.items())}
    extent = images[BICUBIC].shape[-2:] if model.gt is None else model.gt.shape[-2:]
    pictures: Pictures = {n: tensor2img([x[..., : extent[0], : extent[1]].cpu()]) for n, x in images.items()}
    gt = None if model.gt is None else tensor2img([model.gt.cpu()])
    image = Path(item["lq_path"]).stem
    _warn_of_divergence(dataset, image, model.result.losses, model.options.val)
    if save_img:
        _save(pictures, image, dataset, model, current_iter)
    if gt is None:
        return Row(image, {}, seconds)
    if model.options.val.comparison:
        folder = Path(model.opt["path"]["visualization"]) / dataset
        save_comparison(folder / f"{image}_comparison.png", gt, pictures, model.options.scale)
    metrics = model.options.val.metrics
    return Row(image, {n: _measure(picture, gt, metrics) for n, picture in pictures.items()}, seconds)


def _measure(image: np.ndarray, gt: np.ndarray, metrics: dict[str, dict[str, Any]]) -> dict[str, float]:
    try:
        return {name: float(calculate_metric({"img": image, "img2": gt}, dict(opt))) for name, opt in metrics.items()}
    except (TypeError, KeyError) as error:
        raise ConfigError(f"val.metrics: {error}; give a registered `type` and the arguments it needs") from error


def check_metrics(gt: torch.Tensor, metrics: dict[str, dict[str, Any]]) -> None:
    """Measure an HR image (1, 3, H, W) against itself, to find early what a metric does not take.

    Raises:
        ConfigError: a metric is not registered, or an argument is missing or unknown.
    """
    picture = tensor2img([gt.cpu()])
    _measure(picture, picture, metrics)


def _write(picture: np.ndarray, path: Path) -> None:
    """Write a picture with BasicSR's function, which says nothing of the file where it fails."""
    try:
        imwrite(picture, str(path))
    except OSError as error:
        raise ImageError(
            f"{path}: cannot be written ({error.strerror or error}); check the folder and its free space"
        ) from error


def _save(pictures: Pictures, image: str, dataset: str, model: Any, current_iter: int | str) -> None:
    """Write the SR images where BasicSR would, one file for each number of updates."""
    root = Path(model.opt["path"]["visualization"])
    suffix = model.options.val.suffix or model.options.name
    for column, picture in pictures.items():
        if column == BICUBIC:
            continue
        if model.is_train:
            path = root / image / f"{image}_{column}updates_{current_iter}.png"
        else:
            path = root / dataset / f"{image}_{column}updates_{suffix}.png"
        _write(picture, path)


def _gather(rows: list[Row], dist: bool) -> list[Row]:
    """Collect every process's rows, in the order of the images' names."""
    if dist:
        gathered: list[list[Row]] = [[] for _ in range(torch.distributed.get_world_size())]
        torch.distributed.all_gather_object(gathered, rows)
        rows = [row for part in gathered for row in part]
    return sorted(rows, key=lambda row: row.image)


def _warn_of_falls(mean: Row, dataset: str, val: Any) -> None:
    """Say in the log where the meta-test brings a mean PSNR far below that before it."""
    if getattr(val, "zero_shot", None) is None:  # ZSSR starts from random weights
        return
    for metric in (name for name, section in val.metrics.items() if "psnr" in section.get("type", "").lower()):
        found = fell({column: values[metric] for column, values in mean.values.items()})
        if found is not None:
            first, before, worst, after = found
            get_root_logger().warning(
                f"Validation {dataset}: {metric} falls from {before:.2f} dB after {first} updates to {after:.2f} dB "
                f"after {worst}; {_LOWER}"
            )


def _warn_of_divergence(dataset: str, image: str, losses: list[float], val: Any) -> None:
    """Say in the log where the meta-test on an image raises the loss that it is to lower."""
    if getattr(val, "zero_shot", None) is not None and not losses[-1] <= 2 * losses[0]:
        get_root_logger().warning(
            f"Validation {dataset}, {image}: adaptation raises the loss from {losses[0]:.1e} to "
            f"{losses[-1]:.1e}; {_LOWER}"
        )


def _log(rows: list[Row], dataset: str, current_iter: int | str, tb_logger: Any) -> None:
    mean = mean_row(rows)
    metrics = " / ".join(next(iter(mean.values.values()), {}))
    get_root_logger().info(f"Validation {dataset} ({metrics or 'no ground truth'})\n{table(rows)}")
    if tb_logger and isinstance(current_iter, int):
        for row in [mean, *rows]:
            folder = dataset if row is mean else f"{dataset}/{row.image}"
            for key, value in flat(row).items():
                tb_logger.add_scalar(f"metrics/{folder}/{key}", value, current_iter)
