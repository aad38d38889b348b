"""`mzsr evaluate`: the results table, PSNR / SSIM by the paper's metric, of weights on benchmark sets and kernels."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from torch import Tensor
from tqdm import tqdm

from mzsr_basicsr.adaptation.zero_shot import Result, Settings, zero_shot
from mzsr_basicsr.cli.results_table import BEST, Line, markdown
from mzsr_basicsr.data.photos import to_picture
from mzsr_basicsr.data.zero_shot_dataset import ZeroShotDataset
from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.names import TEST_KERNELS, NamedKernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.metrics.quality import psnr_y, ssim_y
from mzsr_basicsr.metrics.results import BICUBIC, Row, mean_row, save_json
from mzsr_basicsr.weights.pretrained import Pretrained, load_pretrained, with_signal

UPDATES = (0, 1, 5, 10)
SHAPES = {  # kernels of no Gaussian law, x2 direct
    "disk, radius 2": "disk:2",
    "box, side 5": "box:5",
    "motion, length 7 at 30°": "motion:7,30",
    "two Gaussians side by side": "pair:0.7,3",
}
SHAKES = [f"shake:{seed},25" for seed in range(8)]
WRONG = (0.7, 1.3)  # factors on λ of a test kernel, in what the network is told


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes:
        name: of the row.
        made: how the images are degraded.
        told: the kernel that the network is told; None: the truth.
        more: further kernels, each in the place of that of `made`; the row is the mean over all of them.
    """

    name: str
    made: NamedKernel
    told: str | None = None
    more: tuple[str, ...] = ()


def law_cases() -> list[Case]:
    """List the paper's test kernels."""
    return [Case(name, kernel) for name, kernel in TEST_KERNELS.items()]


def outside_cases() -> list[Case]:
    """List kernels outside the law: other shapes, camera shakes, and test kernels told with wrong variances."""
    cases = [Case(name, NamedKernel(spec, "direct", 2)) for name, spec in SHAPES.items()]
    shakes = NamedKernel(SHAKES[0], "direct", 2)
    cases.append(Case(f"camera shake, mean of {len(SHAKES)}", shakes, more=tuple(SHAKES[1:])))
    for name, k in TEST_KERNELS.items():
        if k.scale == 2:
            cases += [Case(f"{name}, told {f:g} λ", k, _scaled(k.spec, f)) for f in WRONG]
    return cases


def _scaled(spec: str, factor: float) -> str:
    lambda1, lambda2, *rest = spec.removeprefix("gaussian:").split(",")
    return "gaussian:" + ",".join([f"{factor * float(lambda1):g}", f"{factor * float(lambda2):g}", *rest])


def run(
    data: Path,
    weights: list[str],
    sets: list[str],
    cases: list[Case],
    output: Path,
    best: bool = True,
    signal: str = "auto",
) -> str:
    """Measure and write `results.md` and a JSON file for each row.

    Args:
        data: folder that holds one folder NAME/GT for each set.
        weights: files, or "shipped:NAME"; each is measured on the cases of its scale.
        sets: names of the benchmark sets.
        cases: rows.
        output: folder, made if it is missing.
        best: also measure 10 updates with back-projection and self-ensemble.
        signal: what the updates learn from, see `with_signal`; the table names one that is not the weights' own.

    Returns:
        The table, as Markdown.

    Raises:
        MZSRError: a set, weights file or kernel is missing or damaged.
    """
    loaded = [(spec, load_pretrained(spec)) for spec in weights]
    networks = [(spec, with_signal(network, signal)) for spec, network in loaded]
    others = {spec: signal for (spec, own), (_, asked) in zip(loaded, networks, strict=True) if asked is not own}
    jobs = [(s, n, d, c) for s, n in networks for d in sets for c in cases if c.made.scale == n.scale]
    if not jobs:
        raise ConfigError(f"evaluate: no row fits the scale of {', '.join(weights)}; give other weights or rows")
    datasets = [[_dataset(data, d, case, k) for k in (case.made.spec, *case.more)] for _, _, d, case in jobs]
    lines: list[Line] = []
    stems: list[str] = []
    with tqdm(total=sum(len(d) for own in datasets for d in own), unit="image", desc="evaluate") as bar:
        for (spec, network, name, case), own in zip(jobs, datasets, strict=True):
            rows = [row for dataset in own for row in _rows(network, dataset, case, best, bar)]
            other = others.get(spec)
            stems.append(_plain("_".join(filter(None, (Path(spec.split(":")[-1]).stem, other, name, case.name)))))
            again = stems.count(stems[-1])  # two weights files may have the same name
            save_json(rows, output / f"{stems[-1]}{f'_{again}' if again > 1 else ''}.json")
            lines.append(Line(spec, name, case.name, mean_row(rows), other))
    text = markdown(lines)
    (output / "results.md").write_text(text, encoding="utf-8", errors="backslashreplace")
    return text


def _plain(name: str) -> str:
    """Keep letters, digits, dots and underscores, so that every file system takes the name."""
    return "".join(c if c.isalnum() or c in "._" else "_" for c in name)


def _dataset(data: Path, name: str, case: Case, kernel: str) -> ZeroShotDataset:
    opt = {"name": name, "type": "ZeroShotDataset", "phase": "test", "scale": case.made.scale, "kernel": kernel}
    opt |= {"dataroot_gt": str(data / name / "GT"), "subsampling": case.made.subsampling, "told_kernel": case.told}
    return ZeroShotDataset(opt)


def _rows(network: Pretrained, dataset: ZeroShotDataset, case: Case, best: bool, bar: tqdm) -> Iterator[Row]:
    """Adapt to each image and measure every column."""
    careful = network.manner.signal.wavers
    how = (network.schedule, network.manner)
    settings = Settings(UPDATES, *how, quantize_son=True, careful=careful, learner=network.learner)
    for index in range(len(dataset)):
        whole = dataset[index]
        item = {key: value[None] for key, value in whole.items() if isinstance(value, Tensor)}
        start = perf_counter()
        images = {BICUBIC: upscale(item["lq"], case.made.scale)}
        seconds = {BICUBIC: perf_counter() - start}
        plain = _adapted(network, item, case, settings)
        images |= {str(u): image for u, image in plain.images.items()}
        seconds |= {str(u): value for u, value in plain.seconds.items()}
        if best:
            final = _adapted(network, item, case, _best(settings))
            images[BEST], seconds[BEST] = final.images[UPDATES[-1]], final.seconds[UPDATES[-1]]
        image = Path(str(whole["lq_path"])).stem + (f", {dataset.options.kernel}" if case.more else "")
        yield Row(image, _measure(images, item["gt"], case.made.scale), seconds)
        bar.update()


def _best(settings: Settings) -> Settings:
    return replace(settings, updates=UPDATES[-1:], back_projection=4, self_ensemble=True)


def _adapted(network: Pretrained, item: dict[str, Tensor], case: Case, settings: Settings) -> Result:
    made, told = (Degradation(item[key][0], network.scale, case.made.subsampling) for key in ("kernel", "told_kernel"))
    return zero_shot(network.network, item["lq"], made, settings, told)


def _measure(images: dict[str, Tensor], gt: Tensor, shave: int) -> dict[str, dict[str, float]]:
    reference = to_picture(gt)
    extent = reference.shape[:2]
    pictures = {column: to_picture(image)[: extent[0], : extent[1]] for column, image in images.items()}
    return {c: {"psnr": psnr_y(p, reference, shave), "ssim": ssim_y(p, reference, shave)} for c, p in pictures.items()}
