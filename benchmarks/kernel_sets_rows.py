"""The rows of `kernel_sets.py`, and how one image of a row is measured."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from quality import middle

from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.cli.evaluate import SHAKES
from mzsr_basicsr.data.photos import decode, to_picture, to_tensor
from mzsr_basicsr.degradation.degrade import round_to_8_bits, upscale
from mzsr_basicsr.degradation.names import TEST_KERNELS
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.weights.pretrained import Pretrained

G20 = TEST_KERNELS["g2.0d"].spec
GAUSSIANS = (  # variances in px², angle in rad, side in px; narrow to wide, then oblique: 2:1 and 4:1
    "gaussian:0.5,0.5,0,25",
    "gaussian:1.44,1.44,0,25",
    "gaussian:2.56,2.56,0,25",
    "gaussian:4,4,0,25",
    "gaussian:6,3,1.047,25",
    "gaussian:4,1,0.785,25",
    "gaussian:8,2,2.356,25",
    "gaussian:12,3,0.524,25",
)


@dataclass(frozen=True)
class Case:
    """One row: the mean over kernels and images.

    Attributes:
        kernels: texts that `load_kernel` reads.
        name: of the benchmark set.
        scale: HR over LR.
        subsampling: "direct" or "bicubic".
        noise: σ in levels of 0 to 255, which the network is told.
        rgb: PSNR of all three colours in the place of the paper's.
    """

    kernels: tuple[str, ...]
    name: str = "Set14"
    scale: int = 2
    subsampling: str = "direct"
    noise: float = 0.0
    rgb: bool = False


ROWS: dict[str, dict[str, Case]] = {
    "gaussians": {"Gaussian kernels, mean of eight, RGB": Case(GAUSSIANS, rgb=True)},
    "noise": {"g2.0d, σ = 8 of 255": Case((G20,), noise=8.0)},
    "shakes": {"camera shake, mean of eight": Case(tuple(SHAKES)), "g2.0d": Case((G20,))},
    "scales": {
        "plain bicubic ×2": Case(("delta",), "Set5", 2, "bicubic"),
        "×3, g2.0d": Case((G20,), "Set5", 3),
        "plain bicubic ×3": Case(("delta",), "Set5", 3, "bicubic"),
    },
}
UPDATES = {"gaussians": (0, 10, 50)}  # where nobody asks for others; of the other rows:
USUAL = (0, 10)


def measure(
    network: Pretrained,
    path: str,
    case: Case,
    kernel: str,
    updates: tuple[int, ...],
    crop: int | None = None,
    careful: bool = True,
) -> dict[str, float]:
    """Degrade an image, adapt to it as `mzsr upscale` does, and give PSNR by number of updates and of bicubic, dB."""
    hr = middle(decode(Path(path).read_bytes(), path), crop, case.scale if crop else 1)
    degradation = Degradation(kernel, case.scale, case.subsampling, case.noise / 255)
    made = degradation.apply(to_tensor(hr)[None].double(), torch.Generator().manual_seed(0))
    lq = round_to_8_bits(made).float()
    how = (network.schedule, network.manner)
    settings = Settings(updates, *how, quantize_son=True, careful=careful, learner=network.learner)
    images = zero_shot(network.network, lq, degradation.to(lq), settings).images
    named = {"bicubic": upscale(lq, case.scale)} | {str(u): image for u, image in images.items()}
    quality, (height, width) = psnr_rgb if case.rgb else psnr_y, hr.shape[:2]
    return {name: quality(to_picture(image)[:height, :width], hr, case.scale) for name, image in named.items()}


def psnr_rgb(image: np.ndarray, reference: np.ndarray, shave: int) -> float:
    """Measure PSNR of two (H, W, 3) uint8 images over all colours, dB, peak 255, without `shave` px on each side."""
    inside = (slice(shave, image.shape[0] - shave), slice(shave, image.shape[1] - shave))
    error = float(np.mean((image[inside].astype(np.float64) - reference[inside]) ** 2))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)
