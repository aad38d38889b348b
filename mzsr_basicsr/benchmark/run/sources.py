"""The LR images of a benchmark: made once, written as PNG, and the same files for every method."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch import Tensor
from tqdm import tqdm

from mzsr_basicsr.benchmark.results import Source
from mzsr_basicsr.benchmark.run.options import DatasetOptions
from mzsr_basicsr.benchmark.run.plan import NamedDegradation, Plan
from mzsr_basicsr.data.photos import Photos, decode, to_picture
from mzsr_basicsr.data.zero_shot_dataset import ZeroShotDataset
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.files.digest import file_sha256
from mzsr_basicsr.pages import write_whole

LISTING = "lr.json"


@dataclass(frozen=True)
class Given:
    """One LR image with what belongs to it: the record, its degradation, and the SHA-256 of its HR image."""

    source: Source
    degradation: NamedDegradation
    hr_sha256: str


def make_sources(plan: Plan, folder: Path) -> list[Given]:
    """Write the LR images that are not there yet.

    Args:
        plan: data sets and degradations.
        folder: of the results; images land in lr/SET/KERNEL.

    Returns:
        One for each image, data set and degradation, image by image.

    Raises:
        MZSRError: an image cannot be read, or LR and HR do not fit.
    """
    listing = _read_listing(folder)
    cells = [(name, section, d) for name, section in plan.datasets.items() for d in plan.degradations]
    opened = [(name, d, _open(name, section, d)) for name, section, d in cells]
    found: list[Given] = []
    with tqdm(total=sum(len(dataset) for *_, dataset in opened), unit="image", desc="LR images", leave=False) as bar:
        try:
            for name, degradation, dataset in opened:
                for given in _one_cell(name, degradation, dataset, folder, listing):
                    found.append(given)
                    bar.update()
        finally:  # what is made stays made, also where the next image cannot be read
            write_whole(json.dumps(listing, indent=1), folder / LISTING)
    return sorted(found, key=lambda g: (list(plan.datasets).index(g.source.dataset), g.source.image))


def _open(name: str, section: DatasetOptions, degradation: NamedDegradation) -> ZeroShotDataset:
    opt: dict[str, Any] = {"name": name, "type": "ZeroShotDataset", "phase": name, "scale": degradation.scale}
    opt |= {"dataroot_gt": section.gt, "kernel": degradation.spec, "subsampling": degradation.subsampling}
    dataset = ZeroShotDataset(opt | {"dataroot_lq": section.lq.get(degradation.name)})
    if dataset.gt is not None and dataset.lq is not None:
        _check_partners(dataset.gt, dataset.lq, f"datasets.{name}.lq.{degradation.name}")
    return dataset


def _check_partners(gt: Photos, lq: Photos, key: str) -> None:
    """Refuse HR images of one name, and those without a published LR image: the set would be another one."""
    published = {Path(lq.path(i)).stem for i in range(len(lq))}
    found: dict[str, str] = {}
    for path in map(gt.path, range(len(gt))):
        stem = Path(path).stem
        if stem in found:
            raise ImageError(f"{key}: {found[stem]} and {path} have the same name; rename one of them")
        if stem not in published:
            raise ImageError(f"{key}: {lq.roots[0]} has no image named {stem}, as {path} is; add it, or leave lq out")
        found[stem] = path


def _one_cell(
    name: str, degradation: NamedDegradation, dataset: ZeroShotDataset, folder: Path, listing: dict[str, Any]
) -> Iterator[Given]:
    for index in range(len(dataset)):
        hr, published = dataset.gt_path(index), None if dataset.lq is None else dataset.lq.path(index)
        stem = Path(published or hr).stem
        if not f"{hr}{stem}".isascii() and os.fsencode(f"{hr}{stem}") != f"{hr}{stem}".encode("utf-8", "replace"):
            raise ImageError(f"datasets.{name}: the name of {hr} is no text in UTF-8, as records need; rename it")
        file = folder / "lr" / name / degradation.name / f"{stem}.png"
        made_of = {"hr": file_sha256(hr), "kernel": _digest(degradation)}
        if published:
            made_of["lq"] = file_sha256(published)
        key = file.relative_to(folder).as_posix()
        known = listing.get(key, {})
        if known.get("made_of") != made_of or not file.is_file() or file_sha256(file) != known["sha256"]:
            listing[key] = {"made_of": made_of, "sha256": _write_lr(dataset[index], file)}
        source = Source(
            dataset=name, kernel=degradation.name, image=stem, hr=hr, lr=key, lr_sha256=listing[key]["sha256"]
        )
        yield Given(source, degradation, made_of["hr"])


def _write_lr(item: dict[str, Tensor | str], file: Path) -> str:
    lq = item["lq"]
    if not isinstance(lq, Tensor):
        raise ImageError(f"{file}: its data set gave no image")
    picture = to_picture(lq[None])
    file.parent.mkdir(parents=True, exist_ok=True)
    write_picture(picture, file)
    return file_sha256(file)


def write_picture(picture: np.ndarray, file: Path) -> None:
    """Write (H, W, 3) uint8 RGB as PNG, whole or not at all."""
    done, content = cv2.imencode(".png", picture[..., ::-1])
    if not done:
        raise ImageError(f"{file}: cannot be encoded as PNG")
    write_whole(content.tobytes(), file)


def read_picture(file: str | Path) -> np.ndarray:
    """Read an image file as (H, W, 3) uint8 RGB; 16 bits are rounded."""
    image = decode(Path(file).read_bytes(), str(file))
    return image if image.dtype == np.uint8 else np.round(image / 257).astype(np.uint8)


def _digest(degradation: NamedDegradation) -> str:
    rest = f"{degradation.subsampling} {degradation.scale:g}"
    return hashlib.sha256(degradation.weights() + rest.encode()).hexdigest()


def _read_listing(folder: Path) -> dict[str, Any]:
    try:
        content = json.loads((folder / LISTING).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # they are made again
    return content if isinstance(content, dict) else {}
