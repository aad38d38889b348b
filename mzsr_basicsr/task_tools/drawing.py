"""Tasks drawn from folders of photographs by the law that TaskEmbedding is trained on, and their vectors."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mzsr_basicsr.data.photos import Photos, to_tensor
from mzsr_basicsr.data.task_kernels import TaskKernels, at_scale
from mzsr_basicsr.data.task_stream import task_generator
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.spread import covariance
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.options.datasets import LawOptions
from mzsr_basicsr.task_tools.choices import TaskChoices

LAW = LawOptions(  # at x2, in px²; as in options/tasks/task_embedding.yml, but nothing is told wrongly
    size=21,
    lambda1=(0.05, 10.0),
    lambda2=(0.05, None),
    log_uniform=True,
    shapes={"shake": 0.12, "disk": 0.06, "box": 0.03, "motion": 0.06, "pair": 0.02, "delta": 0.03},
    bicubic=0.3,
)
NOISE = (0.0, 0.098)  # range of σ, [0, 1] intensity
NOISY = 0.4  # share of the tasks with noise
SIDE = 128  # LR px, of the part of a photograph that a task sees, at most


@dataclass(frozen=True, eq=False)
class DrawnTask:
    """A task and its place among others.

    Attributes:
        domain: number of the folder.
        photo: path of the photograph.
        degradation: what was done to it, and is told.
        vector: (d,) float32 unit vector.
    """

    domain: int
    photo: str
    degradation: Degradation
    vector: Tensor

    @property
    def width(self) -> float:
        """The blur's standard deviation in LR px, of the mean of both directions' variances."""
        xx, yy, _ = covariance(self.degradation.told.double()).tolist()
        return float((max(xx + yy, 0.0) / 2) ** 0.5 / self.degradation.scale)

    @property
    def noise(self) -> float:
        """The noise's σ in levels of 0 to 255."""
        return 255 * float(self.degradation.noise)


def draw_tasks(choices: TaskChoices, embedding: TaskEmbedding) -> list[DrawnTask]:
    """Draw tasks from each folder in turn; each is a function of the seed, its number and its folder alone.

    Raises:
        ImageError: a photograph that cannot be read.
    """
    photos = [Photos(str(folder), "disk", "photos") for folder in choices.folders]
    law = TaskKernels(at_scale(LAW, choices.scale), choices.scale, "direct")
    drawn = []
    for number in range(choices.tasks):
        domain, generator = number % len(photos), task_generator(choices.seed, number)
        degradation = _degradation(law, generator)
        index = int(torch.randint(len(photos[domain]), (), generator=generator))
        hr = _part(photos[domain], index, SIDE * choices.scale, generator)
        lq = round_to_8_bits(degradation.apply(hr, generator))
        with torch.no_grad():
            vector = embedding.of(lq, degradation)
        drawn.append(DrawnTask(domain, photos[domain].path(index), degradation, vector))
    return drawn


def _degradation(law: TaskKernels, generator: torch.Generator) -> Degradation:
    kernel = law.draw(generator)[0].float()
    share, chance = torch.rand(2, generator=generator).tolist()
    noise = NOISE[0] + (NOISE[1] - NOISE[0]) * share if chance < NOISY else 0.0
    return Degradation(kernel, law.scale, noise=noise)


def _part(photos: Photos, index: int, side: int, generator: torch.Generator) -> Tensor:
    """Cut a part anywhere, or take a smaller photograph whole: (1, 3, H, W) in [0, 1]."""
    image = photos.image(index)
    rows, columns = (
        int(torch.randint(max(extent - side, 0) + 1, (), generator=generator)) for extent in image.shape[:2]
    )
    return to_tensor(image[rows : rows + side, columns : columns + side])[None]
