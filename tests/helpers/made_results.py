"""A made-up benchmark, `Results` with plausible numbers and the picture files they name, for tests of its reports."""

import hashlib
import io
import re
import zlib
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from mzsr_basicsr.benchmark import results as records
from mzsr_basicsr.benchmark.results import Measure, Results, Source

WIDTH, HEIGHT = 96, 80  # of the HR images
COLUMNS = ("bicubic", "mzsr (0)", "mzsr (1)", "mzsr (10)")


def make_results(
    columns=COLUMNS,
    datasets=("Set5", "Set14"),
    kernels=("g2.0d", "gani_d"),
    images=("baby", "bird", "butterfly"),
    seed=0,
    **overrides,
) -> Results:
    """Make a benchmark with every cell measured: "mzsr (10)" reads method mzsr, 10 updates; each set has all images.

    Args:
        columns: headings; later ones score higher and take longer.
        datasets: names of the sets.
        kernels: names; one that ends in "_x4" has scale 4, others 2.
        images: names of the images of every set.
        seed: of the numbers.
        **overrides: fields of `Results` that take the place of the made-up ones.
    """
    random = np.random.default_rng(seed)
    cells = [(d, k, i) for k in kernels for d in datasets for i in images]
    base = {cell: 26 + 4 * random.random() for cell in cells}
    measures = [_measure(random, *cell, c, n, base[cell]) for cell in cells for n, c in enumerate(columns)]
    fields = {
        "name": "made_up",
        "columns": list(columns),
        "datasets": list(datasets),
        "kernels": [_kernel(name) for name in kernels],
        "metrics": ["psnr", "ssim"],
        "measures": measures,
        "sources": [_source(*cell) for cell in cells],
        "failures": [],
        "skipped": [],
        "published": None,
        "about": {"python": "3.11.0", "seed": str(seed), "threads": "1"},
    }
    return Results(**{**fields, **overrides})


def change(results, dataset, kernel, image, column, **fields):
    """Replace fields of one measure; `values` as a whole."""
    key = (dataset, kernel, image, column)
    changed = [
        msgspec.structs.replace(m, **fields) if (m.dataset, m.kernel, m.image, m.column) == key else m
        for m in results.measures
    ]
    return msgspec.structs.replace(results, measures=changed)


def drop(results, dataset, kernel, image, column):
    """Take one measure away and say that it failed."""
    key = (dataset, kernel, image, column)
    kept = [m for m in results.measures if (m.dataset, m.kernel, m.image, m.column) != key]
    method = _method(column)[0]
    failure = records.Failure(dataset=dataset, kernel=kernel, image=image, method=method, reason="out of memory")
    return msgspec.structs.replace(results, measures=kept, failures=[*results.failures, failure])


def write_pictures(results: Results, folder: Path) -> None:
    """Write every PNG that the records name below a folder: HR, LR, and SR = HR plus noise of the column's own."""
    scales = {k.name: int(k.scale) for k in results.kernels}
    for s in results.sources:
        _write(folder / s.hr, _png(_scene(s.dataset, s.image)))
        _write(folder / s.lr, _lr_png(s.dataset, s.kernel, s.image, scales[s.kernel]))
    for m in results.measures:
        random = np.random.default_rng(_number(m.picture))
        level = 4.0 * (len(results.columns) - results.columns.index(m.column))
        noisy = _scene(m.dataset, m.image) + random.normal(0, level, (HEIGHT, WIDTH, 3))
        _write(folder / m.picture, _png(noisy))


def _measure(random, dataset, kernel, image, column, rank, base) -> Measure:
    method, updates = _method(column)
    psnr = base + 0.9 * rank + random.normal(0, 0.1)
    return Measure(
        dataset=dataset,
        kernel=kernel,
        scale=_scale(kernel),
        image=image,
        method=method,
        updates=updates,
        column=column,
        values={"psnr": psnr, "ssim": 0.75 + (psnr - 26) / 50},
        seconds=(0.01 + 0.2 * (updates if updates is not None else 0.1 * rank)) * (1 + 0.1 * random.random()),
        peak_mb=10.0 + 40.0 * rank + random.random(),
        picture=f"sr/{dataset}/{kernel}/{re.sub(r'[^a-z0-9]+', '_', column.lower()).strip('_')}/{image}.png",
    )


def _method(column):
    found = re.fullmatch(r"(.*) \((\d+)\)", column)
    return (found[1], int(found[2])) if found else (column, None)


def _scale(kernel) -> float:
    return 4.0 if kernel.endswith("_x4") else 2.0


def _source(dataset, kernel, image) -> Source:
    content = _lr_png(dataset, kernel, image, int(_scale(kernel)))
    return Source(
        dataset=dataset,
        kernel=kernel,
        image=image,
        hr=f"hr/{dataset}/{image}.png",
        lr=f"lr/{dataset}/{kernel}/{image}.png",
        lr_sha256=hashlib.sha256(content).hexdigest(),
    )


def _kernel(name) -> records.TestKernel:
    variance = float(found[0]) if (found := re.findall(r"\d+\.\d+", name)) else 2.0
    y, x = np.mgrid[-7:8, -7:8]
    weights = np.exp(-(x**2 + y**2) / (2 * variance))
    return records.TestKernel(
        name=name,
        spec=f"gaussian:{variance}",
        subsampling="bicubic" if "b" in name else "direct",
        scale=_scale(name),
        weights=(weights / weights.sum()).tolist(),
    )


def _number(text) -> int:
    return zlib.crc32(text.encode())


def _scene(dataset, image):
    """(80, 96, 3) in [0, 255]: a slope in colour with stripes on it."""
    random = np.random.default_rng(_number(f"{dataset}/{image}"))
    y, x = np.mgrid[:HEIGHT, :WIDTH] / WIDTH
    slope = random.uniform(60, 160, 3) + 60 * x[..., None] * random.uniform(-1, 1, 3)
    return slope + 40 * np.sin(random.uniform(20, 70) * (x + random.uniform(-1, 1) * y))[..., None]


def _lr_png(dataset, kernel, image, scale) -> bytes:
    blurred = np.round(_scene(dataset, image) + _number(kernel) % 7)
    return _png(blurred.reshape(HEIGHT // scale, scale, WIDTH // scale, scale, 3).mean((1, 3)))


def _png(pixels) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.uint8(np.clip(np.round(pixels), 0, 255))).save(stream, "PNG")
    return stream.getvalue()


def _write(path, content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
