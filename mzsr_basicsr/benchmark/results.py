"""What a benchmark measured, in records that every report reads and `results.json` holds."""

from collections.abc import Iterable

from msgspec import Struct


class Measure(Struct, frozen=True, kw_only=True):
    """One SR image: a method, after a number of updates, on one image of a data set.

    Attributes:
        dataset: its name, as "Set5".
        kernel: name of the test kernel, as "g2.0d".
        scale: magnification.
        image: name of the image, as "butterfly".
        method: label of the method in the option file, as "mzsr".
        updates: gradient updates on the image; None for a method that makes none.
        column: heading of the method in tables, unique for method and updates, as "mzsr (10)".
        values: by metric: "psnr" in dB, "ssim", and maybe others.
        seconds: from the LR image to the SR image.
        peak_mb: most memory that was held above what the process held before, in MB (10^6 bytes); None: not known.
        picture: the SR image, a PNG file below the results folder.
    """

    dataset: str
    kernel: str
    scale: float
    image: str
    method: str
    updates: int | None
    column: str
    values: dict[str, float]
    seconds: float
    peak_mb: float | None
    picture: str


class Failure(Struct, frozen=True, kw_only=True):
    """A method that failed on one image, and the line that says why."""

    dataset: str
    kernel: str
    image: str
    method: str
    reason: str


class Gain(Struct, frozen=True, kw_only=True):
    """What adaptation gained over its own start, PSNR in dB.

    Attributes:
        dataset: name of the data set; None where all sets and kernels are pooled.
        kernel: name of the test kernel; None likewise.
        method: label of the method in the option file.
        updates: gradient updates on the image.
        column: heading of the method in tables.
        mean: over the images.
        least: of one image.
        losing: share of images, 0 to 1, that end further below the start than `gains.LOSS`.
        images: that were measured before and after; pooled, those of all kernels.
    """

    dataset: str | None
    kernel: str | None
    method: str
    updates: int
    column: str
    mean: float
    least: float
    losing: float
    images: int


class Source(Struct, frozen=True, kw_only=True):
    """What every method was given: the LR image, and the HR image it is compared with; files below the folder.

    Attributes:
        dataset: name of the data set.
        kernel: name of the test kernel.
        image: name of the image.
        hr: HR image, a path that may be absolute.
        lr: LR image, a PNG file below the results folder.
        lr_sha256: of that file.
    """

    dataset: str
    kernel: str
    image: str
    hr: str
    lr: str
    lr_sha256: str


class TestKernel(Struct, frozen=True, kw_only=True):
    """A kernel of the matrix: its text or file, "direct" or "bicubic", the scale, and its weights row by row."""

    name: str
    spec: str
    subsampling: str
    scale: float
    weights: list[list[float]]


class Results(Struct, frozen=True, kw_only=True):
    """A whole benchmark.

    Attributes:
        name: of the option file.
        columns: headings in the order of the option file.
        datasets: names in the order of the option file, of those that were there.
        kernels: in the order of the option file.
        metrics: names, "psnr" first.
        measures: one for each SR image.
        sources: one for each LR image.
        failures: what could not be done.
        skipped: one line for each data set that was not there.
        published: name of the published table to print beside, or None; see `published`.
        about: versions, hardware, seed, threads and weights' SHA-256, for people.
        lower_is_better: those of the metrics.
        gains: of methods with several numbers of updates, 0 among them; see `gains.gains`.
    """

    name: str
    columns: list[str]
    datasets: list[str]
    kernels: list[TestKernel]
    metrics: list[str]
    measures: list[Measure]
    sources: list[Source]
    failures: list[Failure]
    skipped: list[str]
    published: str | None
    about: dict[str, str]
    lower_is_better: list[str] = []
    gains: list[Gain] = []


def metric_title(results: Results, metric: str) -> str:
    """Name a metric for people, with its unit or its direction."""
    if metric == "psnr":
        return "PSNR, dB"
    return metric.upper() + " (lower is better)" * (metric in results.lower_is_better)


def mean(results: Results, dataset: str, kernel: str, column: str, metric: str) -> float | None:
    """Average a metric over the images of one cell; None where the cell lacks any image that others have."""
    images = {s.image for s in results.sources if (s.dataset, s.kernel) == (dataset, kernel)}
    found = {m.image: m.values[metric] for m in select(results.measures, dataset, kernel, column) if metric in m.values}
    return sum(found.values()) / len(found) if found and set(found) == images else None


def select(measures: Iterable[Measure], dataset: str, kernel: str, column: str) -> list[Measure]:
    """List one cell's measures."""
    return [m for m in measures if (m.dataset, m.kernel, m.column) == (dataset, kernel, column)]
