"""The gallery's data: as many images as a budget of bytes allows, encoded for a page that loads nothing else."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mzsr_basicsr.benchmark.report.gallery_pictures import Exhibit, read_exhibit
from mzsr_basicsr.benchmark.report.grid import number
from mzsr_basicsr.benchmark.results import Measure, Results, Source
from mzsr_basicsr.pages import webp_uri

__all__ = ["Gallery", "as_json", "by_interest", "figures", "gather"]

_QUALITY, _ERROR_QUALITY = 90, 60  # WebP's, of pictures and of error maps


@dataclass(frozen=True)
class Gallery:
    """What the page embeds.

    Attributes:
        uris: pictures as data URIs; each content once, for HR is the same under all kernels.
        images: for each image its names, sizes, and for each picture its name, figures and numbers of its URIs.
        total: images there are; those that are not shown lie on the disk.
    """

    uris: list[str]
    images: list[dict[str, Any]]
    total: int


def gather(results: Results, folder: Path, budget: int) -> Gallery:
    """Encode images, the most telling first, until the next would take more bytes than are left.

    Args:
        results: the benchmark.
        folder: where its pictures lie.
        budget: most bytes of the gallery's JSON.

    Returns:
        The images in the order of the results.
    """
    uris: dict[str, int] = {}
    chosen = {}
    left = budget - len(as_json({"uris": [], "images": []}))
    for source in by_interest(results):
        exhibit = read_exhibit(results, source, folder)
        if exhibit is None or not exhibit.views:
            continue
        encoded = _encode(exhibit)
        fresh = dict.fromkeys(uri for pair in encoded for uri in pair if uri and uri not in uris)
        numbers = dict(uris)
        numbers.update((uri, len(uris) + place) for place, uri in enumerate(fresh))
        entry = _entry(results, source, exhibit, [(numbers[uri], numbers.get(map_)) for uri, map_ in encoded])
        left -= sum(len(uri) + len('"", ') for uri in fresh) + len(as_json(entry)) + len(", ")
        if left < 0:
            break
        uris, chosen[_key(source)] = numbers, entry
    images = [chosen[_key(source)] for source in results.sources if _key(source) in chosen]
    return Gallery(list(uris), images, len(results.sources))


def by_interest(results: Results) -> Iterator[Source]:
    """Go round kernels and sets; within each, first the images whose columns differ most in PSNR."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for m in results.measures:
        found.setdefault(_key(m), []).append(m.values.get("psnr", math.nan))
    spread = {key: _spread(values) for key, values in found.items()}
    cells: dict[tuple[str, str], list[Source]] = {}
    for source in results.sources:
        cells.setdefault((source.kernel, source.dataset), []).append(source)
    for images in cells.values():
        images.sort(key=lambda source: -spread.get(_key(source), 0.0))
    for place in range(max(map(len, cells.values()), default=0)):
        yield from (images[place] for images in cells.values() if place < len(images))


def figures(measure: Measure) -> str:
    """Write a measure as the paper does, "36.05/.9439"."""
    return "/".join(number(measure.values[name], name) for name in ("psnr", "ssim") if name in measure.values)


def as_json(data: object) -> str:
    """Write JSON in ASCII that may stand in a <script>: nothing in it ends the element or starts a comment."""
    text = json.dumps(data, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _spread(values: list[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return max(finite) - min(finite) if finite else 0.0


def _key(record: Source | Measure) -> tuple[str, str, str]:
    return record.kernel, record.dataset, record.image


def _encode(exhibit: Exhibit) -> list[tuple[str, str]]:
    """Encode HR and every view with its error map; HR has none, an empty text."""
    views = [(webp_uri(view.pixels, _QUALITY), webp_uri(view.errors, _ERROR_QUALITY)) for view in exhibit.views]
    return [(webp_uri(exhibit.reference, _QUALITY), ""), *views]


def _entry(results: Results, source: Source, exhibit: Exhibit, numbers: list[tuple[int, int | None]]) -> dict[str, Any]:
    """Say what an image is called, how large it is, and by which numbers its pictures go."""
    texts = {m.column: figures(m) for m in results.measures if _key(m) == _key(source)}
    names = [("HR", "")] + [(view.name, texts[view.name] if view.measured else "") for view in exhibit.views]
    height, width = exhibit.reference.shape[:2]
    return {
        **{"kernel": source.kernel, "dataset": source.dataset, "image": source.image},
        **{"width": width, "height": height, "full": [exhibit.full[1], exhibit.full[0]]},
        **{"missing": list(exhibit.missing), "focus": list(exhibit.focus)},
        "pictures": [
            {"name": name, "text": text, "uri": uri, "errors": errors}
            for (name, text), (uri, errors) in zip(names, numbers, strict=True)
        ],
    }
