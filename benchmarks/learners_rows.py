"""What `learners.py` measures: images with kernels of the law, the same kernels told wrongly, and far domains."""

from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from quality import middle
from torch import Tensor

from mzsr_basicsr.adaptation.settings import Schedule, Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.data.photos import decode, to_picture, to_tensor
from mzsr_basicsr.data.task_kernels import TaskKernels, at_scale
from mzsr_basicsr.data.task_stream import task_generator
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.names import TEST_KERNELS
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import TrainingError
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.options.datasets import LawOptions
from mzsr_basicsr.weights.pretrained import Pretrained

UPDATES = (0, 1, 3, 5, 10)
LAW = {"size": 21, "lambda1": [0.15, 6.0], "lambda2": [0.15, None], "log_uniform": True, "bicubic": 0.3}  # at x2
SEED = 1000  # of the kernels that are measured; trainings draw with small ones
WRONG = (1.3, 1 / 1.3)  # told variances over true ones, of every other image
KERNELS = ("g2.0d", "g0.2d")  # of the domains
KNOWN, TOLD_WRONG = "Set14", "Set14, told wrong"


@dataclass(frozen=True, eq=False)
class Image:
    """One image to measure.

    Attributes:
        condition: `KNOWN`, `TOLD_WRONG`, or the name of a domain's folder.
        path: of the HR image.
        kernel: its name.
        made: what makes the LR image.
        told: what the network hears, and learns from.
    """

    condition: str
    path: str
    kernel: str
    made: Degradation
    told: Degradation

    @property
    def key(self) -> list[str]:
        """What tells it from the others in a file of results."""
        return [self.condition, Path(self.path).name, self.kernel]


def plan(
    benchmarks: Path, domains: Path | None, scale: int, images: int | None, domain_images: int | None
) -> list[Image]:
    """List what is measured.

    Args:
        benchmarks: folder that holds Set14/GT; each of its images has a kernel of its own, drawn from the law.
        domains: folder of folders, each of which is a domain; None for none.
        scale: HR over LR.
        images: the first so many of Set14; None for all.
        domain_images: the first so many of each domain.
    """
    paths = _first(benchmarks / "Set14" / "GT", images)
    found = [_drawn(KNOWN, path, number, scale) for number, path in enumerate(paths)]
    found += [_drawn(TOLD_WRONG, path, number, scale, WRONG[number % 2]) for number, path in enumerate(paths)]
    for folder in sorted(path for path in domains.iterdir() if path.is_dir()) if domains else []:
        for path in _first(folder, domain_images):
            made = {name: Degradation(TEST_KERNELS[name].spec, scale) for name in KERNELS}
            found += [Image(folder.name, path, name, known, known) for name, known in made.items()]
    return found


def _first(folder: Path, count: int | None) -> list[str]:
    return sorted(list_photographs(str(folder), folder.name))[:count]


def _drawn(condition: str, path: str, number: int, scale: int, wrong: float | None = None) -> Image:
    """Draw the kernel of an image; told wrongly, it is the same kernel."""
    law = at_scale(msgspec.convert(LAW, LawOptions), scale)
    if wrong is not None:
        law = msgspec.structs.replace(law, misstated=1.0, misstatement=(wrong, wrong))
    kernel, told = TaskKernels(law, scale, "direct").draw(task_generator(SEED, number))
    return Image(condition, path, f"drawn {number}", Degradation(kernel, scale), Degradation(told, scale))


def measure(network: Pretrained, image: Image, crop: int, careful: bool, rate: float | None) -> dict[str, float]:
    """Degrade an image, adapt to it in the network's manner, and measure.

    Args:
        network: the weights file.
        image: which one.
        crop: side of the middle that is taken, HR px.
        careful: hold a part of the LR image out, as `mzsr upscale` does.
        rate: of every update, for weights that know none; None for what is usual.

    Returns:
        PSNR by number of updates, dB; without those at which adaptation had diverged.
    """
    scale = int(network.scale)
    hr = middle(decode(Path(image.path).read_bytes(), image.path), crop, scale)
    lq = round_to_8_bits(image.made.apply(to_tensor(hr)[None].double())).float()
    schedule = network.schedule if network.rates is not None or rate is None else Schedule(((0, rate),))
    settings = Settings(UPDATES, schedule, network.manner, quantize_son=True, careful=careful, learner=network.learner)
    images = _adapted(network, lq, image.told.to(lq), settings)
    return {str(u): psnr_y(to_picture(sr)[: hr.shape[0], : hr.shape[1]], hr, scale) for u, sr in images.items()}


def _adapted(network: Pretrained, lq: Tensor, told: Degradation, settings: Settings) -> dict[int, Tensor]:
    """Give the images up to the last update at which adaptation has not diverged."""
    for count in range(len(settings.updates), 0, -1):
        try:
            return zero_shot(network.network, lq, told, replace(settings, updates=settings.updates[:count])).images
        except TrainingError:
            continue
    return {}
